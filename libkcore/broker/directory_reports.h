#pragma once
// Tells the controller where this broker's replicas lie when the image has them elsewhere
// (AssignReplicasToDirs, KIP-858): without it nobody would notice that a directory is missing.

#include <asio/awaitable.hpp>
#include <functional>
#include <map>
#include <mutex>
#include <utility>

#include "base/logger.h"
#include "base/uuid.h"
#include "broker/controller_link.h"
#include "io/env.h"
#include "io/wait.h"
#include "protocol/api/assign_replicas_to_dirs.h"

namespace kcore::broker {

// Lives on the controller link's loop; add() from any thread.
class DirectoryReports {
public:
    DirectoryReports(io::Env& env, std::int32_t broker_id, Logger logger);

    // The replica lies in `directory`; kDirLost: in none from which it can be served.
    void add(const Uuid& topic_id, std::int32_t partition, const Uuid& directory);

    // Sends what there is, and from then on what is added; once the broker has registered. Returns
    // after the first attempt.
    asio::awaitable<void> start(ControllerLink& link, std::function<std::int64_t()> broker_epoch);
    asio::awaitable<void> stop();

private:
    using Key = std::pair<Uuid, std::int32_t>;
    using Replicas = std::map<Key, Uuid>;

    asio::awaitable<void> run();
    asio::awaitable<bool> send();
    protocol::AssignReplicasToDirsRequest request_of(const Replicas& replicas) const;
    Replicas take();
    void put_back(Replicas unsent);

    io::Env& env_;
    const std::int32_t broker_id_;
    Logger logger_;
    ControllerLink* link_ = nullptr;
    std::function<std::int64_t()> broker_epoch_;
    std::mutex mutex_;
    Replicas waiting_;
    io::Signal news_;
    io::Signal::Remote news_remote_;
    io::Signal ended_;
    bool is_running_ = false;
    bool stopping_ = false;
};

}  // namespace kcore::broker
