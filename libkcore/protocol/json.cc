#include "protocol/json.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/base64.h"
#include "base/uuid.h"
#include "protocol/field_values.h"
#include "protocol/utf8.h"

namespace kcore::protocol {

namespace {

using Json = nlohmann::json;
using Ordered = nlohmann::ordered_json;

constexpr const char* kUnknownTags = "unknownTags";

std::string lower_camel(std::string_view name) {
    std::string out(name);
    if (out[0] >= 'A' && out[0] <= 'Z') out[0] = static_cast<char>(out[0] + 32);
    return out;
}

class Dumper {
public:
    explicit Dumper(std::int16_t version) : version_(version) {}

    Ordered dump_struct(const StructInfo& info, const void* from) const {
        auto out = Ordered::object();
        for (const auto& field : info.fields) {
            const auto* at = member(field, from);
            const auto shown = field.plain.contains(version_) ||
                               (field.tagged.contains(version_) && !is_default(field, at));
            if (shown) out[lower_camel(field.name)] = dump_field(field, at);
        }
        const auto* tags = unknown_tags(info, from);
        if (tags != nullptr && !tags->empty()) out[kUnknownTags] = dump_tags(*tags);
        return out;
    }

private:
    static Ordered dump_tags(const UnknownTags& tags) {
        auto out = Ordered::array();
        for (const auto& tag : tags)
            out.push_back({{"tag", tag.tag}, {"value", to_base64(tag.value)}});
        return out;
    }

    Ordered dump_field(const FieldInfo& field, const void* at) const {
        if (is_null(field, at)) return nullptr;
        switch (field.kind) {
            case Kind::string:
                return dump_text(*present<std::string>(field, at));
            case Kind::bytes:
                return to_base64(*present<Bytes>(field, at));
            case Kind::structure:
                return dump_struct(*field.structure, present_struct(field, at));
            case Kind::array:
                return dump_array(field, at);
            default:
                return dump_value(field.kind, field.structure, at);
        }
    }

    Ordered dump_array(const FieldInfo& field, const void* at) const {
        auto out = Ordered::array();
        const auto& access = *field.array;
        const auto* data = static_cast<const std::byte*>(access.data(const_cast<void*>(at)));
        for (std::size_t i = 0; i < access.count(at); ++i) {
            out.push_back(
                dump_value(field.element, field.structure, data + i * access.element_bytes));
        }
        return out;
    }

    Ordered dump_value(Kind kind, const StructInfo* structure, const void* at) const {
        switch (kind) {
            case Kind::boolean:
                return value_at<bool>(at);
            case Kind::float64:
                return dump_float(value_at<double>(at));
            case Kind::uuid:
                return value_at<Uuid>(at).to_string();
            case Kind::string:
                return dump_text(value_at<std::string>(at));
            case Kind::bytes:
                return to_base64(value_at<Bytes>(at));
            case Kind::records:
                return to_base64(value_at<Records>(at).bytes);
            case Kind::structure:
                return dump_struct(*structure, at);
            default:
                return get_number(kind, at);
        }
    }

    static Ordered dump_text(const std::string& text) {
        return is_utf8(text) ? text : replace_invalid_utf8(text);
    }
    // JSON has no name for these numbers.
    static Ordered dump_float(double value) {
        if (std::isfinite(value)) return value;
        return std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
    }

    std::int16_t version_;
};

struct NumberRange {
    std::int64_t low;
    std::int64_t high;
};

NumberRange range_of(Kind kind) {
    const auto of = []<class T>(T) -> NumberRange {
        return {std::numeric_limits<T>::min(), std::numeric_limits<T>::max()};
    };
    switch (kind) {
        case Kind::int8:
            return of(std::int8_t{});
        case Kind::int16:
            return of(std::int16_t{});
        case Kind::uint16:
            return of(std::uint16_t{});
        case Kind::int32:
            return of(std::int32_t{});
        case Kind::uint32:
            return of(std::uint32_t{});
        default:
            return of(std::int64_t{});
    }
}

// Functions return false after refuse(); the path is put together on the way back.
class Parser {
public:
    explicit Parser(RecordsBacking& backing) : backing_(backing) {}

    bool parse_struct(const StructInfo& info, const Json& json, void* to) {
        if (!json.is_object()) return refuse("must be an object");
        for (const auto& [name, value] : json.items()) {
            if (name == kUnknownTags && unknown_tags(info, to) != nullptr) {
                if (!parse_tags(value, *unknown_tags(info, to))) return in(kUnknownTags);
                continue;
            }
            const auto* field = find_field(info, name);
            if (field == nullptr) return refuse(fmt::format("no field '{}'", name));
            if (!parse_field(*field, value, member(*field, to)))
                return in(lower_camel(field->name));
        }
        return true;
    }

    std::string problem() const {
        if (path_.empty()) return problem_;
        return path_.substr(path_[0] == '.' ? 1 : 0) + ": " + problem_;
    }

private:
    bool refuse(std::string what) {
        problem_ = std::move(what);
        return false;
    }
    bool in(std::string_view name) {
        path_ = fmt::format(".{}{}", name, path_);
        return false;
    }
    bool in(std::size_t index) {
        path_ = fmt::format("[{}]{}", index, path_);
        return false;
    }

    static const FieldInfo* find_field(const StructInfo& info, std::string_view name) {
        for (const auto& field : info.fields) {
            if (field.name == name || lower_camel(field.name) == name) return &field;
        }
        return nullptr;
    }

    bool parse_tags(const Json& json, UnknownTags& to) {
        if (!json.is_array()) return refuse("must be an array");
        for (const auto& one : json) {
            const auto well_formed = one.is_object() && one.contains("tag") &&
                                     one.contains("value") && one["tag"].is_number_unsigned() &&
                                     one["value"].is_string();
            if (!well_formed || !std::in_range<std::int32_t>(one["tag"].get<std::uint64_t>())) {
                return refuse("must hold objects of tag and value");
            }
            auto value = from_base64(one["value"].get_ref<const std::string&>());
            if (!value) return refuse("value must be base64");
            to.emplace_back(one["tag"].get<std::uint32_t>(), std::move(*value));
        }
        return true;
    }

    bool parse_field(const FieldInfo& field, const Json& json, void* at) {
        if (json.is_null()) {
            if (field.nullable.empty()) return refuse("must not be null");
            set_null(field, at);
            return true;
        }
        switch (field.kind) {
            case Kind::string:
                return parse_text(json, make_present<std::string>(field, at));
            case Kind::bytes:
                return parse_bytes(json, make_present<Bytes>(field, at));
            case Kind::structure:
                return parse_struct(*field.structure, json,
                                    field.optional ? field.optional_struct->emplace(at) : at);
            case Kind::array:
                return parse_array(field, json, at);
            default:
                return parse_value(field.kind, field.structure, json, at);
        }
    }

    bool parse_array(const FieldInfo& field, const Json& json, void* at) {
        if (!json.is_array()) return refuse("must be an array");
        auto* data = static_cast<std::byte*>(field.array->resize(at, json.size()));
        for (std::size_t i = 0; i < json.size(); ++i) {
            auto* element = data + i * field.array->element_bytes;
            if (!parse_value(field.element, field.structure, json[i], element)) return in(i);
        }
        return true;
    }

    bool parse_value(Kind kind, const StructInfo* structure, const Json& json, void* at) {
        switch (kind) {
            case Kind::boolean:
                if (!json.is_boolean()) return refuse("must be true or false");
                value_at<bool>(at) = json.get<bool>();
                return true;
            case Kind::float64:
                return parse_float(json, value_at<double>(at));
            case Kind::uuid:
                return parse_uuid(json, value_at<Uuid>(at));
            case Kind::string:
                return parse_text(json, value_at<std::string>(at));
            case Kind::bytes:
                return parse_bytes(json, value_at<Bytes>(at));
            case Kind::records:
                return parse_records(json, value_at<Records>(at));
            case Kind::structure:
                return parse_struct(*structure, json, at);
            default:
                return parse_number(kind, json, at);
        }
    }

    bool parse_number(Kind kind, const Json& json, void* at) {
        if (!json.is_number_integer()) return refuse("must be a whole number");
        const auto [low, high] = range_of(kind);
        const auto too_large = json.is_number_unsigned() &&
                               json.get<std::uint64_t>() > static_cast<std::uint64_t>(high);
        const auto value = too_large ? 0 : json.get<std::int64_t>();
        if (too_large || value < low || value > high) {
            return refuse(fmt::format("must be from {} to {}", low, high));
        }
        set_number(kind, at, value);
        return true;
    }

    bool parse_float(const Json& json, double& to) {
        constexpr auto kInfinity = std::numeric_limits<double>::infinity();
        if (json == "NaN") {
            to = std::numeric_limits<double>::quiet_NaN();
        } else if (json == "Infinity" || json == "-Infinity") {
            to = json == "Infinity" ? kInfinity : -kInfinity;
        } else if (json.is_number()) {
            to = json.get<double>();
        } else {
            return refuse("must be a number");
        }
        return true;
    }

    bool parse_uuid(const Json& json, Uuid& to) {
        const auto id =
            json.is_string() ? Uuid::parse(json.get_ref<const std::string&>()) : std::nullopt;
        if (!id) return refuse("must be a uuid of 22 characters");
        to = *id;
        return true;
    }

    bool parse_text(const Json& json, std::string& to) {
        if (!json.is_string()) return refuse("must be a string");
        to = json.get_ref<const std::string&>();
        return true;
    }

    bool parse_bytes(const Json& json, Bytes& to) {
        auto bytes =
            json.is_string() ? from_base64(json.get_ref<const std::string&>()) : std::nullopt;
        if (!bytes) return refuse("must be bytes in base64");
        to = std::move(*bytes);
        return true;
    }

    bool parse_records(const Json& json, Records& to) {
        Bytes bytes;
        if (!parse_bytes(json, bytes)) return false;
        to = Records(backing_.emplace_back(std::move(bytes)));
        return true;
    }

    RecordsBacking& backing_;
    std::string problem_;
    std::string path_;
};

}  // namespace

nlohmann::ordered_json to_json(const MessageInfo& info, const void* message, std::int16_t version) {
    return Dumper(version).dump_struct(info.body, message);
}

Result<void> from_json(const MessageInfo& info, const nlohmann::json& json, void* message,
                       RecordsBacking& backing) {
    Parser parser(backing);
    if (parser.parse_struct(info.body, json, message)) return {};
    return fail(Errc::invalid_request, fmt::format("{}: {}", info.name, parser.problem()));
}

}  // namespace kcore::protocol
