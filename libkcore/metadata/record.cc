#include "metadata/record.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include "base/varint.h"
#include "protocol/codec.h"

namespace kcore::metadata {
namespace {

constexpr std::uint32_t kFrameVersion = 1;

struct Kind {
    std::uint32_t type;
    std::int16_t version_max;
};

// In the order of Body's alternatives.
constexpr std::array<Kind, 27> kKinds{
    {{0, 4},  {1, 0},  {2, 0},  {3, 2},  {4, 0},  {5, 2},  {7, 0},  {8, 0},  {9, 0},
     {10, 0}, {11, 0}, {12, 0}, {14, 0}, {15, 0}, {17, 3}, {18, 0}, {19, 0}, {20, 0},
     {21, 0}, {22, 0}, {23, 0}, {24, 0}, {25, 0}, {26, 0}, {27, 0}, {28, 0}, {29, 0}}};
static_assert(kKinds.size() == std::variant_size_v<Body>);

template <std::size_t I>
Result<Body> decode_as(BytesView bytes, std::int16_t version) {
    auto body = protocol::decode<std::variant_alternative_t<I, Body>>(bytes, version);
    if (!body) return std::unexpected(body.error());
    return Body(std::move(*body));
}

using Decoder = Result<Body> (*)(BytesView, std::int16_t);

template <std::size_t... I>
constexpr std::array<Decoder, sizeof...(I)> decoders(std::index_sequence<I...> /*all*/) {
    return {&decode_as<I>...};
}
constexpr auto kDecoders = decoders(std::make_index_sequence<kKinds.size()>());

}  // namespace

Bytes encode_record(const Record& record) {
    Bytes out;
    std::array<std::byte, 3 * kVarintBytesMax> head;
    auto* at = head.data();
    at += write_uvarint(at, kFrameVersion);
    at += write_uvarint(at, kKinds[record.body.index()].type);
    at += write_uvarint(at, static_cast<std::uint64_t>(record.version));
    out.insert(out.end(), head.data(), at);
    std::visit(
        [&](const auto& body) {
            const auto encoded = protocol::encode(body, record.version, out);
            assert(encoded);
        },
        record.body);
    return out;
}

Result<Record> decode_record(BytesView value) {
    const auto* at = value.data();
    const auto* const end = at + value.size();
    std::array<std::uint32_t, 3> head{};
    for (auto& number : head) {
        const auto taken = read_uvarint(at, end, number);
        if (taken == 0) return fail(Errc::corrupt_message, "a metadata record is cut short");
        at += taken;
    }
    const auto [frame, type, version] = head;
    if (frame != kFrameVersion) {
        return fail(Errc::corrupt_message, fmt::format("metadata frame version {}", frame));
    }
    const auto kind = std::ranges::find(kKinds, type, &Kind::type);
    if (kind == kKinds.end() || version > static_cast<std::uint32_t>(kind->version_max)) {
        return fail(
            Errc::unsupported_version,
            fmt::format("metadata record type {} version {} is not known: written by a newer "
                        "Kafka",
                        type, version));
    }
    const auto index = static_cast<std::size_t>(kind - kKinds.begin());
    const BytesView bytes(at, static_cast<std::size_t>(end - at));
    auto body = kDecoders[index](bytes, static_cast<std::int16_t>(version));
    if (!body) return std::unexpected(body.error());
    return Record{std::move(*body), static_cast<std::int16_t>(version)};
}

}  // namespace kcore::metadata
