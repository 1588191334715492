#include "broker/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/parse_number.h"
#include "broker/listener_config.h"

namespace kcore::broker {

namespace {

using Check = Result<void> (*)(const Config&, BrokerConfig&);

char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

Result<void> read_identity(const Config& values, BrokerConfig& config) {
    for (const auto& role : values.list("process.roles")) {
        if (role == "broker") config.is_broker = true;
        if (role == "controller") config.is_controller = true;
    }
    if (!config.is_broker && !config.is_controller) {
        return refuse_setting("process.roles", "", "broker, controller or both must be named");
    }
    const auto node_id = values.optional_integer("node.id").value_or(-1);
    const auto broker_id = values.optional_integer("broker.id").value_or(-1);
    const bool has_node = values.is_set("node.id");
    const bool has_broker = values.is_set("broker.id") && broker_id >= 0;
    if (!has_node && !has_broker) return refuse_setting("node.id", "", "it must be set");
    if (has_node && has_broker && node_id != broker_id) {
        return refuse_setting("node.id", std::to_string(node_id),
                              fmt::format("broker.id={} must be the same", broker_id));
    }
    config.node_id = static_cast<std::int32_t>(has_node ? node_id : broker_id);
    // Each stands for the other, also where settings are described.
    config.settings["node.id"] = config.settings["broker.id"] = std::to_string(config.node_id);
    config.rack = values.optional_text("broker.rack").value_or("");
    return {};
}

Result<void> read_quorum(const Config& values, BrokerConfig& config) {
    constexpr std::string_view kVoters = "controller.quorum.voters";
    constexpr std::string_view kServers = "controller.quorum.bootstrap.servers";
    for (const auto& item : values.list(kVoters)) {
        const auto at = item.find('@');
        Voter voter;
        if (at == std::string::npos ||
            !parse_number(std::string_view(item).substr(0, at), voter.id)) {
            return refuse_setting(kVoters, item, "a voter is id@host:port");
        }
        auto address = parse_address(kVoters, item, std::string_view(item).substr(at + 1));
        if (!address) return std::unexpected(std::move(address).error());
        voter.address = std::move(*address);
        config.voters.push_back(std::move(voter));
    }
    for (const auto& item : values.list(kServers)) {
        auto address = parse_address(kServers, item, item);
        if (!address) return std::unexpected(std::move(address).error());
        config.bootstrap_controllers.push_back(std::move(*address));
    }
    if (config.voters.empty() && config.bootstrap_controllers.empty()) {
        return refuse_setting(kVoters, "", fmt::format("it, or {}, must be set", kServers));
    }
    const bool is_voter = std::ranges::any_of(
        config.voters, [&](const Voter& voter) { return voter.id == config.node_id; });
    if (config.is_controller && !config.voters.empty() && !is_voter) {
        return refuse_setting(
            kVoters, values.value(kVoters).to_text(),
            fmt::format("a controller must be in it: node.id={}", config.node_id));
    }
    if (!config.is_controller && is_voter) {
        return refuse_setting(
            kVoters, values.value(kVoters).to_text(),
            fmt::format("a node that is only a broker must not be in it: node.id={}",
                        config.node_id));
    }
    if (!config.is_controller && values.flag("controller.quorum.auto.join.enable")) {
        return refuse_setting("controller.quorum.auto.join.enable", "true",
                              "only a controller can join");
    }
    return {};
}

Result<void> read_log_dirs(const Config& values, BrokerConfig& config) {
    config.log_dirs = values.list("log.dirs");
    if (config.log_dirs.empty()) config.log_dirs = values.list("log.dir");
    if (config.log_dirs.empty())
        return refuse_setting("log.dirs", "", "at least one directory is needed");
    config.metadata_log_dir =
        values.optional_text("metadata.log.dir").value_or(config.log_dirs.front());
    const auto cordoned = values.list("cordoned.log.dirs");
    for (const auto& dir : cordoned) {
        if (dir == "*" && cordoned.size() == 1) continue;
        if (std::ranges::find(config.log_dirs, dir) != config.log_dirs.end()) continue;
        return refuse_setting("cordoned.log.dirs", dir, "it is not in log.dirs, or * is not alone");
    }
    if (values.integer("log.retention.hours") == 0) {
        return refuse_setting("log.retention.hours", "0", "it must be -1 or at least 1");
    }
    const auto per_cleaner = values.integer("log.cleaner.dedupe.buffer.size") /
                             std::max<std::int64_t>(1, values.integer("log.cleaner.threads"));
    if (per_cleaner <= 1 << 20) {
        return refuse_setting("log.cleaner.dedupe.buffer.size",
                              values.value("log.cleaner.dedupe.buffer.size").to_text(),
                              "every cleaner thread needs more than 1 MiB of it");
    }
    return {};
}

// listener.name.<listener>.<key>: the limits that a listener may have of its own.
void read_listener_limits(BrokerConfig& config) {
    for (const auto& [name, value] : config.settings) {
        const auto parts = split_broker_key(name);
        if (parts.listener.empty()) continue;
        const auto listener = std::ranges::find_if(config.listeners, [&](const auto& one) {
            return std::ranges::equal(one.name, parts.listener, {}, to_lower);
        });
        if (listener == config.listeners.end()) {
            config.remarks.push_back(
                fmt::format("{} has no effect: listeners has no {} (names are in lower case here)",
                            name, parts.listener));
            continue;
        }
        if (!parts.mechanism.empty()) continue;
        if (parts.key == "max.connections") parse_number(value, listener->connections_max);
        if (parts.key == "max.connection.creation.rate") {
            parse_number(value, listener->connection_rate_max);
        }
    }
}

Result<void> read_network(const Config& values, BrokerConfig& config) {
    if (values.is_set("num.network.threads")) {
        config.loops = static_cast<std::size_t>(values.integer("num.network.threads"));
    }
    // Kafka's defaults (100 KiB, 50) switch the system's own tuning off; only what is set counts.
    const auto set_or = [&](std::string_view key, int other) {
        return values.is_set(key) ? static_cast<int>(values.integer(key)) : other;
    };
    config.sockets.send_buffer_bytes = set_or("socket.send.buffer.bytes", -1);
    config.sockets.receive_buffer_bytes = set_or("socket.receive.buffer.bytes", -1);
    config.sockets.backlog = set_or("socket.listen.backlog.size", config.sockets.backlog);
    config.sockets.congestion =
        values.optional_text("kcore.socket.congestion.control").value_or("");
    config.request_bytes_max =
        static_cast<std::int32_t>(values.integer("socket.request.max.bytes"));
    config.queued_request_bytes_max = values.integer("queued.max.request.bytes");
    config.memory_bytes_max = values.integer("kcore.memory.max");
    config.telemetry_bytes_max = static_cast<std::int32_t>(values.integer("telemetry.max.bytes"));
    config.connections_idle_ms = values.integer("connections.max.idle.ms");
    read_listener_limits(config);
    if (config.queued_request_bytes_max > 0 &&
        config.queued_request_bytes_max < config.request_bytes_max) {
        return refuse_setting("queued.max.request.bytes",
                              std::to_string(config.queued_request_bytes_max),
                              fmt::format("it must be -1 or at least socket.request.max.bytes={}",
                                          config.request_bytes_max));
    }
    const auto delay_ms = values.integer("connection.failed.authentication.delay.ms");
    if (config.connections_idle_ms >= 0 && delay_ms >= config.connections_idle_ms) {
        return refuse_setting("connection.failed.authentication.delay.ms", std::to_string(delay_ms),
                              "it must be below connections.max.idle.ms");
    }
    auto caps = connection_caps(values);
    if (!caps) return std::unexpected(std::move(caps).error());
    config.connections = std::move(*caps);
    return {};
}

Result<void> read_controller_client(const Config& values, BrokerConfig& config) {
    config.heartbeat_interval_ms = values.integer("broker.heartbeat.interval.ms");
    config.session_timeout_ms = values.integer("broker.session.timeout.ms");
    config.registration_timeout_ms = values.integer("initial.broker.registration.timeout.ms");
    config.request_timeout_ms = values.integer("request.timeout.ms");
    config.controlled_shutdown = values.flag("controlled.shutdown.enable");
    if (config.heartbeat_interval_ms * 2 > config.session_timeout_ms) {
        config.remarks.push_back(
            fmt::format("broker.heartbeat.interval.ms={} is more than half of "
                        "broker.session.timeout.ms={}: one lost heartbeat fences the broker",
                        config.heartbeat_interval_ms, config.session_timeout_ms));
    }
    const auto wait_ms = values.integer("replica.fetch.wait.max.ms");
    for (const std::string_view key : {"replica.socket.timeout.ms", "replica.lag.time.max.ms"}) {
        if (wait_ms <= values.integer(key)) continue;
        return refuse_setting("replica.fetch.wait.max.ms", std::to_string(wait_ms),
                              fmt::format("it must not be above {}={}", key, values.integer(key)));
    }
    return {};
}

Result<void> read_topics(const Config& values, BrokerConfig& config) {
    const auto int32 = [&](std::string_view key) {
        return static_cast<std::int32_t>(values.integer(key));
    };
    const auto int16 = [&](std::string_view key) {
        return static_cast<std::int16_t>(values.integer(key));
    };
    config.auto_create_topics = values.flag("auto.create.topics.enable");
    config.unstable_api_versions = values.flag("unstable.api.versions.enable");
    config.partitions_default = int32("num.partitions");
    config.replication_factor_default = int16("default.replication.factor");
    config.describe_partitions_max = int32("max.request.partition.size.limit");
    config.offsets_partitions = int32("offsets.topic.num.partitions");
    config.offsets_replication_factor = int16("offsets.topic.replication.factor");
    config.offsets_segment_bytes = int32("offsets.topic.segment.bytes");
    return {};
}

Result<void> read_rules(const Config& values, BrokerConfig& config) {
    const auto read = [&](std::string_view key, controller::Policy& into) -> Result<void> {
        const auto text = values.optional_text(key).value_or("");
        auto policy = controller::parse_policy(text);
        if (!policy) return refuse_setting(key, text, policy.error().what);
        into = std::move(*policy);
        return {};
    };
    if (auto ok = read("create.topic.policy.rules", config.create_policy); !ok) return ok;
    auto& windows = config.quota_windows;
    windows.client_samples = values.integer("quota.window.num");
    windows.client_sample_s = values.integer("quota.window.size.seconds");
    windows.controller_samples = values.integer("controller.quota.window.num");
    windows.controller_sample_s = values.integer("controller.quota.window.size.seconds");
    return read("alter.config.policy.rules", config.alter_policy);
}

}  // namespace

std::unexpected<Error> refuse_setting(std::string_view key, std::string_view value,
                                      std::string_view why) {
    return fail(Errc::invalid_config, fmt::format("{}={}: {}", key, value, why));
}

Result<ConnectionCaps> connection_caps(const Config& values) {
    constexpr std::string_view kOverrides = "max.connections.per.ip.overrides";
    ConnectionCaps caps;
    caps.max = values.integer("max.connections");
    caps.per_ip_max = values.integer("max.connections.per.ip");
    caps.rate_max = values.integer("max.connection.creation.rate");
    for (const auto& item : split_list(values.optional_text(kOverrides).value_or(""))) {
        const auto at = item.rfind(':');
        std::int64_t count = 0;
        if (at == std::string::npos || at == 0 ||
            !parse_number(std::string_view(item).substr(at + 1), count)) {
            return refuse_setting(kOverrides, item, "an override is host:count");
        }
        caps.per_ip[item.substr(0, at)] = count;
    }
    if (caps.per_ip_max == 0 && caps.per_ip.empty()) {
        return refuse_setting("max.connections.per.ip", "0",
                              "without overrides nobody could connect");
    }
    return caps;
}

Result<BrokerConfig> make_broker_config(const ConfigMap& settings) {
    BrokerLevels levels;
    levels.fixed = settings;
    const auto values = Config::of_broker(levels);
    BrokerConfig config;
    config.settings = settings;
    constexpr Check kChecks[] = {read_identity, read_listeners,         read_quorum, read_log_dirs,
                                 read_network,  read_controller_client, read_topics, read_rules};
    for (const auto check : kChecks) {
        auto checked = check(values, config);
        if (!checked) return std::unexpected(std::move(checked).error());
    }
    return config;
}

}  // namespace kcore::broker
