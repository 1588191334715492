#pragma once
// Names of hosts.

#include <string>
#include <vector>

namespace kcore::io {

// The addresses of a host in numbers; none when it has none, or nobody knows. Blocks.
std::vector<std::string> resolve_host(const std::string& host);

}  // namespace kcore::io
