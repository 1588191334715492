#include "io/posix_resolve.h"

#include <netdb.h>
#include <sys/socket.h>

#include <array>

namespace kcore::io {

std::vector<std::string> resolve_host(const std::string& host) {
    addrinfo wanted{};
    wanted.ai_family = AF_UNSPEC;
    wanted.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    std::vector<std::string> out;
    if (::getaddrinfo(host.c_str(), nullptr, &wanted, &found) != 0) return out;
    for (const auto* each = found; each != nullptr; each = each->ai_next) {
        std::array<char, NI_MAXHOST> text{};
        const int failed =
            ::getnameinfo(each->ai_addr, each->ai_addrlen, text.data(),
                          static_cast<socklen_t>(text.size()), nullptr, 0, NI_NUMERICHOST);
        if (failed == 0) out.emplace_back(text.data());
    }
    ::freeaddrinfo(found);
    return out;
}

}  // namespace kcore::io
