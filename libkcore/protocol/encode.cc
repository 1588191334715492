#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <limits>

#include "base/uuid.h"
#include "base/varint.h"
#include "protocol/codec.h"
#include "protocol/field_values.h"

namespace kcore::protocol {

namespace {

constexpr std::size_t kLengthMax = std::numeric_limits<std::int32_t>::max();

// Counts the bytes of a message.
class Counter {
public:
    template <class T>
    void put_be(T) {
        size_ += sizeof(T);
    }
    void put_uvarint(std::uint32_t value) { size_ += uvarint_size(value); }
    void put_raw(const void*, std::size_t size) { size_ += size; }
    void put_records(const Records& records) { size_ += records_size(records); }

    static std::size_t records_size(const Records& records) {
        return records.external_index >= 0 ? records.external_bytes : records.bytes.size();
    }
    std::size_t size() const { return size_; }

private:
    std::size_t size_ = 0;
};

// Writes behind what `out` holds; finish() leaves it with exactly what was written.
class Writer {
public:
    explicit Writer(Encoded& out) : out_(out), start_(out.bytes.size()), at_(start_) {}

    template <class T>
    void put_be(T value) {
        store_be(room(sizeof(T)), value);
        at_ += sizeof(T);
    }
    void put_uvarint(std::uint32_t value) { at_ += write_uvarint(room(kVarintBytesMax), value); }
    void put_raw(const void* from, std::size_t size) {
        if (size != 0) std::memcpy(room(size), from, size);
        at_ += size;
    }
    void put_records(const Records& records) {
        if (records.external_index < 0) return put_raw(records.bytes.data(), records.bytes.size());
        out_.cuts.emplace_back(at_, records.external_index);
        out_.external_bytes += records.external_bytes;
    }
    void finish() { out_.bytes.resize(at_); }

private:
    std::byte* room(std::size_t size) {
        if (out_.bytes.size() - at_ < size) [[unlikely]]
            grow(size);
        return out_.bytes.data() + at_;
    }
    [[gnu::noinline]] void grow(std::size_t size) {
        out_.bytes.resize(at_ + std::max({size, at_ - start_, kFirstBytes}));
    }

    static constexpr std::size_t kFirstBytes = 256;
    Encoded& out_;
    const std::size_t start_;
    std::size_t at_;
};

// One walk over a message for both sinks. Functions return false after refuse().
template <class Sink>
class Encoder {
public:
    Encoder(Sink& sink, std::int16_t version, bool flexible)
        : sink_(sink), version_(version), flexible_(flexible) {}

    bool write_struct(const StructInfo& info, const void* from) {
        std::uint64_t tags = 0;  // Those to write: a bit for each tag.
        for (const auto& field : info.fields) {
            const auto* at = member(field, from);
            if (field.plain.contains(version_)) {
                if (!write_field(field, at)) return in_field(field);
            } else if (field.tagged.contains(version_)) {
                if (!is_default(field, at)) tags |= 1ULL << field.tag;
            } else if (!field.ignorable && !is_default(field, at)) {
                refuse("this version has no such field and the value is not the default");
                return in_field(field);
            }
        }
        if (flexible_) return write_tags(info, from, tags);
        const auto* unknown = unknown_tags(info, from);
        return unknown == nullptr || unknown->empty() ||
               refuse("tagged fields need a flexible version");
    }

    std::string problem() const {
        if (path_.empty()) return problem_;
        return path_.substr(path_[0] == '.' ? 1 : 0) + ": " + problem_;
    }

private:
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

    bool write_length(bool compact, std::size_t length) {
        if (length > kLengthMax) return refuse(fmt::format("length {}", length));
        if (compact) {
            sink_.put_uvarint(static_cast<std::uint32_t>(length) + 1);
        } else {
            sink_.put_be(static_cast<std::int32_t>(length));
        }
        return true;
    }

    bool write_null(const FieldInfo& field, bool compact) {
        if (!field.nullable.contains(version_)) return refuse("must not be null in this version");
        if (field.kind == Kind::structure) {
            sink_.put_be(std::int8_t{-1});
        } else if (compact) {
            sink_.put_uvarint(0);
        } else if (field.kind == Kind::string) {
            sink_.put_be(std::int16_t{-1});
        } else {
            sink_.put_be(std::int32_t{-1});
        }
        return true;
    }

    bool write_text(bool compact, const std::string& text) {
        if (text.size() > kStringBytesMax)
            return refuse(fmt::format("string of {} bytes", text.size()));
        if (compact) {
            sink_.put_uvarint(static_cast<std::uint32_t>(text.size()) + 1);
        } else {
            sink_.put_be(static_cast<std::int16_t>(text.size()));
        }
        sink_.put_raw(text.data(), text.size());
        return true;
    }
    bool write_bytes(bool compact, const Bytes& bytes) {
        if (!write_length(compact, bytes.size())) return false;
        sink_.put_raw(bytes.data(), bytes.size());
        return true;
    }
    bool write_records(bool compact, const Records& records) {
        if (!write_length(compact, Counter::records_size(records))) return false;
        sink_.put_records(records);
        return true;
    }

    bool write_field(const FieldInfo& field, const void* at) {
        const auto compact = flexible_ && !field.never_compact;
        switch (field.kind) {
            case Kind::string: {
                const auto* text = present<std::string>(field, at);
                return text == nullptr ? write_null(field, compact) : write_text(compact, *text);
            }
            case Kind::bytes: {
                const auto* bytes = present<Bytes>(field, at);
                return bytes == nullptr ? write_null(field, compact) : write_bytes(compact, *bytes);
            }
            case Kind::records: {
                const auto& records = value_at<Records>(at);
                return records.is_null ? write_null(field, compact)
                                       : write_records(compact, records);
            }
            case Kind::array:
                return write_array(field, at, compact);
            case Kind::structure: {
                const auto* value = present_struct(field, at);
                if (value == nullptr) return write_null(field, compact);
                if (field.nullable.contains(version_)) sink_.put_be(std::int8_t{1});
                return write_struct(*field.structure, value);
            }
            default:
                write_number(field.kind, at);
                return true;
        }
    }

    void write_number(Kind kind, const void* at) {
        switch (kind) {
            case Kind::boolean:
                sink_.put_be(static_cast<std::int8_t>(value_at<bool>(at)));
                break;
            case Kind::int8:
                sink_.put_be(value_at<std::int8_t>(at));
                break;
            case Kind::int16:
                sink_.put_be(value_at<std::int16_t>(at));
                break;
            case Kind::uint16:
                sink_.put_be(value_at<std::uint16_t>(at));
                break;
            case Kind::int32:
                sink_.put_be(value_at<std::int32_t>(at));
                break;
            case Kind::uint32:
                sink_.put_be(value_at<std::uint32_t>(at));
                break;
            case Kind::int64:
                sink_.put_be(value_at<std::int64_t>(at));
                break;
            case Kind::float64:
                sink_.put_be(std::bit_cast<std::uint64_t>(value_at<double>(at)));
                break;
            case Kind::uuid:
                sink_.put_be(value_at<Uuid>(at).high);
                sink_.put_be(value_at<Uuid>(at).low);
                break;
            default:
                break;
        }
    }

    bool write_array(const FieldInfo& field, const void* at, bool compact) {
        const auto& access = *field.array;
        const auto count = access.count(at);
        if (count == 0 && access.is_null(at)) return write_null(field, compact);
        if (!write_length(compact, count)) return false;
        const auto* data = static_cast<const std::byte*>(access.data(const_cast<void*>(at)));
        if (field.element == Kind::int32) {
            const auto* numbers = reinterpret_cast<const std::int32_t*>(data);
            for (std::size_t i = 0; i < count; ++i) sink_.put_be(numbers[i]);
            return true;
        }
        for (std::size_t i = 0; i < count; ++i) {
            if (!write_element(field, data + i * access.element_bytes, compact))
                return in_element(i);
        }
        return true;
    }

    bool write_element(const FieldInfo& field, const void* at, bool compact) {
        switch (field.element) {
            case Kind::structure:
                return write_struct(*field.structure, at);
            case Kind::string:
                return write_text(compact, value_at<std::string>(at));
            case Kind::bytes:
                return write_bytes(compact, value_at<Bytes>(at));
            default:
                write_number(field.element, at);
                return true;
        }
    }

    // Known and unknown tags together, ascending.
    bool write_tags(const StructInfo& info, const void* from, std::uint64_t known) {
        const auto* unknown = unknown_tags(info, from);
        const auto unknown_count = unknown == nullptr ? 0 : unknown->size();
        const auto known_count = static_cast<std::size_t>(std::popcount(known));
        sink_.put_uvarint(static_cast<std::uint32_t>(known_count + unknown_count));
        if (known_count == 0 && unknown_count == 0) return true;
        std::size_t next = 0;
        std::int64_t last = -1;
        for (const auto i : info.tagged) {
            const auto& field = info.fields[i];
            if ((known >> field.tag & 1) == 0) continue;
            while (next < unknown_count &&
                   (*unknown)[next].tag < static_cast<std::uint32_t>(field.tag)) {
                if (!write_unknown((*unknown)[next++], last)) return false;
            }
            last = field.tag;
            if (!write_tagged(field, member(field, from))) return in_field(field);
        }
        while (next < unknown_count) {
            if (!write_unknown((*unknown)[next++], last)) return false;
        }
        return true;
    }

    bool write_unknown(const UnknownTag& tag, std::int64_t& last) {
        if (tag.tag <= last) return refuse(fmt::format("tag {} twice or out of order", tag.tag));
        last = tag.tag;
        sink_.put_uvarint(tag.tag);
        sink_.put_uvarint(static_cast<std::uint32_t>(tag.value.size()));
        sink_.put_raw(tag.value.data(), tag.value.size());
        return true;
    }

    bool write_tagged(const FieldInfo& field, const void* at) {
        Counter counter;
        Encoder<Counter> value(counter, version_, flexible_);
        if (!value.write_tagged_value(field, at)) return refuse(value.problem());
        sink_.put_uvarint(static_cast<std::uint32_t>(field.tag));
        sink_.put_uvarint(static_cast<std::uint32_t>(counter.size()));
        return write_tagged_value(field, at);
    }

    bool write_tagged_value(const FieldInfo& field, const void* at) {
        if (field.kind != Kind::structure || !field.nullable.contains(version_)) {
            return write_field(field, at);
        }
        const auto* value = present_struct(field, at);
        sink_.put_uvarint(value == nullptr ? 0 : 1);
        return value == nullptr || write_struct(*field.structure, value);
    }

    template <class>
    friend class Encoder;

    Sink& sink_;
    std::int16_t version_;
    bool flexible_;
    std::string problem_;
    std::string path_;
};

// Walks the message into `sink`.
template <class Sink>
Result<void> walk(const MessageInfo& info, const void* from, std::int16_t version, Sink& sink) {
    if (!info.versions.contains(version)) {
        return fail(Errc::unsupported_version,
                    fmt::format("{} has no version {}", info.name, version));
    }
    Encoder<Sink> encoder(sink, version, info.flexible.contains(version));
    if (encoder.write_struct(info.body, from)) return {};
    return fail(Errc::invalid_request,
                fmt::format("{} v{}: {}", info.name, version, encoder.problem()));
}

Result<std::size_t> checked_size(const MessageInfo& info, std::int16_t version, std::size_t size) {
    if (size <= kLengthMax) return size;
    return fail(Errc::invalid_request, fmt::format("{} v{}: {} bytes", info.name, version, size));
}

}  // namespace

Result<std::size_t> encoded_size_of(const MessageInfo& info, const void* from,
                                    std::int16_t version) {
    Counter counter;
    if (auto done = walk(info, from, version, counter); !done) {
        return std::unexpected(std::move(done).error());
    }
    return checked_size(info, version, counter.size());
}

Result<void> encode_append(const MessageInfo& info, const void* from, std::int16_t version,
                           Encoded& out) {
    const auto start = out.bytes.size();
    const auto cuts = out.cuts.size();
    const auto external = out.external_bytes;
    Writer writer(out);
    auto done = walk(info, from, version, writer);
    writer.finish();
    if (done) {
        const auto size = out.bytes.size() - start + out.external_bytes - external;
        const auto checked = checked_size(info, version, size);
        if (checked) return {};
        done = std::unexpected(checked.error());
    }
    out.bytes.resize(start);
    out.cuts.resize(cuts, Cut(0, 0));
    out.external_bytes = external;
    return done;
}

Result<void> encode_plain(const MessageInfo& info, const void* from, std::int16_t version,
                          Bytes& out) {
    Encoded encoded;
    encoded.bytes.swap(out);
    const auto start = encoded.bytes.size();
    auto done = encode_append(info, from, version, encoded);
    encoded.bytes.swap(out);
    if (!done) return done;
    if (encoded.cuts.empty()) return {};
    out.resize(start);
    return fail(Errc::invalid_request,
                fmt::format("{} v{}: external records without cuts", info.name, version));
}

}  // namespace kcore::protocol
