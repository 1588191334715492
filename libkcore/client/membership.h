#pragma once
// One member of a classic consumer group: join, sync, heartbeat, leave. Lives on the client's loop.
// Not part of the public interface.
//
// States: out -> joining -> stable -> revoking -> joining ... ; -> ended.
// 1. Heartbeats go only while stable; a join or sync under way keeps the session alive itself.
// 2. The partitions are the consumer's from `stable` until it released them in `revoking`.

#include <mutex>
#include <string>
#include <vector>

#include "client/admin_calls.h"
#include "client/cluster.h"
#include "client/fetcher.h"
#include "protocol/api/join_group.h"

namespace kcore::client {

class Membership {
public:
    Membership(Cluster& cluster, Fetcher& fetcher, std::vector<std::string> topics);

    // --- From the consumer's thread
    bool wants_release();  // The group rebalances: commit, then release().
    void release();
    Committer committer();  // Who commits now.

    // --- On the loop
    asio::awaitable<void> run();
    asio::awaitable<void> stop();

private:
    using Joined = protocol::JoinGroupResponse;

    io::Async<void> join();
    io::Async<Joined> join_once(std::int32_t node, io::Deadline deadline);
    io::Async<void> sync(Joined joined, std::int32_t node);
    io::Async<void> begin(std::vector<TopicPartition> partitions);
    asio::awaitable<Errc> heartbeat();
    asio::awaitable<void> hand_back();
    asio::awaitable<void> leave();
    void forget_member();

    Cluster& cluster_;
    Fetcher& fetcher_;
    const std::vector<std::string> topics_;
    io::Signal wake_;
    io::Signal::Remote wake_remote_;
    io::Signal ended_;
    bool is_running_ = false;
    bool is_stopping_ = false;

    std::mutex mutex_;  // Guards what follows.
    Committer me_;
    bool is_revoking_ = false;
};

}  // namespace kcore::client
