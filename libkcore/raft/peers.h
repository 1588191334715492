#pragma once
// The connections of a replica to the others: carries its requests and brings the answers. Lives on
// one loop.

#include <asio/awaitable.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "io/env.h"
#include "io/wait.h"
#include "raft/replica_types.h"
#include "rpc/channel.h"

namespace kcore::raft {

struct PeersOptions {
    std::string client_id;
    std::string cluster_id;
    std::int64_t request_timeout_ms = 2000;
};

class Peers {
public:
    // Nothing: no answer came, or none that can be used.
    using Answered = std::function<void(RequestId, std::optional<Response>)>;

    Peers(io::Env& env, PeersOptions options, Answered answered);

    // Calls `answered` once, later.
    void send(Send request);

    // Nothing is answered any more; ends when all connections have.
    asio::awaitable<void> stop();

private:
    using Maybe = std::optional<Response>;

    rpc::Channel& channel(const Send& send);
    asio::awaitable<void> carry(std::shared_ptr<Send> send);
    asio::awaitable<Maybe> exchange(std::shared_ptr<Send> send, rpc::Channel* channel);
    asio::awaitable<Maybe> probe(rpc::Channel* channel, io::Deadline deadline);
    template <class Ask>
    asio::awaitable<Maybe> ask(rpc::Channel* channel, std::shared_ptr<Send> send,
                               io::Deadline deadline);

    io::Env& env_;
    const PeersOptions options_;
    Answered answered_;
    // A Fetch that waits must not hold up a vote: it has a connection of its own.
    std::map<std::pair<std::string, bool>, std::unique_ptr<rpc::Channel>> channels_;
    bool is_stopped_ = false;
    int under_way_ = 0;
    io::Signal ended_;
};

}  // namespace kcore::raft
