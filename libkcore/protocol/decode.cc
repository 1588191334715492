#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <numeric>
#include <utility>
#include <vector>

#include "base/uuid.h"
#include "base/varint.h"
#include "protocol/codec.h"
#include "protocol/field_values.h"
#include "protocol/utf8.h"

namespace kcore::protocol {

namespace {

// What a message may take in memory: a fixed part, and per byte of input more than any honest
// message needs (the dearest are arrays of strings of one character).
constexpr std::size_t kMemoryFree = 64 * 1024;
constexpr std::size_t kMemoryPerByte = 32;

// Elements made before the first of them was read; then their number doubles.
constexpr std::size_t kElementsAtOnce = 32;

// Reads one message. Functions return false after refuse(); the path of the field is put together
// on the way back, so that good input pays nothing for it.
class Decoder {
public:
    Decoder(BytesView in, std::int16_t version, bool flexible)
        : at_(in.data()),
          end_(in.data() + in.size()),
          memory_left_(kMemoryFree + in.size() * kMemoryPerByte),
          version_(version),
          flexible_(flexible) {}

    bool read_struct(const StructInfo& info, void* to) {
        for (const auto& field : info.fields) {
            if (!field.plain.contains(version_)) continue;
            if (!read_field(field, member(field, to))) return in_field(field);
        }
        return !flexible_ || read_tags(info, to);
    }

    const std::byte* at() const { return at_; }
    std::string problem() const {
        if (path_.empty()) return problem_;
        return path_.substr(path_[0] == '.' ? 1 : 0) + ": " + problem_;
    }

private:
    std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }

    [[gnu::cold]] bool refuse(std::string what) {
        problem_ = std::move(what);
        return false;
    }
    [[gnu::cold]] bool in_field(const FieldInfo& field) {
        path_ = fmt::format(".{}{}", field.name, path_);
        return false;
    }
    [[gnu::cold]] bool in_element(std::size_t index) {
        path_ = fmt::format("[{}]{}", index, path_);
        return false;
    }
    [[gnu::cold]] bool too_short(std::size_t wanted, const char* what) {
        return refuse(fmt::format("{} of {} bytes, {} left", what, wanted, left()));
    }

    template <class T>
    bool read_be(T& to) {
        if (left() < sizeof(T)) return too_short(sizeof(T), "number");
        to = load_be<T>(at_);
        at_ += sizeof(T);
        return true;
    }
    template <class T>
    bool read_into(void* to) {
        return read_be(value_at<T>(to));
    }

    bool read_uvarint(std::uint32_t& to) {
        if (at_ != end_ && *at_ < std::byte{0x80}) {
            to = static_cast<std::uint32_t>(*at_++);
            return true;
        }
        const auto taken = kcore::read_uvarint(at_, end_, to);
        if (taken == 0) return refuse("varint cut short or longer than 5 bytes");
        at_ += taken;
        return true;
    }

    // A length or count; negative stands for null.
    bool read_length(bool compact, std::int32_t& to) {
        if (!compact) return read_be(to);
        std::uint32_t raw = 0;
        if (!read_uvarint(raw)) return false;
        to = static_cast<std::int32_t>(raw - 1U);
        return true;
    }
    bool read_string_length(bool compact, std::int32_t& to) {
        if (compact) return read_length(true, to);
        std::int16_t length = 0;
        if (!read_be(length)) return false;
        to = length;
        return true;
    }

    bool read_text(std::int32_t length, std::string& to) {
        const auto size = static_cast<std::size_t>(length);
        if (length > kStringBytesMax) return refuse(fmt::format("string of {} bytes", length));
        if (size > left()) return too_short(size, "string");
        const std::string_view text(reinterpret_cast<const char*>(at_), size);
        at_ += size;
        if (is_utf8(text)) {
            to.assign(text);
        } else {
            to = replace_invalid_utf8(text);
        }
        return true;
    }
    bool read_bytes(std::int32_t length, Bytes& to) {
        const auto size = static_cast<std::size_t>(length);
        if (size > left()) return too_short(size, "bytes");
        to.assign(at_, at_ + size);
        at_ += size;
        return true;
    }
    bool read_records(std::int32_t length, Records& to) {
        const auto size = static_cast<std::size_t>(length);
        if (size > left()) return too_short(size, "records");
        to = Records(BytesView(at_, size));
        at_ += size;
        return true;
    }

    bool read_null(const FieldInfo& field, void* at) {
        if (!field.nullable.contains(version_)) return refuse("null is not allowed");
        set_null(field, at);
        return true;
    }

    bool read_field(const FieldInfo& field, void* at) {
        const auto compact = flexible_ && !field.never_compact;
        std::int32_t length = 0;
        switch (field.kind) {
            case Kind::string:
                if (!read_string_length(compact, length)) return false;
                if (length < 0) return read_null(field, at);
                return read_text(length, make_present<std::string>(field, at));
            case Kind::bytes:
                if (!read_length(compact, length)) return false;
                if (length < 0) return read_null(field, at);
                return read_bytes(length, make_present<Bytes>(field, at));
            case Kind::records:
                if (!read_length(compact, length)) return false;
                if (length < 0) return read_null(field, at);
                return read_records(length, value_at<Records>(at));
            case Kind::array:
                if (!read_length(compact, length)) return false;
                if (length < 0) return read_null(field, at);
                return read_array(field, at, static_cast<std::size_t>(length), compact);
            case Kind::structure:
                if (!field.nullable.contains(version_)) return read_struct_field(field, at);
                return read_marked_struct(field, at);
            default:
                return read_number(field.kind, at);
        }
    }

    bool read_number(Kind kind, void* at) {
        switch (kind) {
            case Kind::boolean: {
                std::int8_t raw = 0;
                if (!read_be(raw)) return false;
                value_at<bool>(at) = raw != 0;
                return true;
            }
            case Kind::int8:
                return read_into<std::int8_t>(at);
            case Kind::int16:
                return read_into<std::int16_t>(at);
            case Kind::uint16:
                return read_into<std::uint16_t>(at);
            case Kind::int32:
                return read_into<std::int32_t>(at);
            case Kind::uint32:
                return read_into<std::uint32_t>(at);
            case Kind::int64:
                return read_into<std::int64_t>(at);
            case Kind::float64: {
                std::uint64_t raw = 0;
                if (!read_be(raw)) return false;
                value_at<double>(at) = std::bit_cast<double>(raw);
                return true;
            }
            case Kind::uuid:
                return read_uuid(value_at<Uuid>(at));
            default:
                return refuse("no number");
        }
    }

    bool read_uuid(Uuid& to) {
        if (left() < 16) return too_short(16, "uuid");
        to.high = load_be<std::uint64_t>(at_);
        to.low = load_be<std::uint64_t>(at_ + 8);
        at_ += 16;
        return true;
    }

    bool read_struct_field(const FieldInfo& field, void* at) {
        return read_struct(*field.structure,
                           field.optional ? field.optional_struct->emplace(at) : at);
    }
    bool read_marked_struct(const FieldInfo& field, void* at) {
        std::int8_t marker = 0;
        if (!read_be(marker)) return false;
        return marker < 0 ? read_null(field, at) : read_struct_field(field, at);
    }

    // Elements of one byte at least; all but structs and strings have a fixed size.
    static std::size_t wire_bytes_min(Kind kind) {
        switch (kind) {
            case Kind::int16:
            case Kind::uint16:
                return 2;
            case Kind::int32:
            case Kind::uint32:
                return 4;
            case Kind::int64:
            case Kind::float64:
                return 8;
            case Kind::uuid:
                return 16;
            default:
                return 1;
        }
    }

    bool read_array(const FieldInfo& field, void* at, std::size_t count, bool compact) {
        const auto& access = *field.array;
        if (count > left() / wire_bytes_min(field.element)) {
            return refuse(fmt::format("{} elements, {} bytes left", count, left()));
        }
        const auto memory = count * access.element_bytes;
        if (memory > memory_left_)
            return refuse(fmt::format("{} elements need too much memory", count));
        memory_left_ -= memory;
        access.resize(at, 0);
        if (field.element == Kind::int32) {
            read_numbers(static_cast<std::int32_t*>(access.resize(at, count)), count);
            return true;
        }
        std::size_t made = 0;
        std::byte* data = nullptr;
        for (std::size_t i = 0; i < count; ++i) {
            if (i == made) {
                made = std::min(count, std::max(kElementsAtOnce, made * 2));
                data = static_cast<std::byte*>(access.resize(at, made));
            }
            if (!read_element(field, data + i * access.element_bytes, compact))
                return in_element(i);
        }
        return true;
    }

    // The bytes are there; numbers take no more in memory than on the wire.
    void read_numbers(std::int32_t* to, std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            to[i] = load_be<std::int32_t>(at_);
            at_ += sizeof(std::int32_t);
        }
    }

    bool read_element(const FieldInfo& field, void* at, bool compact) {
        std::int32_t length = 0;
        switch (field.element) {
            case Kind::structure:
                return read_struct(*field.structure, at);
            case Kind::string:
                if (!read_string_length(compact, length)) return false;
                if (length < 0) return refuse("null is not allowed");
                return read_text(length, value_at<std::string>(at));
            case Kind::bytes:
                if (!read_length(compact, length)) return false;
                if (length < 0) return refuse("null is not allowed");
                return read_bytes(length, value_at<Bytes>(at));
            default:
                return read_number(field.element, at);
        }
    }

    bool read_tags(const StructInfo& info, void* to) {
        std::uint32_t count = 0;
        if (!read_uvarint(count)) return false;
        bool sorted = true;
        for (std::uint32_t i = 0; i < count; ++i) {
            std::uint32_t tag = 0;
            std::uint32_t size = 0;
            if (!read_uvarint(tag) || !read_uvarint(size)) return false;
            if (size > left()) return too_short(size, "tagged field");
            const auto* field = find_tag(info, tag);
            if (field != nullptr) {
                if (!read_tagged(*field, member(*field, to))) return in_field(*field);
            } else if (!keep_unknown(*unknown_tags(info, to), tag, size, sorted)) {
                return false;
            }
        }
        if (!sorted) sort_unknown(*unknown_tags(info, to));
        return true;
    }

    static const FieldInfo* find_tag(const StructInfo& info, std::uint32_t tag) {
        for (const auto i : info.tagged) {
            if (static_cast<std::uint32_t>(info.fields[i].tag) == tag) return &info.fields[i];
        }
        return nullptr;
    }

    // The value may take fewer or more bytes than its declared size: nobody checks it, as in Kafka.
    bool read_tagged(const FieldInfo& field, void* at) {
        if (!field.tagged.contains(version_)) {
            return refuse(fmt::format("tag {} is not defined in this version", field.tag));
        }
        set_default(field, at);  // A tag may come twice; the last one counts.
        if (field.kind != Kind::structure || !field.nullable.contains(version_)) {
            return read_field(field, at);
        }
        std::uint32_t marker = 0;
        if (!read_uvarint(marker)) return false;
        return marker == 0 ? read_null(field, at) : read_struct_field(field, at);
    }

    bool keep_unknown(UnknownTags& tags, std::uint32_t tag, std::uint32_t size, bool& sorted) {
        if (sizeof(UnknownTag) > memory_left_) return refuse("too many unknown tagged fields");
        memory_left_ -= sizeof(UnknownTag);
        sorted = sorted && (tags.empty() || tags.back().tag < tag);
        tags.emplace_back(tag, Bytes(at_, at_ + size));
        at_ += size;
        return true;
    }

    // By tag; of those with the same tag the last one stays.
    static void sort_unknown(UnknownTags& tags) {
        std::vector<std::size_t> order(tags.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::ranges::sort(order, {}, [&](std::size_t i) { return std::pair(tags[i].tag, i); });
        UnknownTags kept;
        for (const auto i : order) {
            if (!kept.empty() && kept.back().tag == tags[i].tag) kept.pop_back();
            kept.push_back(std::move(tags[i]));
        }
        tags = std::move(kept);
    }

    const std::byte* at_;
    const std::byte* end_;
    std::size_t memory_left_;
    std::int16_t version_;
    bool flexible_;
    std::string problem_;
    std::string path_;
};

}  // namespace

Result<std::size_t> decode_into(const MessageInfo& info, BytesView in, std::int16_t version,
                                void* to) {
    if (!info.versions.contains(version)) {
        return fail(Errc::unsupported_version,
                    fmt::format("{} has no version {}", info.name, version));
    }
    Decoder decoder(in, version, info.flexible.contains(version));
    if (!decoder.read_struct(info.body, to)) {
        return fail(Errc::corrupt_message,
                    fmt::format("{} v{}: {}", info.name, version, decoder.problem()));
    }
    return static_cast<std::size_t>(decoder.at() - in.data());
}

std::unexpected<Error> trailing_bytes(const MessageInfo& info, std::int16_t version,
                                      std::size_t count) {
    return fail(Errc::corrupt_message,
                fmt::format("{} v{}: {} bytes too many", info.name, version, count));
}

}  // namespace kcore::protocol
