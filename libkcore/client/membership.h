#pragma once
// One member of a classic consumer group: join, sync, heartbeat, leave. Lives on the client's loop.
// Not part of the public interface.
//
// States: out -> joining -> stable -> revoking -> joining ... ; -> ended.
// 1. Heartbeats go while stable or revoking; a join or sync under way keeps the session alive
// itself.
// 2. The partitions are the consumer's from `stable` until it released them in `revoking`.
// 3. A cooperative member (KIP-429) keeps its partitions while it joins and releases, after the
//    sync, what it lost; then it joins again so that others may have it.

#include <mutex>
#include <string>
#include <vector>

#include "client/admin_calls.h"
#include "client/assignor.h"
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
    bool is_settled();      // The assignment is the group's latest, and nothing is to be released.

    // --- On the loop
    asio::awaitable<void> run();
    asio::awaitable<void> stop();

private:
    using Joined = protocol::JoinGroupResponse;

    io::Async<void> join();
    io::Async<Joined> join_once(std::int32_t node, io::Deadline deadline);
    io::Async<void> sync(Joined joined, std::int32_t node);
    io::Async<Shares> share_out(Joined joined);
    Bytes subscription(const std::string& assignor);
    io::Async<void> adopt(std::vector<TopicPartition> partitions);
    io::Async<void> begin(std::vector<TopicPartition> partitions);
    asio::awaitable<Errc> stay();
    io::Async<Errc> heartbeat();
    asio::awaitable<void> hand_back(std::vector<TopicPartition> partitions);
    asio::awaitable<void> leave();
    void forget_member();
    std::vector<TopicPartition> owned();
    void settle(bool is_settled);

    Cluster& cluster_;
    Fetcher& fetcher_;
    const std::vector<std::string> topics_;
    const bool is_cooperative_;
    std::vector<TopicPartition> had_;  // What the group gave last, and when.
    std::int32_t had_generation_ = -1;
    bool must_rejoin_ = false;
    io::Signal wake_;
    io::Signal::Remote wake_remote_;
    io::Signal ended_;
    std::string left_;  // The member id with which it left.
    bool is_running_ = false;
    bool is_stopping_ = false;

    std::mutex mutex_;  // Guards what follows.
    Committer me_;
    std::vector<TopicPartition> revoking_;
    bool is_revoking_ = false;
    bool is_settled_ = false;
};

}  // namespace kcore::client
