#include "client/client.h"

#include "client/cluster.h"
#include "client/runtime.h"

namespace kcore::client {

namespace {

io::Async<void> stop(Cluster& cluster) {
    co_await cluster.stop();
    co_return Result<void>();
}

io::Async<void> destroy(std::unique_ptr<Cluster>& cluster) {
    cluster.reset();
    co_return Result<void>();
}

}  // namespace

Client::Client(Config config)
    : runtime_(std::make_unique<Runtime>()),
      cluster_(std::make_unique<Cluster>(runtime_->env(), std::move(config))) {}

// Everything of the loop ends on the loop, before the loop does.
Client::~Client() {
    (void)runtime_->wait<void>([this] { return stop(*cluster_); });
    (void)runtime_->wait<void>([this] { return destroy(cluster_); });
}

const Config& Client::config() const { return cluster_->config(); }

}  // namespace kcore::client
