#include "broker/node_settings.h"

#include <algorithm>
#include <map>
#include <string>

#include "metadata/features.h"
#include "security/scram_keys.h"

namespace kcore::broker {

namespace {

Config values_of(const BrokerConfig& config) {
    BrokerLevels levels;
    levels.fixed = config.settings;
    return Config::of_broker(levels);
}

// Without controller.quorum.voters they stand in the log. A node that knows of no other controller
// and whose log says nothing votes alone.
std::map<std::int32_t, io::Address> voters_of(const BrokerConfig& config,
                                              const std::vector<ListenerInfo>& listeners) {
    std::map<std::int32_t, io::Address> voters;
    for (const auto& voter : config.voters) voters.emplace(voter.id, voter.address);
    const auto is_own = [&](const io::Address& address) {
        return std::ranges::any_of(listeners, [&](const ListenerInfo& info) {
            return info.is_controller && (address.port == 0 || address.port == info.bound.port);
        });
    };
    const bool is_alone = voters.empty() && config.is_controller &&
                          std::ranges::all_of(config.bootstrap_controllers, is_own);
    if (is_alone) voters.emplace(config.node_id, io::Address());
    return voters;
}

raft::ReplicaOptions replica_options(const BrokerConfig& config, const Config& values,
                                     const std::vector<ListenerInfo>& listeners) {
    raft::ReplicaOptions options;
    options.listener = config.controller_listeners.front();
    options.bootstrap = config.bootstrap_controllers;
    options.joins = values.flag("controller.quorum.auto.join.enable");
    options.election_timeout_ms = values.integer("controller.quorum.election.timeout.ms");
    options.fetch_timeout_ms = values.integer("controller.quorum.fetch.timeout.ms");
    options.election_backoff_max_ms = values.integer("controller.quorum.election.backoff.max.ms");
    options.retry_backoff_ms = values.integer("controller.quorum.retry.backoff.ms");
    options.fetch_bytes =
        static_cast<std::int32_t>(values.integer("controller.quorum.fetch.max.bytes"));
    options.snapshot_bytes =
        static_cast<std::int32_t>(values.integer("controller.quorum.fetch.snapshot.max.bytes"));
    for (const auto& info : listeners) {
        if (info.is_controller) options.endpoints.push_back({info.name, info.advertised});
    }
    return options;
}

}  // namespace

NodeSettings node_settings(const BrokerConfig& config) {
    const auto values = values_of(config);
    const auto int32 = [&](std::string_view key) {
        return static_cast<std::int32_t>(values.integer(key));
    };
    NodeSettings settings;
    auto& group = settings.group;
    group.min_session_timeout_ms = int32("group.min.session.timeout.ms");
    group.max_session_timeout_ms = int32("group.max.session.timeout.ms");
    group.initial_rebalance_delay_ms = int32("group.initial.rebalance.delay.ms");
    group.max_size = int32("group.max.size");
    group.offsets_retention_ms = values.integer("offsets.retention.minutes") * 60'000;
    group.offsets_retention_check_interval_ms =
        values.integer("offsets.retention.check.interval.ms");
    group.offset_metadata_max_bytes = int32("offset.metadata.max.bytes");
    group.offsets_commit_timeout_ms = int32("offsets.commit.timeout.ms");
    settings.fetch_session_slots =
        static_cast<std::size_t>(values.integer("max.incremental.fetch.session.cache.slots"));
    settings.fetch_bytes_max = values.integer("fetch.max.bytes");
    const bool believes_headers = values.text("kcore.produce.validation") == "header";
    settings.produce_trust = believes_headers ? record::Trust::header : record::Trust::strict;
    settings.recovery_threads =
        static_cast<std::size_t>(values.integer("num.recovery.threads.per.data.dir"));
    const auto movers = values.optional_integer("num.replica.alter.log.dirs.threads");
    settings.mover_threads = movers ? static_cast<std::size_t>(std::max<std::int64_t>(*movers, 1))
                                    : config.log_dirs.size();
    auto& chores = settings.chores;
    const auto flush_check_ms = values.integer("log.flush.scheduler.interval.ms");
    if (flush_check_ms > 0) chores.flush_ms = std::min(chores.flush_ms, flush_check_ms);
    chores.high_watermarks_ms = values.integer("replica.high.watermark.checkpoint.interval.ms");
    chores.recovery_points_ms = values.integer("log.flush.offset.checkpoint.interval.ms");
    chores.log_starts_ms = values.integer("log.flush.start.offset.checkpoint.interval.ms");
    chores.retention_ms = values.integer("log.retention.check.interval.ms");
    chores.first_retention_ms = values.integer("log.initial.task.delay.ms");
    settings.directory_failure_timeout_ms = values.integer("log.dir.failure.timeout.ms");
    settings.lag_max_ms = values.integer("replica.lag.time.max.ms");
    auto& fetchers = settings.fetchers;
    fetchers.fetcher.broker_id = config.node_id;
    fetchers.fetcher.wait_max_ms = int32("replica.fetch.wait.max.ms");
    fetchers.fetcher.bytes_min = int32("replica.fetch.min.bytes");
    fetchers.fetcher.bytes_max = int32("replica.fetch.response.max.bytes");
    fetchers.fetcher.partition_bytes_max = int32("replica.fetch.max.bytes");
    fetchers.fetcher.backoff_ms = values.integer("replica.fetch.backoff.ms");
    fetchers.timeout_ms = values.integer("replica.socket.timeout.ms");
    fetchers.listener = config.inter_broker_listener;
    const auto selector = values.optional_text("replica.selector.class").value_or("");
    settings.selects_by_rack = selector.ends_with("RackAwareReplicaSelector");
    return settings;
}

std::size_t fetchers_per_leader(const BrokerLevels& levels) {
    return static_cast<std::size_t>(Config::of_broker(levels).integer("num.replica.fetchers"));
}

CleanerSettings cleaner_settings(const BrokerLevels& levels) {
    const auto values = Config::of_broker(levels);
    const auto size = [&](std::string_view key) {
        return static_cast<std::size_t>(std::max<std::int64_t>(values.integer(key), 0));
    };
    CleanerSettings settings;
    settings.threads = values.flag("log.cleaner.enable") ? size("log.cleaner.threads") : 0;
    settings.map_bytes = size("log.cleaner.dedupe.buffer.size");
    settings.buffer_bytes = size("log.cleaner.io.buffer.size");
    settings.map_load_factor = values.number("log.cleaner.io.buffer.load.factor");
    settings.bytes_per_second = values.number("log.cleaner.io.max.bytes.per.second");
    settings.backoff_ms = values.integer("log.cleaner.backoff.ms");
    return settings;
}

ScrubberSettings scrubber_settings(const BrokerLevels& levels) {
    const auto values = Config::of_broker(levels);
    return {.bytes_per_second = static_cast<double>(values.integer("kcore.scrub.bytes.per.second")),
            .interval_ms = values.integer("kcore.scrub.interval.ms")};
}

double mover_bytes_per_second(const BrokerLevels& levels) {
    const auto values = Config::of_broker(levels);
    return static_cast<double>(values.integer("replica.alter.log.dirs.io.max.bytes.per.second"));
}

namespace {

Result<controller::ScramKeys> derive_scram_keys(std::int8_t mechanism, BytesView salted) {
    auto keys = security::scram_keys(static_cast<security::ScramMechanism>(mechanism), salted);
    if (!keys) return std::unexpected(std::move(keys).error());
    return controller::ScramKeys{std::move(keys->stored_key), std::move(keys->server_key)};
}

}  // namespace

ControllerOptions controller_options(const BrokerConfig& config,
                                     const std::vector<ListenerInfo>& listeners) {
    const auto values = values_of(config);
    ControllerOptions options;
    auto& settings = options.settings;
    settings.node_id = config.node_id;
    settings.derive_scram_keys = derive_scram_keys;
    settings.partitions_default = config.partitions_default;
    settings.replication_factor_default = config.replication_factor_default;
    settings.min_insync_replicas = static_cast<std::int32_t>(values.integer("min.insync.replicas"));
    settings.unclean_election = values.flag("unclean.leader.election.enable");
    settings.delete_topics = values.flag("delete.topic.enable");
    settings.rebalance_leaders = values.flag("auto.leader.rebalance.enable");
    settings.session_timeout_ms = config.session_timeout_ms;
    settings.max_idle_ms = values.integer("metadata.max.idle.interval.ms");
    settings.create_policy = config.create_policy;
    settings.alter_policy = config.alter_policy;
    options.fixed = config.settings;
    auto& raft = options.raft;
    raft.node_id = config.node_id;
    raft.voters = voters_of(config, listeners);
    raft.is_controller = config.is_controller;
    raft.replica = replica_options(config, values, listeners);
    raft.request_timeout_ms = values.integer("controller.quorum.request.timeout.ms");
    raft.segment_bytes = static_cast<std::int32_t>(values.integer("metadata.log.segment.bytes"));
    raft.segment_ms = values.integer("metadata.log.segment.ms");
    raft.retention_bytes = values.integer("metadata.max.retention.bytes");
    raft.retention_ms = values.integer("metadata.max.retention.ms");
    raft.snapshot_bytes = values.integer("metadata.log.max.record.bytes.between.snapshots");
    raft.snapshot_interval_ms = values.integer("metadata.log.max.snapshot.interval.ms");
    auto& registration = options.registration;
    registration.controller_id = config.node_id;
    for (const auto& info : listeners) {
        if (!info.is_controller) continue;
        auto& added = registration.listeners.emplace_back();
        added.name = info.name;
        added.host = info.advertised.host;
        added.port = info.advertised.port;
        added.security_protocol = info.security_protocol;
    }
    for (const auto& feature : metadata::supported_features()) {
        auto& added = registration.features.emplace_back();
        added.name = feature.name;
        added.min_supported_version = feature.min;
        added.max_supported_version = feature.max;
    }
    options.expects_broker = config.is_broker;
    return options;
}

}  // namespace kcore::broker
