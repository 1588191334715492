#pragma once
// The settings of a node that the broker layer acts on, as plain values, and the checks that stop a
// start. Made from server.properties once; what changes while running is asked of the image.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/config.h"
#include "base/result.h"
#include "controller/policy.h"
#include "io/net.h"
#include "security/client_quotas.h"

namespace kcore::broker {

enum class SecurityProtocol : std::int16_t {
    plaintext = 0,
    ssl = 1,
    sasl_plaintext = 2,
    sasl_ssl = 3
};

struct ListenerConfig {
    std::string name;
    io::Address bind;        // An empty host: all interfaces. Port 0: the system chooses.
    io::Address advertised;  // An empty host: this machine's name; port 0: the one bound.
    bool is_advertised = false;
    bool is_controller = false;
    SecurityProtocol protocol = SecurityProtocol::plaintext;
    std::int64_t connections_max = INT32_MAX;      // Of this listener; all share the node's.
    std::int64_t connection_rate_max = INT32_MAX;  // New ones a second.
};

struct Voter {
    std::int32_t id = -1;
    io::Address address;
};

// How many connections there may be; changes while running.
struct ConnectionCaps {
    std::int64_t max = INT32_MAX;
    std::int64_t per_ip_max = INT32_MAX;
    std::map<std::string, std::int64_t> per_ip;  // Overrides by address or name.
    std::int64_t rate_max = INT32_MAX;           // New ones a second.
};
//   invalid_config  an override that is none, or nobody could connect
Result<ConnectionCaps> connection_caps(const Config& values);

struct BrokerConfig {
    std::int32_t node_id = -1;
    bool is_broker = false;
    bool is_controller = false;
    std::string rack;  // Empty: none.

    std::vector<ListenerConfig> listeners;
    std::string inter_broker_listener;
    std::vector<std::string> controller_listeners;  // Brokers dial the first.
    std::vector<Voter> voters;                      // controller.quorum.voters
    std::vector<io::Address> bootstrap_controllers;

    std::vector<std::string> log_dirs;
    std::string metadata_log_dir;

    // Development: clients are told the address they dialled, whatever is advertised.
    bool advertise_dialled = false;

    std::size_t loops = 0;  // num.network.threads; 0, when it is not set: one per core.
    io::SocketOptions sockets;
    std::int32_t request_bytes_max = 100 << 20;
    std::int64_t queued_request_bytes_max = -1;
    std::int64_t memory_bytes_max = -1;  // kcore.memory.max
    std::int32_t telemetry_bytes_max = 1 << 20;
    std::int64_t connections_idle_ms = 600'000;
    ConnectionCaps connections;

    std::int64_t heartbeat_interval_ms = 2'000;
    std::int64_t session_timeout_ms = 9'000;
    std::int64_t registration_timeout_ms = 60'000;
    std::int64_t request_timeout_ms = 30'000;
    bool controlled_shutdown = true;
    bool auto_create_topics = true;
    bool unstable_api_versions = false;
    std::int32_t partitions_default = 1;
    std::int16_t replication_factor_default = 1;
    std::int32_t describe_partitions_max = 2'000;  // max.request.partition.size.limit

    std::int32_t offsets_partitions = 50;
    std::int16_t offsets_replication_factor = 3;
    std::int32_t offsets_segment_bytes = 100 << 20;

    controller::Policy create_policy;  // create.topic.policy.rules
    controller::Policy alter_policy;   // alter.config.policy.rules
    security::QuotaWindows quota_windows;

    ConfigMap settings;                // As set, by full name.
    std::vector<std::string> remarks;  // Worth a line in the log; not refused.
};

// From settings whose single values have been checked (check_server_properties).
//   invalid_config  the first start-up check that fails: key, value, what is allowed
Result<BrokerConfig> make_broker_config(const ConfigMap& settings);

// invalid_config: "<key>=<value>: <why>".
std::unexpected<Error> refuse_setting(std::string_view key, std::string_view value,
                                      std::string_view why);

}  // namespace kcore::broker
