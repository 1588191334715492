#include "raft/disk_log.h"

#include <fmt/format.h>

#include <atomic>
#include <mutex>
#include <utility>

#include "io/pool.h"
#include "log/names.h"
#include "raft/format.h"

namespace kcore::raft {

// Null once the log is gone. Looked at on the loop only.
struct DiskLog::Shared {
    DiskLog* log;
};

struct DiskLog::Round {
    std::unique_ptr<log::FlushWork> work;  // None: only other files.
    int generation = 0;
    std::int64_t end = 0;
    std::uint64_t files = 0;
    std::atomic<std::size_t> left = 0;
    std::mutex mutex;
    Result<void> others;  // Guarded by the mutex.

    void take(Result<void> outcome) {
        const std::lock_guard lock(mutex);
        if (others) others = std::move(outcome);
    }
};

DiskLog::DiskLog(log::LogDir& directory, io::Env& env, Logger logger)
    : directory_(directory),
      env_(env),
      logger_(std::move(logger)),
      shared_(std::make_shared<Shared>(this)) {}

DiskLog::~DiskLog() { shared_->log = nullptr; }

std::string DiskLog::directory() const {
    return fmt::format("{}/{}", directory_.path(), kMetadataDirectory);
}

Result<void> DiskLog::open(log::ConfigRef config) {
    const TopicPartition partition{"__cluster_metadata", 0};
    const auto now_ms = env_.clock.wall_ms();
    const log::FoundPartition found{{partition, log::DirKind::current},
                                    std::string(kMetadataDirectory)};
    const auto is_there = env_.disk.stat(path(log::kPartitionMetadata));
    if (!is_there) return std::unexpected(is_there.error());
    auto log = *is_there
                   ? directory_.load(found, std::move(config), now_ms)
                   : directory_.create(partition, kMetadataTopicId, std::move(config), now_ms);
    if (!log) return std::unexpected(log.error());
    log_ = std::move(*log);
    return find_snapshots();
}

Result<void> DiskLog::find_snapshots() {
    const auto entries = env_.disk.list(directory());
    if (!entries) return std::unexpected(entries.error());
    for (const auto& entry : *entries) {
        if (const auto id = parse_snapshot_name(entry.name)) {
            snapshots_.emplace(*id, -1);
        } else if (entry.name.ends_with(".checkpoint.part") ||
                   entry.name.ends_with(".checkpoint.deleted")) {
            if (auto done = env_.disk.remove(path(entry.name)); !done) return done;
        }
    }
    return {};
}

// --- Durability

std::uint64_t DiskLog::add_unsynced(const PendingSync& others) {
    unsynced_.add(others);
    return ++files_added_;
}

void DiskLog::hold_sync(bool is_held) {
    is_held_ = is_held;
    sync_soon();
}

void DiskLog::sync_soon() {
    if (is_held_ || is_syncing_) return;
    auto round = std::make_shared<Round>();
    round->work = log_->begin_flush();
    if (!round->work && unsynced_.empty()) {
        if (directory_.is_offline() && events_.on_failure) {
            events_.on_failure({Errc::kafka_storage_error, "the disk failed"});
        }
        return;
    }
    is_syncing_ = true;
    round->generation = generation_;
    round->files = files_added_;
    round->end = round->work ? round->work->up_to() : log_->recovery_point();
    const auto others = std::exchange(unsynced_, PendingSync());
    round->left = others.paths().size() + (round->work ? 1 : 0);
    const auto finish = [round, shared = shared_, &loop = env_.loop] {
        if (--round->left > 0) return;
        loop.post([round, shared] {
            if (shared->log != nullptr) shared->log->synced(*round);
        });
    };
    if (round->work) {
        env_.pool.submit([round, finish] {
            round->work->run();
            finish();
        });
    }
    for (const auto& one : others.paths()) {
        env_.pool.submit([round, finish, one, &disk = env_.disk] {
            round->take(PendingSync::sync(disk, one));
            finish();
        });
    }
}

void DiskLog::synced(const Round& round) {
    is_syncing_ = false;
    if (round.work) log_->finish_flush(*round.work);
    const bool has_failed = (round.work && !round.work->result()) || !round.others;
    if (has_failed) {
        const auto& why = round.others ? round.work->result() : round.others;
        if (events_.on_failure) events_.on_failure(why.error());
        return;
    }
    files_synced_ = round.files;
    if (events_.on_synced) events_.on_synced(round.generation == generation_ ? round.end : -1);
    if (log_->log_end_offset() > log_->recovery_point()) sync_soon();
}

Result<void> DiskLog::close() {
    auto closed = log_->close(env_.clock.wall_ms());
    if (closed) closed = unsynced_.sync_all(env_.disk);
    return closed;
}

// --- The log

Result<std::int64_t> DiskLog::append(std::span<std::byte> batch, std::int32_t epoch) {
    const auto appended =
        log_->append_as_leader(batch, log::Origin::coordinator, epoch, env_.clock.wall_ms());
    if (!appended) return std::unexpected(appended.error());
    return appended->base_offset;
}

Result<void> DiskLog::append_fetched(BytesView batches) {
    const auto appended = log_->append_as_follower(batches, env_.clock.wall_ms());
    if (!appended) return std::unexpected(appended.error());
    return {};
}

Result<void> DiskLog::truncate_to(std::int64_t end_offset) {
    ++generation_;
    return log_->truncate_to(end_offset, env_.clock.wall_ms());
}

Result<Bytes> DiskLog::read(std::int64_t offset, std::size_t max_bytes) {
    const auto read =
        log_->read({.offset = offset, .up_to = log_->log_end_offset(), .max_bytes = max_bytes});
    if (!read) return std::unexpected(read.error());
    Bytes bytes(read->slice.size_bytes);
    if (bytes.empty()) return bytes;
    const auto size = read->slice.file->read(read->slice.position, bytes);
    if (!size) return std::unexpected(size.error());
    bytes.resize(*size);
    return bytes;
}

Result<void> DiskLog::start_at(const SnapshotId& id) {
    ++generation_;
    auto done = log_->truncate_fully_and_start_at(id.end_offset, env_.clock.wall_ms());
    if (!done) return done;
    while (!snapshots_.empty() && snapshots_.begin()->first < id) {
        remove_later(snapshots_.begin()->first);
        snapshots_.erase(snapshots_.begin());
    }
    return {};
}

// --- Snapshots

std::optional<SnapshotId> DiskLog::earliest_snapshot() const {
    if (snapshots_.empty()) return std::nullopt;
    return snapshots_.begin()->first;
}

std::optional<SnapshotId> DiskLog::latest_snapshot() const {
    if (snapshots_.empty()) return std::nullopt;
    return snapshots_.rbegin()->first;
}

Result<Snapshot> DiskLog::load_snapshot(const SnapshotId& id) {
    auto snapshot = raft::read_snapshot(env_.disk, path(snapshot_name(id)));
    if (snapshot) snapshots_.insert_or_assign(id, snapshot->last_contained_ms);
    return snapshot;
}

Result<ReplicaLog::Part> DiskLog::read_snapshot(const SnapshotId& id, std::int64_t position,
                                                std::size_t max_bytes) {
    if (!snapshots_.contains(id)) {
        return fail(Errc::snapshot_not_found, snapshot_name(id) + " is not here");
    }
    auto file = env_.disk.open(path(snapshot_name(id)), io::Open::read);
    if (!file) return std::unexpected(std::move(file).error());
    const auto size = (*file)->size();
    if (!size) return std::unexpected(size.error());
    if (position < 0 || static_cast<std::uint64_t>(position) >= *size) {
        return fail(Errc::position_out_of_range,
                    fmt::format("{}: {} of {} bytes", snapshot_name(id), position, *size));
    }
    const auto rest = *size - static_cast<std::uint64_t>(position);
    Part part;
    part.size = static_cast<std::int64_t>(*size);
    part.bytes.resize(std::min<std::uint64_t>(rest, max_bytes));
    const auto read = (*file)->read(static_cast<std::uint64_t>(position), part.bytes);
    if (!read) return std::unexpected(read.error());
    part.bytes.resize(*read);
    return part;
}

Result<void> DiskLog::receive_snapshot(const SnapshotId& id, std::int64_t position,
                                       BytesView bytes) {
    const auto name = path(snapshot_name(id) + ".part");
    auto file = env_.disk.open(name, position == 0 ? io::Open::create : io::Open::write);
    if (!file) return std::unexpected(std::move(file).error());
    return (*file)->write(static_cast<std::uint64_t>(position), bytes);
}

void DiskLog::store_snapshot(const SnapshotId& id) {
    ++jobs_;
    const bool is_here = snapshots_.contains(id);
    env_.pool.submit([id, is_here, shared = shared_, directory = directory(), &disk = env_.disk,
                      &loop = env_.loop] {
        const auto whole = directory + "/" + snapshot_name(id);
        auto snapshot = raft::read_snapshot(disk, is_here ? whole : whole + ".part");
        if (snapshot && !is_here) {
            const auto done = keep_snapshot(disk, directory, id);
            if (!done) snapshot = std::unexpected(done.error());
        }
        loop.post([id, shared, snapshot = std::move(snapshot)]() mutable {
            if (shared->log != nullptr) shared->log->snapshot_stored(id, std::move(snapshot));
        });
    });
}

void DiskLog::snapshot_stored(const SnapshotId& id, Result<Snapshot> snapshot) {
    --jobs_;
    if (snapshot) {
        logger_.info("snapshot received name={}", snapshot_name(id));
        add_snapshot(id, snapshot->last_contained_ms);
    } else {
        logger_.warn("a snapshot is of no use name={} error=\"{}\"", snapshot_name(id),
                     snapshot.error().what);
    }
    if (!events_.on_snapshot_stored) return;
    if (snapshot) return events_.on_snapshot_stored(id, snapshot->voters);
    events_.on_snapshot_stored(id, std::unexpected(snapshot.error()));
}

Result<void> DiskLog::drop_oldest_snapshot() {
    const auto oldest = snapshots_.begin()->first;
    snapshots_.erase(snapshots_.begin());
    const auto start = snapshots_.begin()->first.end_offset;
    if (auto done = log_->set_log_start_offset(start); !done) return done;
    for (Result<std::size_t> dropped = 1; *dropped > 0;) {
        dropped = log_->drop_old_segments(env_.clock.wall_ms());
        if (!dropped) return std::unexpected(dropped.error());
    }
    logger_.info("snapshot removed name={} log_start={}", snapshot_name(oldest), start);
    remove_later(oldest);
    return {};
}

void DiskLog::remove_later(const SnapshotId& id) {
    env_.pool.submit([file = path(snapshot_name(id)), &disk = env_.disk, logger = logger_] {
        if (auto done = disk.remove(file); !done) {
            logger.warn("a snapshot was not removed path={} error={}", file, done.error().what);
        }
    });
}

}  // namespace kcore::raft
