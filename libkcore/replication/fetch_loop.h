#pragma once
// Carries out what a replication/fetcher decides: one connection to one leader, one request under
// way. Lives on the loop of its Env; follow(), leave() and end() may be called from any.

#include <asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "io/env.h"
#include "io/wait.h"
#include "replication/fetcher.h"
#include "rpc/channel.h"

namespace kcore::replication {

struct FetchLoopOptions {
    FetcherOptions fetcher;
    io::Address leader;
    std::string client_id;
    std::int64_t timeout_ms = 30'000;            // replica.socket.timeout.ms
    std::function<std::int64_t()> broker_epoch;  // From any thread.
};

class FetchLoop : public std::enable_shared_from_this<FetchLoop> {
public:
    // `env` outlives it. Runs until end(), which must be called.
    static std::shared_ptr<FetchLoop> start(io::Env& env, FetchLoopOptions options, Logger logger);

    using Roles = std::vector<std::pair<PartitionRef, std::int32_t>>;  // With leader epochs.
    void follow(Roles roles);
    void leave(std::vector<TopicPartition> names);
    // Calls `done` on the loop when nothing is under way any more.
    void end(std::move_only_function<void()> done);

    FetchLoop(io::Env& env, FetchLoopOptions options, Logger logger);  // For start().

private:
    using ChannelPtr = std::shared_ptr<rpc::Channel>;

    static asio::awaitable<void> run(std::shared_ptr<FetchLoop> self);
    asio::awaitable<void> fetch_once();
    asio::awaitable<void> repair(Repair what);
    io::Async<LogEnd> cut(Repair what);
    io::Async<std::int64_t> list_offset(Repair what, std::int64_t position);
    void hang_up();
    static asio::awaitable<void> retire(std::shared_ptr<FetchLoop> self, ChannelPtr channel);
    ChannelPtr dial() const;
    std::int64_t now_ms() const;

    io::Env& env_;
    const FetchLoopOptions options_;
    Logger logger_;
    Fetcher fetcher_;
    ChannelPtr channel_;
    io::Signal news_;
    bool is_asking_ = false;
    int hanging_up_ = 0;
    bool stopping_ = false;
    std::move_only_function<void()> on_end_;
};

}  // namespace kcore::replication
