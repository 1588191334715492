#pragma once
// Variable-length integers: unsigned (protocol), and zigzag varint and varlong (inside records).

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

namespace kcore {

inline constexpr std::size_t kVarintBytesMax = 5;
inline constexpr std::size_t kVarlongBytesMax = 10;

constexpr std::uint32_t zigzag(std::int32_t v) {
    return (static_cast<std::uint32_t>(v) << 1) ^ static_cast<std::uint32_t>(v >> 31);
}
constexpr std::uint64_t zigzag(std::int64_t v) {
    return (static_cast<std::uint64_t>(v) << 1) ^ static_cast<std::uint64_t>(v >> 63);
}
constexpr std::int32_t unzigzag(std::uint32_t v) {
    return static_cast<std::int32_t>((v >> 1) ^ (0U - (v & 1U)));
}
constexpr std::int64_t unzigzag(std::uint64_t v) {
    return static_cast<std::int64_t>((v >> 1) ^ (0ULL - (v & 1ULL)));
}

// Read from [at, end): the number of bytes taken, or 0 when the number is cut short or longer than
// its type allows. `out` is set only on success.
inline std::size_t read_uvarint(const std::byte* at, const std::byte* end, std::uint32_t& out) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < kVarintBytesMax && at + i < end; ++i) {
        const auto b = static_cast<std::uint32_t>(at[i]);
        value |= (b & 0x7fU) << (7 * i);
        if (b < 0x80U) {
            out = value;
            return i + 1;
        }
    }
    return 0;
}
inline std::size_t read_uvarlong(const std::byte* at, const std::byte* end, std::uint64_t& out) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < kVarlongBytesMax && at + i < end; ++i) {
        const auto b = static_cast<std::uint64_t>(at[i]);
        value |= (b & 0x7fULL) << (7 * i);
        if (b < 0x80U) {
            out = value;
            return i + 1;
        }
    }
    return 0;
}
inline std::size_t read_varint(const std::byte* at, const std::byte* end, std::int32_t& out) {
    std::uint32_t raw = 0;
    const auto taken = read_uvarint(at, end, raw);
    if (taken != 0) out = unzigzag(raw);
    return taken;
}
inline std::size_t read_varlong(const std::byte* at, const std::byte* end, std::int64_t& out) {
    std::uint64_t raw = 0;
    const auto taken = read_uvarlong(at, end, raw);
    if (taken != 0) out = unzigzag(raw);
    return taken;
}

constexpr std::size_t uvarint_size(std::uint64_t v) {
    std::size_t n = 1;
    while (v >= 0x80U) {
        v >>= 7;
        ++n;
    }
    return n;
}
constexpr std::size_t varint_size(std::int32_t v) { return uvarint_size(zigzag(v)); }
constexpr std::size_t varlong_size(std::int64_t v) { return uvarint_size(zigzag(v)); }

// Write at `to`, which has room for the size above; returns the bytes written.
inline std::size_t write_uvarint(std::byte* to, std::uint64_t v) {
    std::size_t n = 0;
    while (v >= 0x80U) {
        to[n++] = static_cast<std::byte>(v | 0x80U);
        v >>= 7;
    }
    to[n++] = static_cast<std::byte>(v);
    return n;
}
inline std::size_t write_varint(std::byte* to, std::int32_t v) {
    return write_uvarint(to, zigzag(v));
}
inline std::size_t write_varlong(std::byte* to, std::int64_t v) {
    return write_uvarint(to, zigzag(v));
}

}  // namespace kcore
