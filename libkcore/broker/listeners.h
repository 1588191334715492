#pragma once
// Where a node listens: addresses bound before it starts, acceptors when it serves, and what comes
// and goes while it runs. Lives on the control loop.

#include <asio/awaitable.hpp>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/config.h"
#include "base/logger.h"
#include "base/result.h"
#include "broker/acceptor.h"
#include "broker/config.h"
#include "broker/connection_quota.h"
#include "broker/dispatch.h"
#include "broker/memory_ceiling.h"
#include "broker/worker.h"
#include "io/env.h"
#include "security/client_quotas.h"

namespace kcore::broker {

class Listeners {
public:
    // Who serves what comes; all outlive the connections.
    struct Serving {
        const Dispatch& for_clients;
        const Dispatch& for_nodes;
        std::vector<Worker*> workers;
        Worker* for_controllers;
        ConnectionQuota& quota;
        ConnectionQuota& quota_of_controllers;  // Clients do not take the places of nodes.
        security::ClientQuotas& client_quotas;
        const MemoryCeiling& memory;
    };

    Listeners(io::Env& env, const BrokerConfig& config, Logger logger)
        : env_(env), config_(config), logger_(std::move(logger)) {}

    // Those of the configuration. network_exception: an address cannot be had.
    Result<void> bind();
    // With the ports that were bound.
    const std::vector<ListenerInfo>& infos() const { return infos_; }

    void serve_with(Serving serving) { serving_.emplace(std::move(serving)); }
    // Takes connections, on the controllers' listeners or on the others.
    void accept(bool on_controller_listeners);

    // `listeners` has changed, once the node serves. As in Kafka by name: another address of one
    // that stays counts at the next start.
    void apply(const Config& values);

    asio::awaitable<void> stop_for_clients();
    asio::awaitable<void> stop();

private:
    using Bound = std::pair<std::unique_ptr<io::Listener>, ListenerInfo>;

    Result<Bound> bind(const ListenerConfig& listener) const;
    void accept(const ListenerConfig& own, Bound bound);
    void retire(std::unique_ptr<Acceptor> acceptor);

    io::Env& env_;
    const BrokerConfig& config_;
    Logger logger_;
    std::optional<Serving> serving_;
    std::vector<ListenerInfo> infos_;
    std::vector<Bound> bound_;  // As config_.listeners; empty where an acceptor has it.
    std::vector<std::unique_ptr<Acceptor>> acceptors_;
    std::vector<std::unique_ptr<Acceptor>> retired_;  // Connections may still refer to them.
};

}  // namespace kcore::broker
