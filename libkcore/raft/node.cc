#include "raft/node.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "io/pool.h"
#include "io/steady.h"
#include "raft/quorum_state.h"
#include "record/builder.h"

namespace kcore::raft {
namespace {

// Longer than any answer takes that is worth waiting for.
constexpr std::int64_t kAnswerMs = 120'000;

PeersOptions peers_of(const NodeOptions& options) {
    PeersOptions peers;
    peers.client_id = fmt::format("raft-client-{}", options.node_id);
    peers.cluster_id = options.cluster_id;
    peers.request_timeout_ms = options.request_timeout_ms;
    return peers;
}

}  // namespace

struct Node::Shared {
    Node* node;  // Null once it is gone. Looked at on the loop only.
};

struct Node::Waiter {
    std::int64_t end_offset;
    std::move_only_function<void(Result<void>)> done;
};

struct Node::Asked {
    explicit Asked(io::Loop& loop) : signal(loop) {}
    io::Signal signal;
    std::optional<Response> answer;
};

Node::Node(NodeOptions options, log::LogDir& directory, io::Env& env, Logger logger)
    : options_(std::move(options)),
      env_(env),
      logger_(std::move(logger)),
      shared_(std::make_shared<Shared>(this)),
      disk_(directory, env, logger_),
      peers_(env, peers_of(options_),
             [this](RequestId id, auto answer) { answered(id, std::move(answer)); }),
      idle_(env.loop) {}

Node::~Node() {
    shared_->node = nullptr;
    env_.loop.cancel(timer_);
}

std::int64_t Node::now_ms() const { return io::steady_ms(env_.clock); }

// --- The log, as the state machine sees it

Result<std::int64_t> Node::append(std::int32_t epoch, std::span<const rsm::Record> records,
                                  std::int64_t now_ms_wall) {
    if (failure_ || leads_in_ != epoch) {
        return fail(Errc::not_leader_or_follower,
                    fmt::format("node {} does not lead the metadata log in epoch {}",
                                options_.node_id, epoch));
    }
    record::BatchBuilder builder;
    const auto view = [](const std::optional<Bytes>& bytes) {
        return bytes ? std::optional<BytesView>(*bytes) : std::nullopt;
    };
    for (const auto& record : records) {
        if (!builder.append(now_ms_wall, view(record.key), view(record.value))) {
            return fail(Errc::record_list_too_large, "a metadata batch of more than 2 GiB");
        }
    }
    if (builder.empty()) return disk_.end_offset();
    const auto batch = builder.close();
    const auto base = replica_->append(batch, epoch, now_ms());
    if (!base) return base;
    ++data_batches_;
    bytes_since_snapshot_ += static_cast<std::int64_t>(batch.size());
    advance();
    return *base + builder.count();
}

void Node::when_committed(std::int32_t epoch, std::int64_t end_offset,
                          std::move_only_function<void(Result<void>)> done) {
    if (failure_ || leads_in_ != epoch) {
        done(fail(Errc::not_leader_or_follower, "this node does not lead the metadata log"));
    } else if (committed() >= end_offset) {
        done({});
    } else {
        waiters_.push_back({end_offset, std::move(done)});
    }
}

void Node::complete_waiters() {
    // Out of the list first: whoever is called may append and wait anew.
    std::vector<Waiter> done;
    const auto waits = [&](const Waiter& w) { return w.end_offset > committed(); };
    const auto first = std::stable_partition(waiters_.begin(), waiters_.end(), waits);
    std::move(first, waiters_.end(), std::back_inserter(done));
    waiters_.erase(first, waiters_.end());
    for (auto& waiter : done) waiter.done({});
}

void Node::release_sync() {
    is_held_ = false;
    disk_.hold_sync(false);
    advance();
}

// --- What others ask, and answer

io::Async<Response> Node::handle(Request request) {
    if (failure_) {
        co_return fail(Errc::not_leader_or_follower, "the metadata log is closed");
    }
    const auto asked = std::make_shared<Asked>(env_.loop);
    const auto id = ++last_asked_;
    asked_.emplace(id, asked);
    replica_->on_request(id, request, now_ms());
    advance();
    const auto deadline = env_.clock.in_ms(kAnswerMs);
    co_await asked->signal.wait_until(deadline);
    asked_.erase(id);
    if (!asked->answer) {
        co_return fail(Errc::not_leader_or_follower, "the metadata log does not answer");
    }
    co_return std::move(*asked->answer);
}

void Node::answered(RequestId id, std::optional<Response> response) {
    if (response) {
        replica_->on_response(id, std::move(*response), now_ms());
    } else {
        replica_->on_no_response(id, now_ms());
    }
    advance();
}

void Node::listen() {
    DiskLog::Events events;
    events.on_synced = [this](std::int64_t end) {
        if (storing_ && storing_->second <= disk_.files_synced()) {
            const auto election = std::exchange(storing_, std::nullopt)->first;
            replica_->on_stored(election, now_ms());
        }
        if (end >= 0) replica_->on_synced(end, now_ms());
        advance();
        idle_.notify();
    };
    events.on_snapshot_stored = [this](const SnapshotId& id, Result<VoterHistory::Entry> voters) {
        replica_->on_snapshot_stored(id, std::move(voters), now_ms());
        advance();
        idle_.notify();
    };
    events.on_failure = [this](const Error& error) {
        replica_->on_disk_failure(error);
        advance();
        idle_.notify();
    };
    disk_.listen(std::move(events));
}

// --- After every input

// What is told to the state machine may lead back here.
void Node::advance() {
    advances_again_ = true;
    if (is_advancing_) return;
    is_advancing_ = true;
    while (std::exchange(advances_again_, false)) step();
    is_advancing_ = false;
    arm();
}

void Node::step() {
    if (failure_) return;
    if (replica_->failure()) return fail_all(*replica_->failure());
    store_election();
    disk_.sync_soon();
    for (auto& output : replica_->outputs()) {
        if (auto* send = std::get_if<Send>(&output)) {
            peers_.send(std::move(*send));
            continue;
        }
        auto& reply = std::get<Reply>(output);
        const auto at = asked_.find(reply.id);
        if (at == asked_.end()) continue;
        at->second->answer = std::move(reply.response);
        at->second->signal.notify();
    }
    feed();
    complete_waiters();
}

// Synced with whatever else there is: a lone voter's epoch with its first record.
void Node::store_election() {
    const auto election = replica_->to_store();
    if (!election || storing_) return;
    PendingSync file;
    file.replace_later(disk_.path(kQuorumState),
                       format_quorum_state(*election, replica_->voters()));
    storing_.emplace(*election, disk_.add_unsynced(file));
}

void Node::feed() {
    if (listener_ == nullptr) return;
    if (leads_in_ && (!replica_->is_leader() || replica_->epoch() != *leads_in_)) {
        lose({Errc::not_leader_or_follower, "another node leads the metadata log, or none"});
    }
    log_voters();
    tell_leader();
    if (auto done = catch_up(); !done) fail_all(done.error());
}

void Node::log_voters() {
    const auto& known = replica_->voters();
    if (std::exchange(logged_voters_, known.offset()) == known.offset()) return;
    std::vector<std::int32_t> ids;
    for (const auto& [id, voter] : known.voters().all()) ids.push_back(id);
    logger_.info("voters={} ids=[{}] kraft_version={}", ids.size(), fmt::join(ids, ","),
                 known.kraft_version());
}

void Node::tell_leader() {
    auto leader = replica_->leader();
    if (told_leader_ == leader) return;
    told_leader_ = std::move(leader);
    listener_->leader_changed(*told_leader_);
}

Result<void> Node::catch_up() {
    if (leads_in_) return {};
    if (applied_ < disk_.start_offset()) {
        if (auto done = load(); !done) return std::unexpected(done.error());
    }
    const bool is_lone = replica_->is_lone_voter();
    auto to = committed();
    std::optional<std::int64_t> epoch_start;
    if (replica_->is_leader()) {
        epoch_start = replica_->leadership()->epoch_start();
        const bool is_mine = is_lone || to > *epoch_start;
        to = is_lone ? *epoch_start : std::min(to, *epoch_start);
        if (!is_mine) epoch_start.reset();
    }
    const bool is_behind = to > applied_;
    if (is_behind) {
        if (auto done = replay_to(to); !done) return done;
    }
    // Even where nothing was left to replay when it became known that this is all.
    if (!epoch_start && replica_->has_caught_up() && (is_behind || !has_told_caught_up_)) {
        has_told_caught_up_ = true;
        listener_->caught_up();
    }
    if (!epoch_start || applied_ < *epoch_start) return {};
    leads_in_ = replica_->epoch();
    logger_.info("leading the metadata log epoch={} offset={}", *leads_in_, *epoch_start);
    listener_->lead(*leads_in_);
    return {};
}

// What the state machine knows may go beyond what is committed: it begins anew.
void Node::lose(const Error& why) {
    logger_.info("not leading the metadata log any more epoch={}", *leads_in_);
    leads_in_.reset();
    applied_ = -1;
    for (auto& waiter : std::exchange(waiters_, {})) {
        waiter.done(fail(Errc::not_leader_or_follower, why.what));
    }
    listener_->lose(why);
}

void Node::fail_all(const Error& why) {
    if (failure_) return;
    failure_ = why;
    leads_in_.reset();
    if (listener_ != nullptr) {
        logger_.error("the metadata log cannot be used error=\"{}\"", why.what);
    }
    for (auto& waiter : std::exchange(waiters_, {})) {
        waiter.done(fail(Errc::not_leader_or_follower, why.what));
    }
    for (const auto& [id, asked] : asked_) asked->signal.notify();
    if (listener_ == nullptr) return;
    listener_->lose(why);
    listener_->failed(why);
}

void Node::arm() {
    const auto next = failure_ ? kNoTime : replica_->next_deadline();
    if (next == kNoTime) return env_.loop.cancel(timer_);
    auto call = [this] {
        replica_->on_time(now_ms());
        advance();
    };
    env_.loop.call_at(timer_, io::Instant(io::Milliseconds(next)), std::move(call));
}

asio::awaitable<Result<void>> Node::stop() {
    listener_ = nullptr;
    is_held_ = false;
    disk_.hold_sync(false);
    replica_->shut_down(now_ms());
    advance();
    const auto patience = env_.clock.in_ms(options_.request_timeout_ms);
    while (!replica_->has_taken_leave() && env_.clock.now() < patience) {
        const auto soon = env_.clock.in_ms(options_.replica.retry_backoff_ms);
        co_await io::sleep_until(env_.loop, soon);
    }
    fail_all({Errc::not_leader_or_follower, "the node stops"});
    arm();
    disk_.hold_sync(true);
    co_await peers_.stop();
    while (disk_.is_busy() || is_snapshotting_) {
        const auto deadline = env_.clock.in_ms(1000);
        co_await idle_.wait_until(deadline);
    }
    auto closed = disk_.close();
    co_return closed;
}

// --- Snapshots

bool Node::wants_snapshot(std::int64_t now_ms) const {
    if (is_snapshotting_ || failure_ || bytes_since_snapshot_ == 0) return false;
    return bytes_since_snapshot_ >= options_.snapshot_bytes ||
           now_ms - snapshot_at_ms_ >= options_.snapshot_interval_ms;
}

void Node::take_snapshot(SnapshotId id, std::int64_t last_contained_ms,
                         std::move_only_function<std::vector<Bytes>()> values) {
    const auto latest = disk_.latest_snapshot();
    const bool is_known = latest && latest->end_offset >= id.end_offset;
    if (is_snapshotting_ || is_known || id.end_offset > committed()) return;
    is_snapshotting_ = true;
    const auto now_ms = env_.clock.wall_ms();
    env_.pool.submit([id, last_contained_ms, now_ms, values = std::move(values), shared = shared_,
                      voters = replica_->voters().at(id.end_offset), directory = disk_.directory(),
                      &disk = env_.disk, &loop = env_.loop]() mutable {
        const auto records = values();
        const auto bytes = build_snapshot(id, records, last_contained_ms, now_ms, voters);
        auto outcome = write_snapshot(disk, directory, id, bytes);
        loop.post([id, last_contained_ms, shared, outcome = std::move(outcome)]() mutable {
            if (shared->node == nullptr) return;
            shared->node->snapshot_done(id, last_contained_ms, std::move(outcome));
        });
    });
}

void Node::snapshot_done(SnapshotId id, std::int64_t last_contained_ms, Result<void> outcome) {
    is_snapshotting_ = false;
    idle_.notify();
    const auto now_ms = env_.clock.wall_ms();
    snapshot_at_ms_ = now_ms;
    if (!outcome) {
        // The log still has everything: the next one may do better.
        logger_.warn("snapshot failed name={} error={}", snapshot_name(id), outcome.error().what);
        return;
    }
    logger_.info("snapshot written name={}", snapshot_name(id));
    disk_.add_snapshot(id, last_contained_ms);
    bytes_since_snapshot_ = 0;
    clean(now_ms);
}

// While there is too much or it is too old, the oldest snapshot goes and with it the log below the
// next one. The newest always stays. One that was there before the start and was not read counts as
// old: nobody needs it who can have the newer one.
void Node::clean(std::int64_t now_ms) {
    while (disk_.snapshots().size() >= 2 && !failure_) {
        const auto last_contained_ms = disk_.snapshots().begin()->second;
        const bool too_old =
            options_.retention_ms >= 0 && now_ms - last_contained_ms > options_.retention_ms;
        const bool too_large =
            options_.retention_bytes >= 0 &&
            disk_.size_bytes() > static_cast<std::uint64_t>(options_.retention_bytes);
        if (!too_old && !too_large) return;
        if (auto done = disk_.drop_oldest_snapshot(); !done) {
            logger_.warn("the metadata log was not cut error={}", done.error().what);
            return;
        }
    }
}

}  // namespace kcore::raft
