#pragma once
// Bytes in memory: an owned buffer, a view, and big-endian numbers in them.

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kcore {

using Bytes = std::vector<std::byte>;
using BytesView = std::span<const std::byte>;

inline BytesView as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}
inline std::string_view as_text(BytesView bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline Bytes to_bytes(std::string_view text) {
    const auto view = as_bytes(text);
    return {view.begin(), view.end()};
}
inline Bytes to_bytes(BytesView view) { return {view.begin(), view.end()}; }

// Big-endian load and store; the caller has checked that sizeof(T) bytes are there.
template <std::integral T>
T load_be(const std::byte* from) {
    T value;
    std::memcpy(&value, from, sizeof value);
    if constexpr (std::endian::native == std::endian::little) value = std::byteswap(value);
    return value;
}
template <std::integral T>
void store_be(std::byte* to, T value) {
    if constexpr (std::endian::native == std::endian::little) value = std::byteswap(value);
    std::memcpy(to, &value, sizeof value);
}
template <std::integral T>
void append_be(Bytes& to, T value) {
    const auto at = to.size();
    to.resize(at + sizeof value);
    store_be(to.data() + at, value);
}
inline void append(Bytes& to, BytesView bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

// Text of bytes for messages and dumps.
std::string to_hex(BytesView bytes);

}  // namespace kcore
