#pragma once
// Which partitions this broker fetches from whom, as the image says, and the loops that do it.
// Lives on the control loop.

#include <asio/awaitable.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/logger.h"
#include "io/env.h"
#include "io/wait.h"
#include "metadata/changes.h"
#include "metadata/image.h"
#include "replication/fetch_loop.h"
#include "replication/partitions.h"

namespace kcore::broker {

struct ReplicaFetcherOptions {
    replication::FetcherOptions fetcher;
    std::int64_t timeout_ms = 30'000;            // replica.socket.timeout.ms
    std::string listener;                        // Of the brokers among themselves.
    std::function<std::int64_t()> broker_epoch;  // From any thread.
};

class ReplicaFetchers {
public:
    // What is referred to outlives it. Fetches run on `envs`, in turn.
    ReplicaFetchers(io::Env& control, std::vector<io::Env*> envs,
                    replication::Partitions& partitions, ReplicaFetcherOptions options,
                    Logger logger);

    // After the partitions have taken the roles of `image`.
    void apply(const metadata::Image& image, const metadata::Changes& changes);
    // num.replica.fetchers; at first 1.
    void set_count(const metadata::Image& image, std::size_t per_leader);
    asio::awaitable<void> stop();  // Returns when no fetch is under way.

private:
    using Key = std::pair<std::int32_t, std::size_t>;  // Leader, and which of its loops.
    struct Placed {
        Uuid topic;
        std::int32_t leader = -1;
        std::optional<Key> at;  // Nothing: its address is not known.
    };
    struct Running {
        std::shared_ptr<replication::FetchLoop> loop;
        metadata::Endpoint leader;
        std::size_t partitions = 0;
    };
    struct Batch {  // What one loop is told of one image.
        replication::FetchLoop::Roles follow;
        std::vector<TopicPartition> leave;
    };

    void place(const metadata::Image& image, const metadata::Topic& topic, std::int32_t number);
    void follow_brokers(const metadata::Image& image, const std::set<std::int32_t>& changed);
    void leave_deleted(const metadata::Image& image, const metadata::Changes& changes);
    void leave(const TopicPartition& name);
    Running& running(const Key& key, const metadata::Endpoint& leader);
    void tell();
    void end(const Key& key);

    io::Env& control_;
    const std::vector<io::Env*> envs_;
    replication::Partitions& partitions_;
    const ReplicaFetcherOptions options_;
    Logger logger_;
    std::map<TopicPartition, Placed> placed_;  // All that is followed.
    std::map<Key, Running> running_;
    std::map<Key, Batch> batches_;
    std::size_t per_leader_ = 1;
    std::size_t next_env_ = 0;
    bool stopping_ = false;
    int ending_ = 0;
    io::Signal ended_;
};

}  // namespace kcore::broker
