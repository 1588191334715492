#pragma once
// Settings of the layers below the broker, made from the node's: plain values that each keeps.

#include <cstdint>
#include <vector>

#include "base/config.h"
#include "broker/chores.h"
#include "broker/config.h"
#include "broker/controller_runner.h"
#include "broker/log_cleaner.h"
#include "broker/log_scrubber.h"
#include "broker/replica_fetchers.h"
#include "broker/request.h"
#include "group/settings.h"
#include "record/validate.h"

namespace kcore::broker {

struct NodeSettings {
    group::Settings group;
    std::size_t fetch_session_slots = 1'000;
    std::int64_t fetch_bytes_max = 57'671'680;
    record::Trust produce_trust = record::Trust::strict;
    std::size_t recovery_threads = 2;  // For each log directory.
    std::size_t mover_threads = 1;     // Of moves between log directories.
    ChoreTimes chores;
    std::int64_t directory_failure_timeout_ms = 30'000;
    std::int64_t lag_max_ms = 30'000;  // replica.lag.time.max.ms
    ReplicaFetcherOptions fetchers;
    bool selects_by_rack = false;  // replica.selector.class
};
NodeSettings node_settings(const BrokerConfig& config);

// num.replica.fetchers, which changes while running.
std::size_t fetchers_per_leader(const BrokerLevels& levels);

CleanerSettings cleaner_settings(const BrokerLevels& levels);
ScrubberSettings scrubber_settings(const BrokerLevels& levels);
// Of moves between log directories.
double mover_bytes_per_second(const BrokerLevels& levels);

// Without ids that only the start knows: cluster, incarnations.
ControllerOptions controller_options(const BrokerConfig& config,
                                     const std::vector<ListenerInfo>& listeners);

}  // namespace kcore::broker
