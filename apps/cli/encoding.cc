#include "cli/encoding.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <charconv>
#include <nlohmann/json.hpp>
#include <vector>

#include "cli/text.h"

namespace kcore::cli {

namespace {

using PlainJson = nlohmann::json;

std::uint64_t load(BytesView bytes) {
    std::uint64_t out = 0;
    for (const auto byte : bytes) out = out << 8 | static_cast<std::uint64_t>(byte);
    return out;
}

std::string store(std::uint64_t value, std::size_t size) {
    std::string out(size, '\0');
    for (auto i = size; i-- > 0; value >>= 8) out[i] = static_cast<char>(value & 0xff);
    return out;
}

Parsed<std::string> dumped(const PlainJson& value) {
    if (value.is_discarded()) return refuse("it does not decode");
    return value.dump(-1, ' ', false, PlainJson::error_handler_t::replace);
}

template <class T>
Parsed<T> number(std::string_view text, std::size_t bytes) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) {
        return refuse(fmt::format("'{}' is not a number of {} bytes", text, bytes));
    }
    return value;
}

}  // namespace

Parsed<Encoding> Encoding::named(std::string_view kind) {
    using Named = std::pair<std::string_view, Kind>;
    static constexpr std::array<Named, 7> kNamed{{{"auto", Kind::plain},
                                                  {"string", Kind::plain},
                                                  {"hex", Kind::hex},
                                                  {"base64", Kind::base64},
                                                  {"json", Kind::json},
                                                  {"msgpack", Kind::msgpack},
                                                  {"cbor", Kind::cbor}}};
    Encoding out;
    for (const auto& [name, known] : kNamed) {
        if (kind == name) return out.kind_ = known, out;
    }
    if (kind == "avro" || kind == "proto") {
        return refuse(fmt::format("-s {} is not in this version: it needs a schema", kind));
    }
    const auto bits = kind.empty() ? kind : kind.substr(1);
    const bool is_size = bits == "8" || bits == "16" || bits == "32" || bits == "64";
    if (is_size && (kind[0] == 'i' || kind[0] == 'u' || (kind[0] == 'f' && bits.size() == 2))) {
        out.bytes_ = bits == "8" ? 1 : bits == "16" ? 2 : bits == "32" ? 4 : 8;
        out.kind_ = kind[0] == 'i'   ? Kind::signed_int
                    : kind[0] == 'u' ? Kind::unsigned_int
                                     : Kind::floating;
        if (kind != "f16") return out;
    }
    auto format = Format::compile(fmt::format("%v{{unpack[{}]}}", kind));
    if (kind.empty() || !format) {
        return refuse(
            fmt::format("-s '{}' is not string, json, hex, base64, i8 to u64, f32, f64, "
                        "msgpack, cbor or an unpack string",
                        kind));
    }
    out.kind_ = Kind::unpack;
    out.format_ = std::move(*format);
    return out;
}

Parsed<std::string> Encoding::decode(BytesView bytes) const {
    const auto* const first = reinterpret_cast<const std::uint8_t*>(bytes.data());
    const std::span<const std::uint8_t> octets(first, bytes.size());
    std::string out;
    switch (kind_) {
        case Kind::plain:
            return std::string(as_text(bytes));
        case Kind::hex:
            append_hex(out, bytes);
            return out;
        case Kind::base64:
            append_base64(out, bytes);
            return out;
        case Kind::json:
            return dumped(PlainJson::parse(octets.begin(), octets.end(), nullptr, false));
        case Kind::msgpack:
            return dumped(PlainJson::from_msgpack(octets.begin(), octets.end(), true, false));
        case Kind::cbor:
            return dumped(PlainJson::from_cbor(octets.begin(), octets.end(), true, false));
        case Kind::unpack: {
            client::ConsumedRecord record;
            record.value = bytes;
            format_->append(out, record, 0);
            return out;
        }
        default:
            break;
    }
    if (bytes.size() != bytes_) {
        return refuse(fmt::format("it has {} bytes, not {}", bytes.size(), bytes_));
    }
    const auto raw = load(bytes);
    if (kind_ == Kind::unsigned_int) return fmt::format("{}", raw);
    if (kind_ == Kind::signed_int) {
        const auto shift = static_cast<int>(64 - 8 * bytes_);
        return fmt::format("{}", static_cast<std::int64_t>(raw << shift) >> shift);
    }
    if (bytes_ == 4)
        return fmt::format("{}", std::bit_cast<float>(static_cast<std::uint32_t>(raw)));
    return fmt::format("{}", std::bit_cast<double>(raw));
}

Parsed<std::string> Encoding::encode(std::string_view text) const {
    if (kind_ == Kind::plain) return std::string(text);
    if (kind_ == Kind::hex || kind_ == Kind::base64) {
        auto bytes = kind_ == Kind::hex ? decode_hex(text) : decode_base64(text);
        if (!bytes) {
            return refuse(
                fmt::format("'{}' is not {}", text, kind_ == Kind::hex ? "hex" : "base64"));
        }
        return std::move(*bytes);
    }
    if (kind_ == Kind::json || kind_ == Kind::msgpack || kind_ == Kind::cbor) {
        const auto value = PlainJson::parse(text, nullptr, false);
        if (value.is_discarded()) return refuse(fmt::format("'{}' is not JSON", text));
        if (kind_ == Kind::json) return std::string(text);
        const auto bytes =
            kind_ == Kind::msgpack ? PlainJson::to_msgpack(value) : PlainJson::to_cbor(value);
        return std::string(bytes.begin(), bytes.end());
    }
    if (kind_ == Kind::unpack) return refuse("an unpack string only reads");
    if (kind_ == Kind::floating) {
        const auto value = number<double>(text, bytes_);
        if (!value) return refuse(value.error());
        return bytes_ == 4 ? store(std::bit_cast<std::uint32_t>(static_cast<float>(*value)), 4)
                           : store(std::bit_cast<std::uint64_t>(*value), 8);
    }
    const auto too_wide = refuse(fmt::format("'{}' is not a number of {} bytes", text, bytes_));
    if (kind_ == Kind::unsigned_int) {
        const auto value = number<std::uint64_t>(text, bytes_);
        if (!value || (bytes_ < 8 && *value >> (8 * bytes_) != 0)) return too_wide;
        return store(*value, bytes_);
    }
    const auto value = number<std::int64_t>(text, bytes_);
    const auto shift = static_cast<int>(64 - 8 * bytes_);
    const bool fits =
        value &&
        (static_cast<std::int64_t>(static_cast<std::uint64_t>(*value) << shift) >> shift) == *value;
    if (!fits) return too_wide;
    return store(static_cast<std::uint64_t>(*value), bytes_);
}

Parsed<void> set_encoding(Encodings& to, const std::string& text) {
    const bool is_key = text.starts_with("key=");
    const bool is_value = text.starts_with("value=");
    auto kind = Encoding::named(text.substr(is_key ? 4 : is_value ? 6 : 0));
    if (!kind) return refuse(std::move(kind).error());
    if (!is_value) to.key = *kind;
    if (!is_key) to.value = std::move(*kind);
    return {};
}

}  // namespace kcore::cli
