#include "protocol/field_values.h"

#include <algorithm>

#include "base/uuid.h"

namespace kcore::protocol {

namespace {

bool equal_records(const Records& a, const Records& b) {
    return a.is_null == b.is_null && a.external_index == b.external_index &&
           a.external_bytes == b.external_bytes && std::ranges::equal(a.bytes, b.bytes);
}

bool equal_values(Kind kind, const StructInfo* structure, const void* a, const void* b) {
    switch (kind) {
        case Kind::float64:
            return value_at<double>(a) == value_at<double>(b);
        case Kind::uuid:
            return value_at<Uuid>(a) == value_at<Uuid>(b);
        case Kind::string:
            return value_at<std::string>(a) == value_at<std::string>(b);
        case Kind::bytes:
            return value_at<Bytes>(a) == value_at<Bytes>(b);
        case Kind::records:
            return equal_records(value_at<Records>(a), value_at<Records>(b));
        case Kind::structure:
            return equal_structs(*structure, a, b);
        default:
            return get_number(kind, a) == get_number(kind, b);
    }
}

bool equal_arrays(const FieldInfo& field, const void* a, const void* b) {
    const auto& access = *field.array;
    const auto count = access.count(a);
    if (count != access.count(b)) return false;
    const auto* left = static_cast<const std::byte*>(access.data(const_cast<void*>(a)));
    const auto* right = static_cast<const std::byte*>(access.data(const_cast<void*>(b)));
    for (std::size_t i = 0; i < count; ++i) {
        const auto at = i * access.element_bytes;
        if (!equal_values(field.element, field.structure, left + at, right + at)) return false;
    }
    return true;
}

bool equal_fields(const FieldInfo& field, const void* a, const void* b) {
    const auto null = is_null(field, a);
    if (null != is_null(field, b)) return false;
    if (null) return true;
    switch (field.kind) {
        case Kind::array:
            return equal_arrays(field, a, b);
        case Kind::string:
            return *present<std::string>(field, a) == *present<std::string>(field, b);
        case Kind::bytes:
            return *present<Bytes>(field, a) == *present<Bytes>(field, b);
        case Kind::structure:
            return equal_structs(*field.structure, present_struct(field, a),
                                 present_struct(field, b));
        default:
            return equal_values(field.kind, field.structure, a, b);
    }
}

bool has_defaults(const StructInfo& info, const void* structure) {
    const auto* tags = unknown_tags(info, structure);
    return (tags == nullptr || tags->empty()) &&
           std::ranges::all_of(info.fields, [&](const FieldInfo& field) {
               return is_default(field, member(field, structure));
           });
}

}  // namespace

std::int64_t get_number(Kind kind, const void* at) {
    switch (kind) {
        case Kind::boolean:
            return value_at<bool>(at) ? 1 : 0;
        case Kind::int8:
            return value_at<std::int8_t>(at);
        case Kind::int16:
            return value_at<std::int16_t>(at);
        case Kind::uint16:
            return value_at<std::uint16_t>(at);
        case Kind::int32:
            return value_at<std::int32_t>(at);
        case Kind::uint32:
            return value_at<std::uint32_t>(at);
        case Kind::int64:
            return value_at<std::int64_t>(at);
        default:
            return 0;
    }
}

void set_number(Kind kind, void* at, std::int64_t value) {
    switch (kind) {
        case Kind::boolean:
            value_at<bool>(at) = value != 0;
            break;
        case Kind::int8:
            value_at<std::int8_t>(at) = static_cast<std::int8_t>(value);
            break;
        case Kind::int16:
            value_at<std::int16_t>(at) = static_cast<std::int16_t>(value);
            break;
        case Kind::uint16:
            value_at<std::uint16_t>(at) = static_cast<std::uint16_t>(value);
            break;
        case Kind::int32:
            value_at<std::int32_t>(at) = static_cast<std::int32_t>(value);
            break;
        case Kind::uint32:
            value_at<std::uint32_t>(at) = static_cast<std::uint32_t>(value);
            break;
        case Kind::int64:
            value_at<std::int64_t>(at) = value;
            break;
        default:
            break;
    }
}

bool is_null(const FieldInfo& field, const void* at) {
    if (field.kind == Kind::records) return value_at<Records>(at).is_null;
    if (!field.optional) return false;
    switch (field.kind) {
        case Kind::string:
            return !value_at<std::optional<std::string>>(at).has_value();
        case Kind::bytes:
            return !value_at<std::optional<Bytes>>(at).has_value();
        case Kind::array:
            return field.array->is_null(at);
        default:
            return present_struct(field, at) == nullptr;
    }
}

void set_null(const FieldInfo& field, void* at) {
    switch (field.kind) {
        case Kind::string:
            if (!field.optional) return value_at<std::string>(at).clear();
            return value_at<std::optional<std::string>>(at).reset();
        case Kind::bytes:
            if (!field.optional) return value_at<Bytes>(at).clear();
            return value_at<std::optional<Bytes>>(at).reset();
        case Kind::records:
            value_at<Records>(at) = Records();
            return;
        case Kind::array:
            return field.array->set_null(at);
        default:
            if (field.optional) field.optional_struct->set_null(at);
    }
}

void set_default(const FieldInfo& field, void* at) {
    switch (field.kind) {
        case Kind::float64:
            value_at<double>(at) = 0.0;
            return;
        case Kind::uuid:
            value_at<Uuid>(at) = Uuid();
            return;
        case Kind::structure:
            if (!field.optional) return set_defaults(*field.structure, at);
            if (!field.default_null) {
                field.optional_struct->emplace(at);
                return;
            }
            return set_null(field, at);
        case Kind::string:
        case Kind::bytes:
        case Kind::records:
            set_null(field, at);
            break;
        case Kind::array:
            set_null(field, at);
            break;
        default:
            return set_number(field.kind, at, field.default_number);
    }
    if (!field.optional || field.default_null) return;
    if (field.kind == Kind::string) make_present<std::string>(field, at);
    if (field.kind == Kind::bytes) make_present<Bytes>(field, at);
    if (field.kind == Kind::array) field.array->resize(at, 0);
}

void set_defaults(const StructInfo& info, void* structure) {
    for (const auto& field : info.fields) set_default(field, member(field, structure));
    if (auto* tags = unknown_tags(info, structure)) tags->clear();
}

// Records have no default of their own: null and empty both count, since neither says anything that
// is lost by leaving the field out.
bool is_default(const FieldInfo& field, const void* at) {
    if (field.kind == Kind::records) {
        const auto& records = value_at<Records>(at);
        return records.is_null || (records.bytes.empty() && records.external_bytes == 0);
    }
    if (is_null(field, at)) return field.default_null;
    if (field.default_null) return false;
    switch (field.kind) {
        case Kind::float64:
            return value_at<double>(at) == 0.0;
        case Kind::uuid:
            return value_at<Uuid>(at).is_zero();
        case Kind::string:
            return present<std::string>(field, at)->empty();
        case Kind::bytes:
            return present<Bytes>(field, at)->empty();
        case Kind::array:
            return field.array->count(at) == 0;
        case Kind::structure:
            return has_defaults(*field.structure, present_struct(field, at));
        default:
            return get_number(field.kind, at) == field.default_number;
    }
}

bool equal_structs(const StructInfo& info, const void* a, const void* b) {
    for (const auto& field : info.fields) {
        if (!equal_fields(field, member(field, a), member(field, b))) return false;
    }
    const auto* tags = unknown_tags(info, a);
    return tags == nullptr || *tags == *unknown_tags(info, b);
}

}  // namespace kcore::protocol
