#pragma once
// A connection to a cluster: one thread of its own, connections shared by the producers, consumers
// and admins made over it, which it must outlive.

#include <memory>

#include "client/config.h"

namespace kcore::client {

class Cluster;
class Runtime;

// Thread-safe.
class Client {
public:
    explicit Client(Config config);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    const Config& config() const;

    // For the classes of this folder.
    Runtime& runtime() { return *runtime_; }
    Cluster& cluster() { return *cluster_; }

private:
    std::unique_ptr<Runtime> runtime_;
    std::unique_ptr<Cluster> cluster_;
};

}  // namespace kcore::client
