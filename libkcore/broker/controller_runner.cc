#include "broker/controller_runner.h"

#include <fmt/format.h>

#include <algorithm>

#include "io/pool.h"
#include "io/steady.h"
#include "io/wait.h"
#include "metadata/snapshot.h"

namespace kcore::broker {
namespace {

// How long the first records wait for the broker of this process.
constexpr std::int64_t kBrokerWaitMs = 20;
constexpr std::int64_t kDiskRetryMs = 200;  // After the disk refused what time brought.
constexpr std::int64_t kCommitMs = 60'000;  // Longer than any healthy disk takes.

metadata::Changes all_of(const metadata::Image& image) {
    metadata::Changes all;
    all.from_snapshot = true;
    image.topics_by_id.for_each([&](const Uuid& id, const metadata::TopicPtr& topic) {
        auto& changed = all.topics[id];
        changed.name = topic->name;
        changed.created = true;
        for (std::int32_t i = 0; i < topic->partition_count(); ++i) changed.partitions.insert(i);
    });
    image.configs.for_each(
        [&](const auto& resource, const auto&) { all.configs.insert(resource); });
    for (const auto& [id, broker] : *image.brokers) all.brokers.insert(id);
    all.controllers = all.features = all.quotas = all.scram = all.acls = all.tokens = true;
    return all;
}

struct Wait {
    explicit Wait(io::Loop& loop) : signal(loop), result(fail(Errc::request_timed_out, "")) {}
    io::Signal signal;
    Result<void> result;
};

}  // namespace

ControllerRunner::ControllerRunner(ControllerOptions options, io::Env& env,
                                   metadata::Publisher& publisher, Logger logger)
    : options_(std::move(options)),
      env_(env),
      publisher_(publisher),
      logger_(std::move(logger)),
      rules_(options_.settings.node_id, options_.fixed),
      controller_(options_.settings, rules_, [&env] { return env.random.next(); }, logger_) {}

ControllerRunner::~ControllerRunner() {
    env_.loop.cancel(timer_);
    env_.loop.cancel(release_timer_);
}

Result<std::unique_ptr<ControllerRunner>> ControllerRunner::start(ControllerOptions options,
                                                                  log::LogDir& directory,
                                                                  io::Env& env,
                                                                  metadata::Publisher& publisher,
                                                                  Logger logger) {
    std::unique_ptr<ControllerRunner> runner(
        new ControllerRunner(std::move(options), env, publisher, logger));
    auto node =
        raft::Node::open(std::move(runner->options_.raft), directory, env, logger.named("raft"));
    if (!node) return std::unexpected(node.error());
    runner->node_ = std::move(*node);
    if (auto done = runner->begin(directory.path()); !done) return std::unexpected(done.error());
    return runner;
}

Result<void> ControllerRunner::begin(const std::string& directory) {
    last_.last_offset = -1;
    const auto first = raft::read_bootstrap(env_.disk, directory);
    if (!first) return std::unexpected(first.error());
    for (const auto& value : *first) {
        auto record = metadata::decode_record(value);
        if (!record) return std::unexpected(record.error());
        bootstrap_.push_back(std::move(*record));
    }
    if (bootstrap_.empty()) bootstrap_ = metadata::bootstrap_records();
    if (options_.expects_broker) node_->hold_sync();
    if (auto done = node_->start(*this); !done) return done;
    if (replay_error_) return std::unexpected(*replay_error_);
    if (options_.expects_broker) {
        auto release = [this] { node_->release_sync(); };
        env_.loop.call_at(release_timer_, env_.clock.in_ms(kBrokerWaitMs), std::move(release));
    }
    return {};
}

Result<void> ControllerRunner::load(const raft::SnapshotId& id, const raft::Snapshot& snapshot) {
    replay_.begin_snapshot();
    is_loading_ = true;
    last_.last_offset = id.end_offset - 1;
    last_.epoch = id.epoch;
    last_.append_ms = snapshot.last_contained_ms;
    return replay_.add_snapshot(snapshot.values);
}

Result<void> ControllerRunner::replay(const raft::LoggedBatch& batch) {
    last_.last_offset = batch.last_offset;
    last_.epoch = batch.epoch;
    last_.append_ms = batch.append_ms;
    const auto wrong = [&](const Error& error) {
        return fail(error.code, fmt::format("metadata record at or after offset {}: {}",
                                            batch.base_offset, error.what));
    };
    if (is_loading_) {
        auto added = replay_.add_snapshot(batch.values);
        if (!added) return wrong(added.error());
        return {};
    }
    auto built = batch.is_control ? replay_.skip(batch.last_offset, batch.epoch, batch.append_ms)
                                  : replay_.apply(std::span<const BytesView>(batch.values),
                                                  batch.base_offset, batch.epoch, batch.append_ms);
    if (!built) return wrong(built.error());
    publisher_.publish(built->image, built->changes);
    return {};
}

std::optional<metadata::Built> ControllerRunner::finish_loading() {
    is_loading_ = false;
    auto built = replay_.end_snapshot(last_.last_offset, last_.epoch, last_.append_ms);
    if (!built) {
        broken(built.error());
        return std::nullopt;
    }
    built->changes = all_of(*built->image);
    return std::move(*built);
}

void ControllerRunner::broken(const Error& why) {
    replay_error_ = why;
    if (on_lost_) on_lost_(why);
}

void ControllerRunner::caught_up() {
    if (is_loading_) {
        const auto built = finish_loading();
        if (built) publisher_.publish(built->image, built->changes);
    }
    snapshot_if_due();
}

void ControllerRunner::lead(std::int32_t /*epoch*/) {
    is_active_.store(true, std::memory_order_relaxed);
    if (is_loading_) {
        auto built = finish_loading();
        if (!built) return;
        publish_later(std::move(*built), node_->log_end_offset());
    }
    controller_.activate(replay_.image(), now_ms());
    if (replay_.in_transaction()) {
        // Of a leader that ended in the middle: nothing of it was ever visible.
        rsm::Record abort;
        abort.value = metadata::encode_record({protocol::AbortTransactionRecord(), 0});
        const auto end = node_->append(node_->epoch(), std::span(&abort, 1), env_.clock.wall_ms());
        if (!end) broken(end.error());
    }
    if (node_->is_new()) {
        const auto first = append(controller_.first_records(bootstrap_));
        if (!first) broken(first.error());
    }
    register_self();
    arm(0);
}

void ControllerRunner::register_self() {
    const auto& known = *controller_.image()->controllers;
    const auto at = known.find(options_.registration.controller_id);
    if (at != known.end() && at->second.incarnation == options_.registration.incarnation_id) return;
    auto decision = controller_.decide(options_.registration,
                                       controller::Moment{now_ms(), node_->log_end_offset()});
    const auto end = append(decision.records);
    if (!end) broken(end.error());
}

void ControllerRunner::lose(const Error& /*why*/) {
    is_active_.store(false, std::memory_order_relaxed);
    env_.loop.cancel(timer_);
    unpublished_.clear();
}

void ControllerRunner::leader_changed(const raft::LeaderInfo& leader) {
    if (on_leader_) on_leader_(leader);
}

void ControllerRunner::on_leader(std::move_only_function<void(const raft::LeaderInfo&)> call) {
    on_leader_ = std::move(call);
    on_leader_(node_->replica().leader());
}

void ControllerRunner::failed(const Error& why) {
    if (on_lost_) on_lost_(why);
}

Result<std::int64_t> ControllerRunner::append(std::span<const metadata::Record> records) {
    if (records.empty()) return node_->log_end_offset();
    const auto base = node_->log_end_offset();
    const auto wall_ms = env_.clock.wall_ms();
    std::vector<rsm::Record> batch;
    batch.reserve(records.size());
    for (const auto& record : records) {
        batch.push_back({std::nullopt, metadata::encode_record(record)});
    }
    const auto end = node_->append(node_->epoch(), batch, wall_ms);
    if (!end) return end;
    auto built = controller_.apply(records, base, node_->epoch(), wall_ms, now_ms());
    if (!built) {
        // It decided what it cannot apply: every replay would fail the same way.
        logger_.error("the controller's own records do not apply offset={} error={}", base,
                      built.error().what);
        return fail(Errc::unknown_server_error, built.error().what);
    }
    publish_later(std::move(*built), *end);
    arm(0);
    return end;
}

io::Async<void> ControllerRunner::committed(std::int64_t end) {
    if (node_->committed() >= end) co_return Result<void>();
    const auto wait = std::make_shared<Wait>(env_.loop);
    node_->when_committed(node_->epoch(), end, [wait](Result<void> outcome) {
        wait->result = std::move(outcome);
        wait->signal.notify();
    });
    const auto deadline = env_.clock.in_ms(kCommitMs);
    co_await wait->signal.wait_until(deadline);
    if (!wait->result) co_return fail(Errc::not_controller, wait->result.error().what);
    co_return Result<void>();
}

void ControllerRunner::publish_later(metadata::Built built, std::int64_t end) {
    unpublished_.emplace_back(end, std::move(built));
    node_->when_committed(node_->epoch(), end, [this](Result<void> outcome) {
        if (outcome) publish_committed();
    });
}

void ControllerRunner::publish_committed() {
    while (!unpublished_.empty() && unpublished_.front().first <= node_->committed()) {
        auto [end, built] = std::move(unpublished_.front());
        unpublished_.pop_front();
        publishing_.push_back(end);
        publisher_.publish(std::move(built.image), std::move(built.changes), [this] {
            publishing_.pop_front();
            for (const auto& wait : std::exchange(publication_waits_, {})) wait->notify();
            snapshot_if_due();
        });
    }
}

asio::awaitable<void> ControllerRunner::published(std::int64_t end) {
    const auto deadline = env_.clock.in_ms(kCommitMs);
    while (!publishing_.empty() && publishing_.front() <= end && env_.clock.now() < deadline) {
        const auto signal = std::make_shared<io::Signal>(env_.loop);
        publication_waits_.push_back(signal);
        co_await signal->wait_until(deadline);
    }
}

// Every node takes its own, whoever leads.
void ControllerRunner::snapshot_if_due() {
    if (!node_->wants_snapshot(env_.clock.wall_ms())) return;
    const auto image = publisher_.current();
    if (image->offset < 0) return;
    const raft::SnapshotId id{image->offset + 1, image->epoch};
    node_->take_snapshot(id, image->timestamp_ms, [image] {
        std::vector<Bytes> values;
        for (const auto& record : metadata::snapshot_records(*image)) {
            values.push_back(metadata::encode_record(record));
        }
        return values;
    });
}

// The core asks for what is known already.
asio::awaitable<void> ControllerRunner::resolve(std::vector<std::string> hosts) {
    hosts_.clear();
    if (hosts.empty() || !options_.resolve) co_return;
    using Found = std::set<std::string>;
    std::move_only_function<Found()> look = [this, hosts = std::move(hosts)] {
        Found found;
        for (const auto& host : hosts) {
            if (!options_.resolve(host).empty()) found.insert(host);
        }
        return found;
    };
    auto& pool = options_.names_pool != nullptr ? *options_.names_pool : env_.pool;
    auto found = co_await io::on_pool<Found>(env_.loop, pool, std::move(look));
    hosts_ = std::move(found);
}

controller::Moment ControllerRunner::moment_of(const Caller& caller, std::int64_t& throttle_ms) {
    controller::Moment moment{now_ms(), node_->log_end_offset()};
    moment.resolves = [this](const std::string& host) { return hosts_.contains(host); };
    auto* quotas = options_.client_quotas;
    if (quotas == nullptr || !quotas->limits(security::Quota::mutation)) return moment;
    moment.take_partitions = [this, quotas, &caller, &throttle_ms](std::int64_t count) {
        const auto quota = security::Quota::mutation;
        const security::Client client{caller.user, caller.client_id};
        const auto amount = static_cast<double>(count);
        const auto now = env_.clock.now();
        if (caller.is_strict) {
            throttle_ms = quotas->charge_unless_owing(quota, client, amount, now);
            return throttle_ms == 0;
        }
        throttle_ms = quotas->charge(quota, client, amount, now);
        return true;
    };
    return moment;
}

// The node's own is not written down by its replica.
protocol::DescribeQuorumResponse::ReplicaState ControllerRunner::state_of(
    const raft::Leadership::Progress& progress) const {
    const auto wall_ms = env_.clock.wall_ms();
    const auto of = [&](std::int64_t at_ms) { return at_ms < 0 ? -1 : wall_ms - now_ms() + at_ms; };
    protocol::DescribeQuorumResponse::ReplicaState state;
    state.replica_id = progress.key.id;
    if (progress.key.id == options_.settings.node_id) {
        state.log_end_offset = node_->log_end_offset();
        state.last_fetch_timestamp = state.last_caught_up_timestamp = wall_ms;
        return state;
    }
    state.replica_directory_id = progress.key.directory;
    state.log_end_offset = progress.end_offset;
    state.last_fetch_timestamp = of(progress.fetch_ms);
    state.last_caught_up_timestamp = of(progress.caught_up_ms);
    return state;
}

QuorumView ControllerRunner::quorum_view() const {
    QuorumView view;
    view.node_id = options_.settings.node_id;
    view.epoch = node_->epoch();
    view.high_watermark = node_->committed();
    view.listeners = options_.registration.listeners;
    const auto& leadership = node_->replica().leadership();
    if (!leadership) return view;
    for (const auto& [id, progress] : leadership->voters()) {
        view.voters.push_back(state_of(progress));
    }
    for (const auto& [key, progress] : leadership->observers()) {
        view.observers.push_back(state_of(progress));
    }
    return view;
}

io::Async<protocol::DescribeQuorumResponse> ControllerRunner::handle(
    protocol::DescribeQuorumRequest request, Caller caller) {
    if (!node_->is_leader()) co_return fail(Errc::not_controller, "this node does not lead");
    co_return describe_quorum(quorum_view(), request, caller.version);
}

io::Async<protocol::AddRaftVoterResponse> ControllerRunner::handle(
    protocol::AddRaftVoterRequest request, Caller /*caller*/) {
    if (!node_->is_leader()) co_return fail(Errc::not_controller, "this node does not lead");
    auto answer = co_await ask(std::move(request));
    co_return std::move(answer.wire);
}

io::Async<protocol::RemoveRaftVoterResponse> ControllerRunner::handle(
    protocol::RemoveRaftVoterRequest request, Caller /*caller*/) {
    if (!node_->is_leader()) co_return fail(Errc::not_controller, "this node does not lead");
    auto answer = co_await ask(std::move(request));
    co_return std::move(answer.wire);
}

Result<void> ControllerRunner::check_cluster(const std::optional<std::string>& cluster_id) const {
    const auto& own = options_.settings.cluster_id;
    if (!cluster_id || *cluster_id == own) return {};
    return fail(Errc::inconsistent_cluster_id,
                fmt::format("cluster id \"{}\" is not this cluster's \"{}\"", *cluster_id, own));
}

void ControllerRunner::on_time() {
    if (!node_->is_leader()) return;
    while (controller_.next_deadline_ms() <= now_ms()) {
        const auto records = controller_.on_time(now_ms());
        if (const auto end = append(records); !end) {
            logger_.warn("nothing could be appended error={}", end.error().what);
            arm(now_ms() + kDiskRetryMs);
            return;
        }
    }
    arm(0);
}

void ControllerRunner::arm(std::int64_t not_before_ms) {
    const auto when_ms = std::max(controller_.next_deadline_ms(), not_before_ms);
    const auto wait_ms = when_ms == controller::kNoDeadline ? when_ms : when_ms - now_ms();
    auto call = [this] { on_time(); };
    env_.loop.call_at(timer_, env_.clock.in_ms(wait_ms), std::move(call));
}

std::int64_t ControllerRunner::now_ms() const { return io::steady_ms(env_.clock); }

asio::awaitable<Result<void>> ControllerRunner::stop() {
    env_.loop.cancel(timer_);
    env_.loop.cancel(release_timer_);
    unpublished_.clear();
    auto stopped = co_await node_->stop();
    co_return stopped;
}

}  // namespace kcore::broker
