#pragma once
// What all decisions of the controller look at: settings, the metadata as of the last record
// appended (committed or not), sessions. One thread.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/logger.h"
#include "base/uuid.h"
#include "controller/config_rules.h"
#include "controller/decision.h"
#include "controller/election.h"
#include "controller/policy.h"
#include "controller/sessions.h"
#include "metadata/image.h"

namespace kcore::controller {

// What is stored of a password: RFC 5802.
struct ScramKeys {
    Bytes stored_key;
    Bytes server_key;
};
using DeriveScramKeys = std::function<Result<ScramKeys>(std::int8_t mechanism, BytesView salted)>;

struct Settings {
    std::int32_t node_id = -1;
    std::string cluster_id;
    // The broker in this process. The lock on the log directory proves that no earlier incarnation
    // lives, so its registration never waits for an old session to end.
    Uuid local_incarnation;
    std::int32_t partitions_default = 1;          // num.partitions
    std::int16_t replication_factor_default = 1;  // default.replication.factor
    std::int32_t min_insync_replicas = 1;
    bool unclean_election = false;
    bool delete_topics = true;      // delete.topic.enable
    bool rebalance_leaders = true;  // auto.leader.rebalance.enable
    std::int64_t rebalance_interval_ms = 300'000;
    std::int64_t unclean_interval_ms = 300'000;
    std::int64_t session_timeout_ms = 9000;  // broker.session.timeout.ms
    std::int64_t max_idle_ms = 500;          // metadata.max.idle.interval.ms; 0: never.
    DeriveScramKeys derive_scram_keys;
    Policy create_policy;  // create.topic.policy.rules
    Policy alter_policy;   // alter.config.policy.rules
};

struct State {
    State(Settings s, const ConfigRules& r, std::function<std::uint64_t()> random_bits, Logger l)
        : settings(std::move(s)),
          rules(r),
          random(std::move(random_bits)),
          logger(std::move(l)),
          image(std::make_shared<const metadata::Image>()),
          sessions(settings.session_timeout_ms) {}

    Settings settings;
    const ConfigRules& rules;
    std::function<std::uint64_t()> random;
    Logger logger;
    metadata::ImagePtr image;
    Sessions sessions;

    // Registered, not fenced and not shutting down: may lead and be in an ISR.
    bool is_active(std::int32_t broker) const;
    // No broker registered, or with another epoch: stale_broker_epoch.
    Result<const metadata::Broker*> check_broker(std::int32_t broker, std::int64_t epoch) const;
    // A setting of a topic: its own, the cluster's, else what the settings say.
    std::int32_t min_insync_replicas(std::string_view topic) const;
    bool unclean_election(std::string_view topic) const;
    // Its replica of this partition is not in a directory that the broker has lost.
    bool has_replica(std::int32_t broker, const metadata::Partition& partition) const;
    // For one partition, which must outlive it, of a topic; `kind` becomes unclean when the topic
    // allows it and online was asked for.
    ElectionRules election(std::string_view topic, const metadata::Partition& partition,
                           ElectionKind kind = ElectionKind::online) const;
    // Where a new replica lies: known only when the broker has one directory to choose from.
    Uuid directory_for(std::int32_t broker) const;
    Uuid new_uuid() const;
};

// Eligible leader replicas need one value for all brokers to count by: the record that sets it
// where it is not set.
std::optional<metadata::Record> elr_config(const State& state);

}  // namespace kcore::controller
