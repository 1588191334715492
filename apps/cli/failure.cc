#include "cli/failure.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace kcore::cli {

int exit_code_of(const Error& error) {
    switch (error.code) {
        case Errc::none:
            return kDone;
        case Errc::request_timed_out:
            return kTimeRanOut;
        case Errc::broker_not_available:
        case Errc::network_exception:
            return kCannotConnect;
        case Errc::sasl_authentication_failed:
        case Errc::topic_authorization_failed:
        case Errc::group_authorization_failed:
        case Errc::cluster_authorization_failed:
        case Errc::transactional_id_authorization_failed:
        case Errc::delegation_token_authorization_failed:
            return kNotAuthorized;
        default:
            return kFailed;
    }
}

std::string failure_text(const Failure& failure, bool json) {
    const auto code = static_cast<int>(failure.error.code);
    const auto name = errc_name(failure.error.code);
    const auto sentence = failure.error.what.empty()
                              ? std::string(error_info(failure.error.code).message)
                              : failure.error.what;
    if (json) {
        nlohmann::ordered_json out{{"error", name}, {"code", code}};
        if (!failure.resource.empty()) out["resource"] = failure.resource;
        out["message"] = sentence;
        if (!failure.hint.empty()) out["hint"] = failure.hint;
        return out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    }
    auto line = fmt::format("error: {} ({}): ", name, code);
    if (!failure.resource.empty() && !sentence.starts_with(failure.resource)) {
        line += failure.resource + ": ";
    }
    line += sentence;
    if (!failure.hint.empty())
        line += (line.ends_with('.') ? " hint: " : ". hint: ") + failure.hint;
    return line;
}

}  // namespace kcore::cli
