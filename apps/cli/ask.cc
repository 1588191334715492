#include "cli/ask.h"

namespace kcore::cli {

std::optional<Error> error_of(const Json& entry) {
    const auto code = errc_from_wire(entry.value("errorCode", std::int16_t{0}));
    if (code == Errc::none) return std::nullopt;
    const bool has_message = entry.contains("errorMessage") && entry["errorMessage"].is_string();
    auto message = has_message ? entry["errorMessage"].get<std::string>() : std::string();
    if (message.empty()) message = error_info(code).message;
    return Error(code, std::move(message));
}

Result<Json> ask(Session& session, const std::string& api, const Json& request, std::int32_t node) {
    auto text = session.admin().ask(api, request.dump(), node);
    if (!text) return std::unexpected(std::move(text).error());
    auto answer = Json::parse(*text);
    if (auto error = error_of(answer)) return std::unexpected(std::move(*error));
    return answer;
}

}  // namespace kcore::cli
