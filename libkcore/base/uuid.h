#pragma once
// A 128-bit id of topics, directories, incarnations. Text form as Kafka's: base64url of the 16
// bytes without padding, 22 characters.

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace kcore {

struct Uuid {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    bool is_zero() const { return high == 0 && low == 0; }
    std::string to_string() const;

    // Nothing unless `text` is exactly 22 base64url characters.
    static std::optional<Uuid> parse(std::string_view text);

    // From random bits: version 4, never one of the first 100 (reserved) and never with a text form
    // that begins with '-', which tools would take for an option.
    static std::optional<Uuid> from_random(std::uint64_t high_bits, std::uint64_t low_bits);

    friend auto operator<=>(const Uuid&, const Uuid&) = default;
};

inline constexpr Uuid kMetadataTopicId{0, 1};

// Reserved directory ids (KIP-858).
inline constexpr Uuid kDirMigrating{0, 0};
inline constexpr Uuid kDirUnassigned{0, 1};
inline constexpr Uuid kDirLost{0, 2};

}  // namespace kcore

template <>
struct std::hash<kcore::Uuid> {
    std::size_t operator()(const kcore::Uuid& id) const noexcept {
        return id.high ^ (id.low * 0x9e3779b97f4a7c15ULL);
    }
};
