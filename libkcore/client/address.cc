#include "client/address.h"

#include <fmt/format.h>

#include <charconv>

namespace kcore::client {

Result<io::Address> parse_address(std::string_view text) {
    const auto wrong = [&] {
        return fail(Errc::invalid_config,
                    fmt::format("'{}' is not an address: write host:port", text));
    };
    auto host = text;
    std::string_view port = "9092";
    if (const auto end = text.find(']'); text.starts_with('[') && end != text.npos) {
        host = text.substr(1, end - 1);
        const auto rest = text.substr(end + 1);
        if (!rest.empty() && !rest.starts_with(':')) return wrong();
        if (!rest.empty()) port = rest.substr(1);
    } else if (const auto colon = text.rfind(':'); colon != text.npos) {
        host = text.substr(0, colon);
        port = text.substr(colon + 1);
        if (host.contains(':')) return wrong();
    }
    io::Address out;
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
    if (host.empty() || error != std::errc() || end != port.data() + port.size() || out.port == 0) {
        return wrong();
    }
    out.host = host;
    return out;
}

}  // namespace kcore::client
