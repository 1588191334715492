#pragma once
// A node of the cluster, from its settings to its last byte: wires the parts, starts and stops them
// in order. Decides nothing itself. Lives on the control loop, as do the controller, the link to it
// and the listeners; connections live on the workers' loops.
//
// Start: directories -> listeners bound -> controller leads -> registered -> unfenced -> serving.
// Stop: no new connections -> left the cluster -> groups resigned -> requests finished ->
// controller
//       and logs closed -> directories marked clean.

#include <asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/log_levels.h"
#include "base/logger.h"
#include "broker/admin_pages.h"
#include "broker/config.h"
#include "broker/host_quotas.h"
#include "broker/memory_ceiling.h"
#include "broker/request.h"
#include "io/env.h"

namespace kcore::broker {

struct ServerOptions {
    BrokerConfig config;
    Logger logger;
    std::shared_ptr<LogLevels> log_levels;  // The logger's; null: admins cannot change them.
    ProcessMemory memory;
    Resolve resolve;                           // Null: no host has an address.
    io::Pool* names_pool = nullptr;            // For it alone, who waits for others; null: any.
    std::int64_t descriptors_max = INT32_MAX;  // Of files and connections together.
    std::string cluster_id;       // For directories never used before; empty: a random one.
    bool is_id_required = false;  // A start in directories of another cluster is refused.
    std::int64_t stop_timeout_ms = 10'000;  // For requests under way, and for leaving the cluster.
    // The directories are this node's, and its listeners have their ports; on the control loop.
    std::function<void()> on_bound;
    // The node cannot go on (its metadata log failed, another took its place); on the control loop.
    std::function<void(const Error&)> on_fatal;

    std::int64_t memory_bytes_max() const {
        return config.memory_bytes_max < 0 ? memory.limit_bytes : config.memory_bytes_max;
    }
    io::Pool& pool_for_names(const io::Env& env) const {
        return names_pool != nullptr ? *names_pool : env.pool;
    }
};

class Server {
public:
    // The loops run, or will be run, by the caller; at least one worker. Workers may be `control`.
    Server(ServerOptions options, io::Env& control, std::vector<io::Env*> workers);
    ~Server();  // After stop(), or never started.

    // On the control loop. Returns when the broker serves: a produce will succeed. After an error
    // stop() cleans up.
    io::Async<void> start();
    // On the control loop: a start under way gives up soon, with or without an error.
    void interrupt();
    asio::awaitable<void> stop();

    // Of the listeners, with the ports bound; from on_bound on.
    std::vector<ListenerInfo> listeners() const;
    const std::string& cluster_id() const;

    // What the admin endpoint shows; from any thread, once it serves. May block for a moment.
    Page page(std::string_view path) const;

    // The parts that are made by now, for who looks into a running node.
    const Services& services() const;

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace kcore::broker
