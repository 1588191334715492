#include "base/crc32c.h"

#include <algorithm>
#include <array>

#ifdef KCORE_HAVE_ISAL
#include <isa-l/crc.h>
#endif

namespace kcore {

namespace {

constexpr std::array<std::uint32_t, 256> make_table(std::uint32_t polynomial) {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < table.size(); ++i) {
        std::uint32_t c = i;
        for (int bit = 0; bit < 8; ++bit) c = (c & 1U) != 0 ? polynomial ^ (c >> 1) : c >> 1;
        table[i] = c;
    }
    return table;
}

std::uint32_t by_table(const std::array<std::uint32_t, 256>& table, BytesView bytes,
                       std::uint32_t seed) {
    auto c = ~seed;
    for (const auto b : bytes) c = table[(c ^ static_cast<std::uint32_t>(b)) & 0xffU] ^ (c >> 8);
    return ~c;
}

constexpr auto kIeee = make_table(0xedb88320U);
#ifndef KCORE_HAVE_ISAL
constexpr auto kCastagnoli = make_table(0x82f63b78U);
#endif

}  // namespace

std::uint32_t crc32c(BytesView bytes, std::uint32_t seed) {
#ifdef KCORE_HAVE_ISAL
    // ISA-L takes an int length and a non-const pointer that it only reads.
    constexpr std::size_t kPieceMax = 1U << 30;
    auto c = ~seed;
    while (!bytes.empty()) {
        const auto piece = bytes.first(std::min(bytes.size(), kPieceMax));
        auto* data =
            const_cast<unsigned char*>(reinterpret_cast<const unsigned char*>(piece.data()));
        c = crc32_iscsi(data, static_cast<int>(piece.size()), c);
        bytes = bytes.subspan(piece.size());
    }
    return ~c;
#else
    return by_table(kCastagnoli, bytes, seed);
#endif
}

std::uint32_t crc32(BytesView bytes, std::uint32_t seed) { return by_table(kIeee, bytes, seed); }

}  // namespace kcore
