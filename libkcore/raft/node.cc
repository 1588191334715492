#include "raft/node.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <utility>

#include "io/pool.h"
#include "record/builder.h"

namespace kcore::raft {

struct Node::Waiter {
    std::int64_t end_offset;
    std::move_only_function<void(Result<void>)> done;
};

struct Node::Shared {
    Node* node;  // Null once it is gone. Looked at on the loop only.
};

namespace {

// One flush of the log and whatever has to be on the disk with it, each as a job of its own: the
// disk serves them together.
struct SyncRound {
    std::unique_ptr<log::FlushWork> work;
    std::atomic<std::size_t> left = 0;
    std::mutex mutex;
    Result<void> others;  // Guarded by the mutex.

    void take(Result<void> outcome) {
        const std::lock_guard lock(mutex);
        if (others) others = std::move(outcome);
    }
};

}  // namespace

Node::Node(NodeOptions options, log::LogDir& directory, io::Env& env, Logger logger)
    : options_(std::move(options)),
      directory_(directory),
      env_(env),
      logger_(std::move(logger)),
      shared_(std::make_shared<Shared>(this)),
      quorum_(options_.node_id, options_.voters, Election()),
      unsynced_(std::move(options_.unsynced)),
      idle_(env.loop) {}

Node::~Node() { shared_->node = nullptr; }

std::string Node::path(std::string_view name) const {
    return fmt::format("{}/{}/{}", directory_.path(), kMetadataDirectory, name);
}

Result<std::int64_t> Node::append(std::int32_t epoch, std::span<const rsm::Record> records,
                                  std::int64_t now_ms) {
    if (!is_leader() || epoch != quorum_.epoch()) {
        return fail(Errc::not_leader_or_follower,
                    fmt::format("node {} does not lead the metadata log in epoch {}",
                                options_.node_id, epoch));
    }
    record::BatchBuilder builder;
    const auto view = [](const std::optional<Bytes>& bytes) {
        return bytes ? std::optional<BytesView>(*bytes) : std::nullopt;
    };
    for (const auto& record : records) {
        if (!builder.append(now_ms, view(record.key), view(record.value))) {
            return fail(Errc::record_list_too_large, "a metadata batch of more than 2 GiB");
        }
    }
    if (builder.empty()) return log_->log_end_offset();
    const auto batch = builder.close();
    const auto appended = log_->append_as_leader(batch, log::Origin::coordinator, epoch, now_ms);
    if (!appended) return std::unexpected(appended.error());
    ++data_batches_;
    bytes_since_snapshot_ += static_cast<std::int64_t>(batch.size());
    sync_soon();
    return appended->last_offset + 1;
}

void Node::when_committed(std::int32_t epoch, std::int64_t end_offset,
                          std::move_only_function<void(Result<void>)> done) {
    if (!is_leader() || epoch != quorum_.epoch()) {
        done(fail(Errc::not_leader_or_follower, "this node does not lead the metadata log"));
    } else if (committed() >= end_offset) {
        done({});
    } else {
        waiters_.push_back({end_offset, std::move(done)});
    }
}

void Node::release_sync() {
    is_held_ = false;
    sync_soon();
}

void Node::sync_soon() {
    if (is_held_ || is_syncing_ || failure_) return;
    auto round = std::make_shared<SyncRound>();
    round->work = log_->begin_flush();
    if (!round->work) {
        if (directory_.is_offline()) fail_all({Errc::kafka_storage_error, "the disk failed"});
        return;
    }
    is_syncing_ = true;
    const auto others = std::exchange(unsynced_, PendingSync());
    round->left = others.paths().size() + 1;
    const auto finish = [round, shared = shared_, &loop = env_.loop] {
        if (--round->left > 0) return;
        loop.post([round, shared] {
            if (shared->node == nullptr) return;
            shared->node->synced(std::move(round->work), std::move(round->others));
        });
    };
    env_.pool.submit([round, finish] {
        round->work->run();
        finish();
    });
    for (const auto& one : others.paths()) {
        env_.pool.submit([round, finish, one, &disk = env_.disk] {
            round->take(PendingSync::sync(disk, one));
            finish();
        });
    }
}

void Node::synced(std::unique_ptr<log::FlushWork> work, Result<void> others) {
    is_syncing_ = false;
    log_->finish_flush(*work);
    const auto& outcome = work->result() ? others : work->result();
    if (!outcome) {
        fail_all(outcome.error());
    } else if (quorum_.on_stored(options_.node_id, work->up_to())) {
        log_->set_high_watermark(quorum_.high_watermark());
        complete_waiters();
    }
    if (log_->log_end_offset() > work->up_to()) sync_soon();
    idle_.notify();
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

void Node::fail_all(const Error& why) {
    if (failure_) return;
    failure_ = why;
    if (listener_ != nullptr) {
        logger_.error("the metadata log cannot be written error=\"{}\"", why.what);
    }
    for (auto& waiter : std::exchange(waiters_, {})) {
        waiter.done(fail(Errc::not_leader_or_follower, why.what));
    }
    if (listener_ != nullptr) listener_->lose(why);
}

asio::awaitable<Result<void>> Node::stop() {
    listener_ = nullptr;
    is_held_ = false;
    fail_all({Errc::not_leader_or_follower, "the node stops"});
    while (is_syncing_ || is_snapshotting_) {
        const auto deadline = env_.clock.in_ms(1000);
        co_await idle_.wait_until(deadline);
    }
    if (!log_) co_return Result<void>();
    auto closed = log_->close(env_.clock.wall_ms());
    if (closed) closed = unsynced_.sync_all(env_.disk);
    log_.reset();
    co_return closed;
}

bool Node::wants_snapshot(std::int64_t now_ms) const {
    if (is_snapshotting_ || failure_ || bytes_since_snapshot_ == 0) return false;
    return bytes_since_snapshot_ >= options_.snapshot_bytes ||
           now_ms - snapshot_at_ms_ >= options_.snapshot_interval_ms;
}

void Node::take_snapshot(SnapshotId id, std::int64_t last_contained_ms,
                         std::move_only_function<std::vector<Bytes>()> values) {
    if (is_snapshotting_ || snapshots_.contains(id) || id.end_offset > committed()) return;
    is_snapshotting_ = true;
    const auto directory = path("");
    const auto now_ms = env_.clock.wall_ms();
    env_.pool.submit([id, last_contained_ms, now_ms, values = std::move(values), shared = shared_,
                      directory = directory.substr(0, directory.size() - 1), &disk = env_.disk,
                      &loop = env_.loop]() mutable {
        const auto records = values();
        const auto bytes = build_snapshot(id, records, last_contained_ms, now_ms);
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
    snapshots_.emplace(id, last_contained_ms);
    bytes_since_snapshot_ = 0;
    clean(now_ms);
}

// While there is too much or it is too old, the oldest snapshot goes and with it the log below the
// next one. The newest always stays. One that was there before the start and was not read counts as
// old: nobody needs it who can have the newer one.
void Node::clean(std::int64_t now_ms) {
    while (snapshots_.size() >= 2) {
        const auto [oldest, last_contained_ms] = *snapshots_.begin();
        const bool too_old =
            options_.retention_ms >= 0 && now_ms - last_contained_ms > options_.retention_ms;
        const bool too_large =
            options_.retention_bytes >= 0 &&
            log_->size_bytes() > static_cast<std::uint64_t>(options_.retention_bytes);
        if (!too_old && !too_large) return;
        snapshots_.erase(snapshots_.begin());
        const auto start = snapshots_.begin()->first.end_offset;
        if (auto done = log_->set_log_start_offset(start, now_ms); !done) {
            logger_.warn("the metadata log was not cut offset={} error={}", start,
                         done.error().what);
            return;
        }
        logger_.info("snapshot removed name={} log_start={}", snapshot_name(oldest), start);
        env_.pool.submit([file = path(snapshot_name(oldest)), &disk = env_.disk, logger = logger_] {
            if (auto done = disk.remove(file); !done) {
                logger.warn("a snapshot was not removed path={} error={}", file, done.error().what);
            }
        });
    }
}

}  // namespace kcore::raft
