#pragma once
// Asks the controller for the changes of the ISR that this broker's partitions propose, many in one
// AlterPartition, one request under way. A question stands until it is answered: meanwhile the
// partition counts on both outcomes. Lives on the control loop; due() may be called from any.

#include <asio/awaitable.hpp>
#include <functional>
#include <map>
#include <mutex>
#include <vector>

#include "base/logger.h"
#include "broker/controller_link.h"
#include "io/env.h"
#include "io/wait.h"
#include "protocol/api/alter_partition.h"
#include "replication/partitions.h"

namespace kcore::broker {

class IsrChanges {
public:
    // `partitions` outlives it.
    IsrChanges(io::Env& env, replication::Partitions& partitions, std::int32_t broker_id,
               std::int64_t lag_max_ms, Logger logger);

    // Somebody is fit to join the ISR of this one.
    void due(replication::PartitionRef partition);

    // Looks for laggards and asks, until stop().
    void start(ControllerLink& link, std::function<std::int64_t()> broker_epoch);
    asio::awaitable<void> stop();  // Returns when nothing is under way.

private:
    using Request = protocol::AlterPartitionRequest;
    using Response = protocol::AlterPartitionResponse;
    struct Asked {
        replication::PartitionRef partition;
        replication::IsrProposal proposal;
    };

    asio::awaitable<void> run();
    asio::awaitable<void> ask(std::vector<Asked> asked);
    std::vector<Asked> collect();
    Request request_of(const std::vector<Asked>& asked) const;
    void take(const std::vector<Asked>& asked, const Response& answer);
    void take_one(const Asked& asked, const Response::PartitionData& answer);

    io::Env& env_;
    replication::Partitions& partitions_;
    const std::int32_t broker_id_;
    const std::int64_t check_ms_;
    Logger logger_;
    ControllerLink* link_ = nullptr;
    std::function<std::int64_t()> broker_epoch_;
    std::mutex mutex_;
    std::map<TopicPartition, replication::PartitionRef> due_;  // Guarded by the mutex.
    io::Instant next_check_;
    io::Signal news_;
    io::Signal::Remote news_remote_;
    io::Signal ended_;
    bool is_running_ = false;
    bool stopping_ = false;
};

}  // namespace kcore::broker
