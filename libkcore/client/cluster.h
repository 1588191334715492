#pragma once
// A cluster from inside the client: connections to its brokers, what is known of it, and calls that
// find their broker. Retries of what an answer says are for the caller; pause() spaces them. Lives
// on the client's loop. Not part of the public interface.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "client/config.h"
#include "client/view.h"
#include "io/env.h"
#include "protocol/api/metadata.h"
#include "rpc/channel.h"

namespace kcore::client {

// A broker answers the requests of one connection in order, so what may wait long has its own.
enum class Lane : std::uint8_t { calls, produce, fetch, group };

using Topics = std::optional<std::vector<std::string>>;  // Nothing: all.

class Cluster {
public:
    Cluster(io::Env& env, Config config);

    io::Env& env() { return env_; }
    const Config& config() const { return config_; }
    const ViewPtr& view() const { return view_; }

    // The connection to a broker; a node id of -1 stands for any.
    //   broker_not_available  no broker of this id is known
    Result<rpc::Channel*> channel(std::int32_t node, Lane lane);

    template <class Response, class Request>
    io::Async<Response> call(std::int32_t node, Lane lane, Request request, io::Deadline deadline) {
        auto peer = channel(node, lane);
        if (!peer) co_return std::unexpected(std::move(peer).error());
        const auto until = limited(deadline);
        auto answer = co_await (*peer)->template call<Response>(std::move(request), until);
        co_return answer;
    }

    // Some broker that answers: known ones in turn, then the bootstrap addresses.
    io::Async<rpc::Channel*> any(io::Deadline deadline);

    template <class Response, class Request>
    io::Async<Response> call_any(Request request, io::Deadline deadline) {
        auto peer = co_await any(deadline);
        if (!peer) co_return std::unexpected(std::move(peer).error());
        const auto until = limited(deadline);
        auto answer = co_await (*peer)->template call<Response>(std::move(request), until);
        co_return answer;
    }

    // The broker that answers for the controller; any broker of a KRaft cluster forwards.
    io::Async<std::int32_t> controller(io::Deadline deadline);

    // A view that holds all of `topics`, from memory unless it is stale or lacks one.
    io::Async<ViewPtr> known(std::vector<std::string> topics, io::Deadline deadline);

    // Asks anew and publishes what it learns.
    io::Async<ViewPtr> refresh(Topics topics, io::Deadline deadline);

    // What is known of any topic is stale from now on.
    void forget_leaders() { forgotten_ = looks_; }
    // One of them is not known, or was learned too long ago.
    bool is_stale(const std::vector<std::string>& topics) const;

    // The group's coordinator, asking until there is one or the deadline comes.
    io::Async<std::int32_t> coordinator(std::string group, io::Deadline deadline);

    // Before retry `attempt` (from 1): back-off with jitter. False when the deadline comes first.
    asio::awaitable<bool> pause(int attempt, io::Deadline deadline);

    io::Deadline limited(io::Deadline deadline);  // By request.timeout.ms too.

    asio::awaitable<void> stop();

private:
    using Key = std::pair<std::string, Lane>;

    rpc::Channel* open(const io::Address& address, Lane lane, std::string name);
    io::Address reach(const io::Address& named) const;
    std::vector<io::Address> candidates();
    ViewPtr merge(const protocol::MetadataResponse& answer, bool all);
    io::Async<std::int32_t> ask_coordinator(std::string group, io::Deadline deadline);

    io::Env& env_;
    const Config config_;
    std::map<Key, std::unique_ptr<rpc::Channel>> channels_;
    ViewPtr view_ = std::make_shared<const ClusterView>();
    std::uint64_t looks_ = 0;      // Answers to Metadata so far.
    std::uint64_t forgotten_ = 0;  // Up to which of them topics are stale.
    io::Address entry_;            // The address that answered last.
    bool was_connected_ = false;
    std::size_t turn_ = 0;
};

// What an answer's error code means in words: "orders: UNKNOWN_TOPIC..." is for the tools to say.
std::unexpected<Error> refused(Errc code, const std::optional<std::string>& message,
                               std::string_view resource);

}  // namespace kcore::client
