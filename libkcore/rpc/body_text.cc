#include "rpc/body_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "protocol/any_message.h"
#include "protocol/json.h"

namespace kcore::rpc {

namespace {

// Passwords, tokens and settings that may be either.
bool is_secret(std::string_view message) {
    static constexpr std::array<std::string_view, 4> kSecret{"SaslAuthenticate", "ScramCredentials",
                                                             "DelegationToken", "AlterConfigs"};
    return std::ranges::any_of(kSecret, [&](auto name) { return message.contains(name); });
}

}  // namespace

std::string body_text(const protocol::MessageInfo& info, std::int16_t version, BytesView body) {
    if (is_secret(info.name)) return "(hidden)";
    const auto message = protocol::decode_any(info, body, version, protocol::Trailing::allow);
    if (!message) return fmt::format("what cannot be read: {}", message.error().what);
    auto text = protocol::to_json(info, message->data(), version)
                    .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    if (text.size() <= kBodyTextMax) return text;
    const auto rest = text.size() - kBodyTextMax;
    text.resize(kBodyTextMax);
    return fmt::format("{}... and {} bytes more", text, rest);
}

}  // namespace kcore::rpc
