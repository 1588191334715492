#include "base/uuid.h"

namespace kcore {

namespace {

constexpr std::string_view kUuidAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::size_t kTextSize = 22;

// Bits [at, at + 6) of the 132-bit string that is the id followed by four zero bits.
unsigned six_bits(const Uuid& id, std::size_t at) {
    unsigned out = 0;
    for (std::size_t i = at; i < at + 6; ++i) {
        const auto bit = i < 64 ? id.high >> (63 - i) : i < 128 ? id.low >> (127 - i) : 0;
        out = (out << 1) | static_cast<unsigned>(bit & 1U);
    }
    return out;
}

}  // namespace

std::string Uuid::to_string() const {
    std::string out;
    for (std::size_t i = 0; i < kTextSize; ++i) out += kUuidAlphabet[six_bits(*this, i * 6)];
    return out;
}

std::optional<Uuid> Uuid::parse(std::string_view text) {
    if (text.size() != kTextSize) return std::nullopt;
    Uuid id;
    for (std::size_t i = 0; i < kTextSize; ++i) {
        const auto value = kUuidAlphabet.find(text[i]);
        if (value == std::string_view::npos) return std::nullopt;
        const std::size_t width = i + 1 < kTextSize ? 6 : 2;
        const auto bits = width == 6 ? value : value >> 4;
        id.high = (id.high << width) | (id.low >> (64 - width));
        id.low = (id.low << width) | bits;
    }
    return id;
}

std::optional<Uuid> Uuid::from_random(std::uint64_t high_bits, std::uint64_t low_bits) {
    const Uuid id{(high_bits & ~0xf000ULL) | 0x4000ULL, (low_bits & ~(3ULL << 62)) | (2ULL << 62)};
    if (id.to_string().front() == '-') return std::nullopt;
    return id;
}

}  // namespace kcore
