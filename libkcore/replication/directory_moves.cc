#include "replication/directory_moves.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace kcore::replication {

namespace {
constexpr std::size_t kPieceBytes = 1 << 20;
}

class DirectoryMoves::Move {
public:
    Move(PartitionRef p, log::LogDir& f, log::LogDir& t, std::unique_ptr<log::Log> log)
        : partition(std::move(p)),
          from(f),
          to(t),
          copy(std::make_unique<log::LogCopy>(f, t, std::move(log))),
          marks(copy->marks()) {}

    const PartitionRef partition;
    log::LogDir& from;
    log::LogDir& to;
    std::mutex mutex;                    // Over the copy: one works on it at a time.
    std::unique_ptr<log::LogCopy> copy;  // None when the move is over.
    const std::shared_ptr<const log::LogMarks> marks;
    bool is_stuck = false;  // Its disk is full, and that was said.
};

DirectoryMoves::DirectoryMoves(Options options, Partitions& partitions, log::LogDirs& dirs,
                               io::Clock& clock)
    : options_(std::move(options)), partitions_(partitions), dirs_(dirs), clock_(clock) {}

DirectoryMoves::~DirectoryMoves() = default;

// --- Beginning

void DirectoryMoves::promote_orphans(const metadata::Image& image) {
    for (const auto& dir : dirs_.all()) {
        const auto all_found = dir->found();
        for (const auto& found : all_found) {
            const auto& name = found.name.partition;
            if (found.name.kind != log::DirKind::future) continue;
            const auto* topic = image.topic(name.topic);
            const auto* state = topic != nullptr ? topic->partition(name.partition) : nullptr;
            const bool is_here =
                state != nullptr && state->directory_of(partitions_.node_id()) == dir->id();
            const bool is_only = std::ranges::none_of(
                dirs_.all(), [&](const auto& other) { return other->has_found(name); });
            if (!is_here || !is_only) continue;
            options_.logger.warn(
                "the copy is all there is: it takes the place partition={} "
                "path={}/{}",
                name.to_string(), dir->path(), found.directory);
            if (const auto done = dir->promote(found); !done) break;
        }
    }
}

void DirectoryMoves::resume() {
    for (const auto& dir : dirs_.all()) {
        for (const auto& found : dir->found()) {
            if (found.name.kind == log::DirKind::future) resume(*dir, found);
        }
    }
}

void DirectoryMoves::resume(log::LogDir& dir, const log::FoundPartition& found) {
    const auto& name = found.name.partition;
    // Its log may come back with its directory, or was not loaded before the end.
    if (partitions_.offline_reason(name) || partitions_.is_loading(name)) return;
    const auto partition = partitions_.find(name.topic, name.partition);
    const auto from = partition ? partition->with_log([&](log::Log& log) -> Result<log::LogDir*> {
        return &dirs_.holding(log);
    })
                                : Result<log::LogDir*>(nullptr);
    const auto id = dir.topic_id(found);
    bool is_moving = false;
    {
        const std::lock_guard lock(mutex_);
        is_moving = moves_.contains(name);
    }
    const bool is_of_use = from && *from != nullptr && *from != &dir && !is_moving && id &&
                           *id == partition->topic_id();
    if (is_of_use) {
        auto copy = dir.load(found, partition->settings()->log, clock_.wall_ms());
        if (copy) return add(partition, **from, *std::move(copy));
        options_.logger.warn("the copy cannot be used partition={} error=\"{}\"", name.to_string(),
                             copy.error().what);
    }
    options_.logger.info("copy removed partition={} path={}/{}", name.to_string(), dir.path(),
                         found.directory);
    if (dir.is_offline()) return;
    (void)dir.remove(found);
    // It was damaged, no more: the move goes on from the beginning.
    if (is_of_use) (void)begin(partition, dir);
}

void DirectoryMoves::add(const PartitionRef& partition, log::LogDir& from,
                         std::unique_ptr<log::Log> copy) {
    auto& to = dirs_.holding(*copy);
    const auto& name = partition->name();
    options_.logger.info("replica moves to another directory partition={} from={} to={}",
                         name.to_string(), from.path(), to.path());
    auto move = std::make_shared<Move>(partition, from, to, std::move(copy));
    {
        const std::lock_guard lock(mutex_);
        moves_[name] = move;
        idle_.push_back(std::move(move));
    }
    if (options_.on_begun) options_.on_begun();
}

Result<void> DirectoryMoves::begin(const PartitionRef& partition, log::LogDir& to) {
    const auto& name = partition->name();
    const std::lock_guard deciding(begin_mutex_);
    {
        const std::lock_guard lock(mutex_);
        const auto found = moves_.find(name);
        const bool goes_there = found != moves_.end() && &found->second->to == &to &&
                                found->second->partition == partition;
        if (goes_there) return {};
    }
    end(name);
    struct Source {
        log::LogDir* from = nullptr;
        std::int64_t start = 0;
    };
    const auto source = partition->with_log([&](log::Log& log) -> Result<Source> {
        return Source{&dirs_.holding(log), log.log_start_offset()};
    });
    if (!source) return std::unexpected(source.error());
    if (source->from == &to) return {};
    if (dirs_.is_incomplete()) {
        // There may be a copy in one of those already.
        return fail(
            Errc::kafka_storage_error,
            fmt::format("{} does not move while a log directory is offline", name.to_string()));
    }
    auto copy = to.create_future(name, partition->topic_id(), source->start,
                                 partition->settings()->log, clock_.wall_ms());
    if (!copy) return std::unexpected(std::move(copy).error());
    add(partition, *source->from, *std::move(copy));
    return {};
}

// --- Working

DirectoryMoves::MoveRef DirectoryMoves::next() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return nullptr;
    auto move = std::move(idle_.front());
    idle_.pop_front();
    return move;
}

void DirectoryMoves::retry() {
    const std::lock_guard lock(mutex_);
    std::ranges::move(waiting_, std::back_inserter(idle_));
    waiting_.clear();
}

void DirectoryMoves::put_back(const MoveRef& move, bool must_wait) {
    const std::lock_guard lock(mutex_);
    if (must_wait) {
        waiting_.push_back(move);
    } else {
        idle_.push_back(move);
    }
}

void DirectoryMoves::forget(const MoveRef& move) {
    const std::lock_guard lock(mutex_);
    const auto found = moves_.find(move->partition->name());
    if (found != moves_.end() && found->second == move) moves_.erase(found);
    std::erase(idle_, move);
    std::erase(waiting_, move);
}

DirectoryMoves::Step DirectoryMoves::step(const MoveRef& move) {
    Step done;
    bool is_over = false;
    {
        const std::lock_guard lock(move->mutex);
        if (!move->copy) return done;  // Ended meanwhile.
        const auto went = round(*move, &done.bytes);
        if (went && *went == Round::finished) finished(*move);
        if (!went) done.must_wait = failed(*move, went.error());
        if (went) move->is_stuck = false;
        is_over = !move->copy;
    }
    if (is_over) {
        forget(move);
    } else {
        put_back(move, done.must_wait);
    }
    return done;
}

Result<DirectoryMoves::Round> DirectoryMoves::round(Move& move, std::size_t* bytes) {
    auto& copy = *move.copy;
    const auto now_ms = clock_.wall_ms();
    // Two copies of which one is being cleaned would not be alike.
    const auto piece = move.partition->with_cold_log([&](log::Log& log) {
        log.pause_compaction(true);
        return copy.next(log, kPieceBytes);
    });
    if (!piece) return std::unexpected(piece.error());
    const auto taken = copy.take(*piece, now_ms);
    // It was cut off under our hands: once more from where it ends now.
    if (!taken && taken.error().code == Errc::corrupt_message) {
        const auto again = move.partition->with_log([&](log::Log& log) -> Result<bool> {
            return log.log_end_offset() < piece->log_end || log.log_start_offset() > piece->from;
        });
        if (again && *again) return Round::more;
    }
    if (!taken) return std::unexpected(taken.error());
    *bytes = *taken;
    if (!copy.has_all_of(*piece)) return Round::more;
    if (auto done = copy.settle(); !done) return std::unexpected(std::move(done).error());
    const auto exchanged = move.partition->exchange_log(
        [&](std::unique_ptr<log::Log>& log) { return copy.finish(log, now_ms); });
    if (!exchanged) return std::unexpected(exchanged.error());
    return *exchanged ? Round::finished : Round::more;
}

void DirectoryMoves::finished(Move& move) {
    const auto& partition = *move.partition;
    partitions_.moved(partition, move.to);
    // A failure has taken the directory offline, and with it the partition.
    (void)move.copy->write_checkpoints();
    (void)move.from.write_recovery_points();
    (void)move.from.write_high_watermarks();
    move.copy.reset();
    options_.logger.info("replica moved partition={} from={} to={}", partition.name().to_string(),
                         move.from.path(), move.to.path());
    if (options_.placed) {
        options_.placed(partition.topic_id(), partition.name().partition, move.to.id());
    }
}

bool DirectoryMoves::failed(Move& move, const Error& why) {
    const auto& name = move.partition->name();
    if (move.to.is_offline()) {
        drop(move, "its new directory failed");
    } else if (move.from.is_offline() || partitions_.offline_reason(name)) {
        // The log may come back, and then they go on.
        keep(move);
        options_.logger.warn("replica does not move on partition={} error=\"{}\"", name.to_string(),
                             why.what);
    } else if (partitions_.find(name.topic, name.partition) != move.partition) {
        drop(move, "it is gone");
    } else if (why.code == Errc::kafka_storage_error) {
        if (!std::exchange(move.is_stuck, true)) {
            options_.logger.warn("replica waits for room to move partition={} to={} error=\"{}\"",
                                 name.to_string(), move.to.path(), why.what);
        }
        return true;
    } else {
        options_.logger.error("replica cannot be moved partition={} error=\"{}\"", name.to_string(),
                              why.what);
        drop(move, "it cannot be copied");
    }
    return false;
}

// --- Ending

void DirectoryMoves::drop(Move& move, const char* why) {
    const auto& name = move.partition->name();
    options_.logger.info("replica stays where it is partition={} reason=\"{}\"", name.to_string(),
                         why);
    if (!move.to.is_offline()) (void)move.copy->remove(clock_.wall_ms());
    move.copy.reset();
    (void)move.partition->with_log([](log::Log& log) -> Result<void> {
        log.pause_compaction(false);
        return {};
    });
}

void DirectoryMoves::keep(Move& move) {
    const auto kept = move.copy->keep(clock_.wall_ms());
    move.copy.reset();
    if (kept) return;
    is_clean_ = false;
    options_.logger.error("copy not closed partition={} error=\"{}\"",
                          move.partition->name().to_string(), kept.error().what);
}

void DirectoryMoves::end(const TopicPartition& name) {
    MoveRef move;
    {
        const std::lock_guard lock(mutex_);
        const auto found = moves_.find(name);
        if (found == moves_.end()) return;
        move = found->second;
    }
    {
        const std::lock_guard lock(move->mutex);
        if (move->copy) drop(*move, "the move was called off");
    }
    forget(move);
}

std::vector<DirectoryMoves::Shown> DirectoryMoves::all() const {
    const std::lock_guard lock(mutex_);
    std::vector<Shown> out;
    for (const auto& [name, move] : moves_) {
        out.push_back({name, &move->to, static_cast<std::int64_t>(move->marks->size_bytes),
                       move->marks->log_end_offset});
    }
    return out;
}

bool DirectoryMoves::close() {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, move] : moves_) {
        const std::lock_guard working(move->mutex);
        if (move->copy && !move->to.is_offline()) keep(*move);
    }
    moves_.clear();
    idle_.clear();
    waiting_.clear();
    return is_clean_;
}

}  // namespace kcore::replication
