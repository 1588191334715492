#pragma once
// Runs the controller of this node: feeds it requests and time, appends what it decides to the
// metadata log, answers when that is committed, and publishes the images. What is decided stands in
// controller/; the network in front of it belongs to the server. Lives on one loop.

#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "broker/caller.h"
#include "broker/controller_options.h"
#include "broker/quorum_answers.h"
#include "broker/refusal.h"
#include "controller/controller.h"
#include "io/env.h"
#include "metadata/publisher.h"
#include "protocol/api/add_raft_voter.h"
#include "protocol/api/describe_quorum.h"
#include "protocol/api/remove_raft_voter.h"
#include "raft/node.h"
#include "raft/wire.h"

namespace kcore::broker {

class ControllerRunner : private raft::Listener {
public:
    template <class Request>
    using ResponseTo = decltype(std::declval<controller::Controller&>()
                                    .decide(std::declval<Request&>(), controller::Moment())
                                    .response);

    // Blocks while the log is replayed. Publishes its first image once that is committed, on the
    // loop. `directory`, `env` and `publisher` outlive the runner. Errors as of raft::Node.
    static Result<std::unique_ptr<ControllerRunner>> start(ControllerOptions options,
                                                           log::LogDir& directory, io::Env& env,
                                                           metadata::Publisher& publisher,
                                                           Logger logger);
    ~ControllerRunner() override;

    // On the loop. Errors that Kafka puts into the response are in the response.
    //   not_controller       the log cannot be written, or the runner stops
    //   kafka_storage_error  the disk refused this one
    template <class Request>
    io::Async<ResponseTo<Request>> handle(Request request, Caller caller = {}) {
        if constexpr (std::is_same_v<Request, protocol::AlterClientQuotasRequest>) {
            auto hosts = controller::hosts_in(request);
            co_await resolve(std::move(hosts));
        }
        if (!node_->is_leader()) co_return fail(Errc::not_controller, "this node does not lead");
        std::int64_t throttle_ms = 0;
        const auto moment = moment_of(caller, throttle_ms);
        auto decision = controller_.decide(request, moment);
        if constexpr (requires { decision.response.throttle_time_ms; }) {
            decision.response.throttle_time_ms = static_cast<std::int32_t>(throttle_ms);
        }
        const auto end = append(decision.records);
        if (!end) co_return std::unexpected(end.error());
        if constexpr (std::is_same_v<Request, protocol::BrokerRegistrationRequest>) {
            node_->release_sync();
        }
        const auto done = co_await committed(*end);
        if (!done) co_return std::unexpected(done.error());
        // Who asked may act on it at once. A broker's own start waits for nothing but the commit.
        constexpr bool is_of_session =
            std::is_same_v<Request, protocol::BrokerRegistrationRequest> ||
            std::is_same_v<Request, protocol::BrokerHeartbeatRequest>;
        if constexpr (!is_of_session) co_await published(*end);
        co_return std::move(decision.response);
    }

    // The same for what the quorum itself answers.
    io::Async<protocol::DescribeQuorumResponse> handle(protocol::DescribeQuorumRequest request,
                                                       Caller caller);
    io::Async<protocol::AddRaftVoterResponse> handle(protocol::AddRaftVoterRequest request,
                                                     Caller caller);
    io::Async<protocol::RemoveRaftVoterResponse> handle(protocol::RemoveRaftVoterRequest request,
                                                        Caller caller);

    // What other replicas of the log, and operators, ask of this one.
    template <class Body>
    struct Answer {
        Answer() = default;
        raft::Response source;  // Records in `wire` are views into it.
        typename Body::Response wire;
    };
    template <class Body>
    asio::awaitable<Answer<Body>> ask(Body body) {
        Answer<Body> answer;
        auto message = request_of(body);
        if (!message) {
            answer.wire = refusal<typename Body::Response>(message.error());
            co_return answer;
        }
        auto got = co_await node_->handle(std::move(*message));
        if (!got) {
            const Error away(Errc::broker_not_available, got.error().what);
            answer.wire = refusal<typename Body::Response>(away);
            co_return answer;
        }
        answer.source = std::move(*got);
        const auto put = [&](const auto& is) {
            if constexpr (requires { raft::to_wire(is, answer.wire); }) {
                raft::to_wire(is, answer.wire);
            }
        };
        std::visit(put, answer.source);
        co_return answer;
    }

    // Whether this node leads and decides; from any thread.
    bool is_active() const { return is_active_.load(std::memory_order_relaxed); }
    const protocol::ControllerRegistrationRequest& registration() const {
        return options_.registration;
    }
    std::int32_t epoch() const { return node_->epoch(); }
    const raft::Node& node() const { return *node_; }
    // Called on the loop with whoever leads the quorum: now, and whenever that changes.
    void on_leader(std::move_only_function<void(const raft::LeaderInfo&)> call);
    // Called once, on the loop, when the metadata log cannot be used any more.
    void on_lost(std::move_only_function<void(const Error&)> call) { on_lost_ = std::move(call); }

    // Waiting requests are answered with not_controller; the log is closed.
    asio::awaitable<Result<void>> stop();

private:
    ControllerRunner(ControllerOptions options, io::Env& env, metadata::Publisher& publisher,
                     Logger logger);

    Result<void> load(const raft::SnapshotId& id, const raft::Snapshot& snapshot) override;
    Result<void> replay(const raft::LoggedBatch& batch) override;
    void caught_up() override;
    void lead(std::int32_t epoch) override;
    void lose(const Error& why) override;
    void leader_changed(const raft::LeaderInfo& leader) override;
    void failed(const Error& why) override;

    std::optional<metadata::Built> finish_loading();
    void broken(const Error& why);
    Result<void> begin(const std::string& directory);
    void register_self();
    Result<std::int64_t> append(std::span<const metadata::Record> records);
    io::Async<void> committed(std::int64_t end);
    protocol::DescribeQuorumResponse::ReplicaState state_of(
        const raft::Leadership::Progress& progress) const;
    QuorumView quorum_view() const;
    // `throttle_ms` becomes how long `caller` is to wait for what it took.
    controller::Moment moment_of(const Caller& caller, std::int64_t& throttle_ms);
    asio::awaitable<void> resolve(std::vector<std::string> hosts);
    void publish_later(metadata::Built built, std::int64_t end);
    void publish_committed();
    asio::awaitable<void> published(std::int64_t end);
    Result<void> check_cluster(const std::optional<std::string>& cluster_id) const;
    template <class Body>
    Result<raft::Request> request_of(const Body& body) const {
        if (auto ok = check_cluster(body.cluster_id); !ok) return std::unexpected(ok.error());
        auto message = raft::from_wire(body);
        if (!message) return std::unexpected(std::move(message).error());
        return raft::Request(std::move(*message));
    }
    void on_time();
    void arm(std::int64_t not_before_ms);
    void snapshot_if_due();
    std::int64_t now_ms() const;

    ControllerOptions options_;
    io::Env& env_;
    metadata::Publisher& publisher_;
    Logger logger_;
    controller::ConfigRules rules_;
    controller::Controller controller_;
    metadata::Replay replay_;
    std::atomic<bool> is_active_ = false;
    bool is_loading_ = false;  // The replay collects, and builds one image at the end.
    std::optional<Error> replay_error_;
    raft::LoggedBatch last_;  // Of what was replayed; without values.
    std::unique_ptr<raft::Node> node_;
    std::vector<metadata::Record> bootstrap_;
    std::set<std::string> hosts_;  // That had addresses when quotas were last changed.
    std::deque<std::pair<std::int64_t, metadata::Built>> unpublished_;  // By end offset.
    std::deque<std::int64_t> publishing_;                               // Likewise.
    std::vector<std::shared_ptr<io::Signal>> publication_waits_;
    io::Loop::Timer timer_;
    io::Loop::Timer release_timer_;
    std::move_only_function<void(const raft::LeaderInfo&)> on_leader_;
    std::move_only_function<void(const Error&)> on_lost_;
};

}  // namespace kcore::broker
