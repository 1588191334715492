#pragma once
// Limits of addresses that are given by hosts' names (KIP-612, max.connections.per.ip.overrides):
// names are resolved beside the loop, again now and then, and count for the addresses they have.
// Lives on the control loop.

#include <asio/awaitable.hpp>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "broker/connection_quota.h"
#include "io/env.h"
#include "io/wait.h"
#include "security/client_quotas.h"

namespace kcore::broker {

// The addresses of a host; none when it has none. Blocks.
using Resolve = std::function<std::vector<std::string>(const std::string& host)>;

class HostQuotas {
public:
    HostQuotas(io::Env& env, Resolve resolve, ConnectionQuota& connections,
               security::ClientQuotas& clients);

    // In force at once, by the addresses known so far.
    void set(security::ClientQuotas::Table quotas);
    void set(ConnectionCaps caps);

    void start();
    asio::awaitable<void> stop();  // Returns when nothing is under way.

private:
    using Addresses = std::map<std::string, std::vector<std::string>>;  // By name.

    asio::awaitable<void> run();
    std::vector<std::string> names() const;
    void put_quotas();
    void put_caps();

    io::Env& env_;
    const Resolve resolve_;
    ConnectionQuota& connections_;
    security::ClientQuotas& clients_;
    security::ClientQuotas::Table quotas_;
    ConnectionCaps caps_;
    Addresses addresses_;
    io::Signal wake_;
    io::Signal ended_;
    bool is_running_ = false;
    bool stopping_ = false;
};

}  // namespace kcore::broker
