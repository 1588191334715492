#include "io/net.h"

#include <fmt/format.h>

#include <asio/ip/address.hpp>

namespace kcore::io {

std::string Address::to_string() const {
    const bool ipv6 = host.find(':') != std::string::npos;
    return ipv6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

Bytes Address::host_bytes() const {
    asio::error_code error;
    const auto address = asio::ip::make_address(host, error);
    if (error) return Bytes(4);
    const auto pick = [](const auto& raw) {
        const auto* data = reinterpret_cast<const std::byte*>(raw.data());
        return Bytes(data, data + raw.size());
    };
    if (address.is_v4()) return pick(address.to_v4().to_bytes());
    return pick(address.to_v6().to_bytes());
}

}  // namespace kcore::io
