#pragma once
// "host:port" as bootstrap lists spell it.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/net.h"

namespace kcore::client {

// Port 9092 when there is none; IPv6 in brackets. invalid_config: no host, or no such port.
Result<io::Address> parse_address(std::string_view text);

}  // namespace kcore::client
