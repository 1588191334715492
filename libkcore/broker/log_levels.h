#pragma once
// The loggers that admins see and change (resource type BROKER_LOGGER): the components of a broker.
// Changes are lost at the next start.

#include <array>
#include <string_view>

#include "base/log_levels.h"
#include "base/result.h"
#include "protocol/api/incremental_alter_configs.h"

namespace kcore::broker {

// Sorted; what Logger::named gets, as scripts/lint checks.
inline constexpr std::array<std::string_view, 19> kLoggers = {"acceptor",
                                                              "broker",
                                                              "config",
                                                              "controller",
                                                              "controller-link",
                                                              "directory-moves",
                                                              "directory-reports",
                                                              "fetcher",
                                                              "group",
                                                              "isr",
                                                              "log",
                                                              "log-cleaner",
                                                              "log-scrubber",
                                                              "membership",
                                                              "memory",
                                                              "on-demand-topics",
                                                              "raft",
                                                              "replication",
                                                              "request"};

bool is_logger(std::string_view name);  // Or root.

using LoggerChange = protocol::IncrementalAlterConfigsRequest::AlterableConfig;

// All changes, or none when one is refused.
//   invalid_config   no such logger or level
//   invalid_request  another operation than SET and DELETE, or root's level is to go
Result<void> change_log_levels(LogLevels* levels, const std::vector<LoggerChange>& changes,
                               bool validate_only);

}  // namespace kcore::broker
