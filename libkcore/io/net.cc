#include "io/net.h"

#include <fmt/format.h>

namespace kcore::io {

std::string Address::to_string() const {
    const bool ipv6 = host.find(':') != std::string::npos;
    return ipv6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

}  // namespace kcore::io
