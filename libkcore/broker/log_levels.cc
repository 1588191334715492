#include "broker/log_levels.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/log_sink.h"

namespace kcore::broker {

namespace {

constexpr std::int8_t kSet = 0;
constexpr std::int8_t kDelete = 1;

std::optional<LogLevel> level_of(const LoggerChange& change) {
    auto level = log_level_by_name(change.value.value_or(""));
    return level == LogLevel::off ? std::nullopt : level;
}

std::string operation_name(std::int8_t operation) {
    constexpr std::int8_t kAppend = 2, kSubtract = 3;
    if (operation == kAppend) return "APPEND operation";
    if (operation == kSubtract) return "SUBTRACT operation";
    return fmt::format("Unknown operation type {}", operation);
}

Result<void> check(const LoggerChange& change) {
    if (change.config_operation != kDelete && !change.value) {
        return fail(Errc::invalid_request, "Null value not supported for : " + change.name);
    }
    if (change.config_operation != kSet && change.config_operation != kDelete) {
        return fail(Errc::invalid_request,
                    fmt::format("{} is not allowed for the BROKER_LOGGER resource",
                                operation_name(change.config_operation)));
    }
    if (!is_logger(change.name)) {
        return fail(Errc::invalid_config, fmt::format("Logger {} does not exist!", change.name));
    }
    if (change.config_operation == kDelete) {
        if (change.name != kRootLogger) return {};
        return fail(Errc::invalid_request,
                    "Removing the log level of the root logger is not allowed");
    }
    if (level_of(change)) return {};
    return fail(Errc::invalid_config,
                fmt::format("Cannot set the log level of {} to {} as it is not a supported log "
                            "level. Valid log levels are DEBUG, ERROR, FATAL, INFO, TRACE, WARN",
                            change.name, *change.value));
}

}  // namespace

bool is_logger(std::string_view name) {
    return name == kRootLogger || std::ranges::find(kLoggers, name) != kLoggers.end();
}

Result<void> change_log_levels(LogLevels* levels, const std::vector<LoggerChange>& changes,
                               bool validate_only) {
    for (const auto& change : changes) {
        if (auto ok = check(change); !ok) return ok;
    }
    if (validate_only || levels == nullptr) return {};
    for (const auto& change : changes) {
        if (change.config_operation == kDelete) {
            levels->unset(change.name);
        } else {
            levels->set(change.name, *level_of(change));
        }
    }
    return {};
}

}  // namespace kcore::broker
