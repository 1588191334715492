#include "log/log_dir.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace kcore::log {

namespace {

constexpr std::string_view kLock = ".lock";
constexpr std::string_view kCleanMarker = ".kafka_cleanshutdown";
constexpr std::string_view kRecoveryPoints = "recovery-point-offset-checkpoint";
constexpr std::string_view kLogStarts = "log-start-offset-checkpoint";
constexpr std::string_view kHighWatermarks = "replication-offset-checkpoint";
constexpr std::string_view kCleanedTo = "cleaner-offset-checkpoint";
constexpr std::string_view kRemoteIndexCache = "remote-log-index-cache";
// The metadata log keeps its own account of what is synced and committed.

std::int64_t offset_in(const OffsetCheckpoint& offsets, const TopicPartition& partition) {
    const auto found = offsets.find(partition);
    return found == offsets.end() ? 0 : std::max<std::int64_t>(found->second, 0);
}

// A directory that survives a crash right after: so do all its parents that are new.
Result<void> make_durable_directory(io::Disk& disk, const std::string& path) {
    std::vector<std::string> parents;
    for (auto at = path; !at.empty();) {
        const auto there = disk.stat(at);
        if (!there) return std::unexpected(there.error());
        if (*there && (*there)->is_directory) break;
        at = at.substr(0, at.contains('/') ? at.rfind('/') : 0);
        parents.push_back(at.empty() ? (path.starts_with('/') ? "/" : ".") : at);
    }
    if (auto done = disk.make_directory(path); !done) return done;
    for (const auto& parent : parents) {
        if (auto done = disk.sync_directory(parent); !done) return done;
    }
    return {};
}

}  // namespace

LogDir::LogDir(io::Disk& disk, FileCache& files, io::Random& random, Logger logger,
               std::string path, Storage::OnFailure on_failure)
    : storage_(disk, files, random, std::move(logger), std::move(path), std::move(on_failure)) {
    storage_.set_on_recovery_point_fell([this] { return write_recovery_points(); });
}

Result<std::unique_ptr<LogDir>> LogDir::open(io::Disk& disk, FileCache& files, io::Random& random,
                                             Logger logger, std::string path,
                                             Storage::OnFailure on_failure) {
    std::unique_ptr<LogDir> dir(
        new LogDir(disk, files, random, std::move(logger), std::move(path), std::move(on_failure)));
    if (auto done = dir->read(); !done) return std::unexpected(std::move(done).error());
    return dir;
}

std::string LogDir::at(std::string_view name) const { return fmt::format("{}/{}", path(), name); }

Result<void> LogDir::read() {
    auto& disk = storage_.disk();
    if (auto done = make_durable_directory(disk, path()); !done) return done;
    auto lock = disk.lock(at(kLock));
    if (!lock) return std::unexpected(std::move(lock).error());
    lock_ = std::move(*lock);
    auto meta = read_meta_properties(disk, path());
    if (!meta) return std::unexpected(std::move(meta).error());
    meta_ = std::move(*meta);
    if (auto done = read_names(); !done) return done;
    if (auto done = read_checkpoints(); !done) return done;
    return take_clean_marker();
}

Result<void> LogDir::read_names() {
    const auto entries = storage_.disk().list(path());
    if (!entries) return std::unexpected(entries.error());
    for (const auto& entry : *entries) {
        if (!entry.is_directory || entry.name == kRemoteIndexCache) continue;
        auto name = parse_dir_name(entry.name);
        if (!name) {
            return fail(Errc::kafka_storage_error,
                        fmt::format("{}: not the name of a partition's directory", at(entry.name)));
        }
        if (name->kind == DirKind::deleted) {
            storage_.remove_later(at(entry.name), 0);
        } else {
            found_.push_back({std::move(*name), entry.name});
        }
    }
    return {};
}

Result<OffsetCheckpoint> LogDir::read_checkpoint(std::string_view file) {
    const auto bytes = read_file(storage_.disk(), at(file));
    if (!bytes) return std::unexpected(bytes.error());
    if (!*bytes) return OffsetCheckpoint();
    auto offsets = parse_offsets(as_text(**bytes));
    if (!offsets) return fail(offsets.error().code, at(file) + ": " + offsets.error().what);
    // Those of partitions that are gone are forgotten.
    std::erase_if(*offsets, [this](const auto& entry) {
        return !std::ranges::binary_search(
            found_, entry.first, {}, [](const FoundPartition& found) -> const TopicPartition& {
                return found.name.partition;
            });
    });
    return offsets;
}

Result<void> LogDir::read_checkpoints() {
    std::ranges::sort(found_, {}, [](const FoundPartition& found) -> const TopicPartition& {
        return found.name.partition;
    });
    const std::pair<std::string_view, OffsetCheckpoint*> files[] = {
        {kRecoveryPoints, &recovery_points_},
        {kLogStarts, &log_starts_},
        {kHighWatermarks, &high_watermarks_},
        {kCleanedTo, &cleaned_to_}};
    for (const auto& [file, offsets] : files) {
        auto read = read_checkpoint(file);
        if (!read) return std::unexpected(std::move(read).error());
        *offsets = std::move(*read);
    }
    return {};
}

Result<void> LogDir::take_clean_marker() {
    const auto marker = read_file(storage_.disk(), at(kCleanMarker));
    if (!marker) return std::unexpected(marker.error());
    if (!*marker) return {};
    clean_marker_ = parse_clean_marker(as_text(**marker));
    if (auto done = storage_.disk().remove(at(kCleanMarker)); !done) return done;
    // A crash from here on must not find it again.
    return storage_.disk().sync_directory(path());
}

Uuid LogDir::id() const {
    return meta_ ? meta_->directory_id.value_or(kDirMigrating) : kDirMigrating;
}

bool LogDir::has_found(const TopicPartition& partition) const {
    const auto name_of = [](const FoundPartition& found) -> const TopicPartition& {
        return found.name.partition;
    };
    const auto same = std::ranges::equal_range(found_, partition, {}, name_of);
    return std::ranges::any_of(
        same, [](const FoundPartition& found) { return found.name.kind == DirKind::current; });
}

Result<void> LogDir::write_meta(const MetaProperties& meta) {
    if (auto done = write_meta_properties(storage_.disk(), path(), meta); !done) {
        return storage_.failed_for_good(done.error());
    }
    meta_ = meta;
    return {};
}

LoadFrom LogDir::load_from(const TopicPartition& partition) const {
    const std::lock_guard lock(mutex_);
    return {.is_clean = was_clean(),
            .recovery_point = offset_in(recovery_points_, partition),
            .log_start_offset = offset_in(log_starts_, partition),
            .high_watermark = offset_in(high_watermarks_, partition)};
}

void LogDir::add(const Log& log) {
    const std::lock_guard lock(mutex_);
    logs_[log.partition()] = log.marks();
    recovery_points_.erase(log.partition());
    log_starts_.erase(log.partition());
    high_watermarks_.erase(log.partition());
}

Result<Uuid> LogDir::read_topic_id(const std::string& path) {
    const auto file = fmt::format("{}/{}", path, kPartitionMetadata);
    const auto bytes = read_file(storage_.disk(), file);
    if (!bytes) return std::unexpected(bytes.error());
    // Cut off by a power cut before the first flush: then it is as good as missing.
    const auto is_unwritten = [](std::byte b) { return b == std::byte{0}; };
    if (!*bytes || std::ranges::all_of(**bytes, is_unwritten)) return Uuid();
    auto id = parse_partition_metadata(as_text(**bytes));
    if (!id) return fail(id.error().code, path + "/" + id.error().what);
    return id;
}

Result<std::unique_ptr<Log>> LogDir::load(const FoundPartition& found, ConfigRef config,
                                          std::int64_t now_ms, std::uint64_t recover_bytes_max) {
    if (auto online = storage_.check_online(); !online) return std::unexpected(online.error());
    const auto where = at(found.directory);
    const auto topic_id = read_topic_id(where);
    if (!topic_id) return storage_.failed_read(topic_id.error());
    const auto& partition = found.name.partition;
    Loader loader(storage_, {partition, *topic_id, where, std::move(config)}, load_from(partition),
                  now_ms);
    auto log = loader.load(recover_bytes_max);
    if (log && *log) add(**log);
    return log;
}

Result<std::unique_ptr<Log>> LogDir::create(const TopicPartition& partition, const Uuid& topic_id,
                                            ConfigRef config, std::int64_t now_ms) {
    auto where = at(dir_name(partition, DirKind::current, {}));
    return make({partition, topic_id, std::move(where), std::move(config)}, {}, now_ms);
}

Result<std::unique_ptr<Log>> LogDir::create_future(const TopicPartition& partition,
                                                   const Uuid& topic_id, std::int64_t start,
                                                   ConfigRef config, std::int64_t now_ms) {
    const auto where = at(dir_name(partition, DirKind::future, storage_.random().uuid()));
    auto log =
        make({partition, topic_id, where, std::move(config)}, {.log_start_offset = start}, now_ms);
    if (!log) (void)remove_all(storage_.disk(), where);
    return log;
}

Result<std::unique_ptr<Log>> LogDir::make(LoadWhat what, LoadFrom from, std::int64_t now_ms) {
    if (auto online = storage_.check_online(); !online) return std::unexpected(online.error());
    const auto& where = what.path;
    const auto known = read_topic_id(where);
    if (!known) return storage_.failed_read(known.error());
    if (!known->is_zero() && *known != what.topic_id) {
        return fail(Errc::inconsistent_topic_id,
                    fmt::format("{}: holds topic id {} instead of {}", where, known->to_string(),
                                what.topic_id.to_string()));
    }
    if (auto done = storage_.disk().make_directory(where); !done) {
        return storage_.failed(done.error());
    }
    if (known->is_zero() && !what.topic_id.is_zero()) {
        if (auto done = put_topic_id(where, what.topic_id); !done) {
            return storage_.failed(done.error());
        }
    }
    {
        // Of another partition of that name.
        const std::lock_guard lock(mutex_);
        cleaned_to_.erase(what.partition);
    }
    Loader loader(storage_, std::move(what), from, now_ms);
    auto log = loader.load(UINT64_MAX);
    if (log) add(**log);
    return log;
}

Result<void> LogDir::give_plain_name(const TopicPartition& partition, const std::string& from) {
    if (auto online = storage_.check_online(); !online) return online;
    const auto to = at(dir_name(partition, DirKind::current, {}));
    // What is in it first: a name must not survive a power cut that its files do not.
    auto done = storage_.disk().sync_directory(from);
    if (done) done = storage_.disk().rename(from, to);
    if (done) storage_.renamed(from, to);
    if (done) done = storage_.disk().sync_directory(path());
    if (!done) return storage_.failed_for_good(done.error());
    return {};
}

Result<void> LogDir::promote(Log& future) {
    auto done = give_plain_name(future.partition(), future.path());
    if (done) future.path_ = at(dir_name(future.partition(), DirKind::current, {}));
    return done;
}

Result<void> LogDir::promote(const FoundPartition& future) {
    const auto same = std::ranges::find(found_, future.directory, &FoundPartition::directory);
    auto done = give_plain_name(future.name.partition, at(future.directory));
    if (!done || same == found_.end()) return done;
    same->name.kind = DirKind::current;
    same->directory = dir_name(same->name.partition, DirKind::current, {});
    return done;
}

Result<void> LogDir::adopt(Log& log, const Uuid& topic_id) {
    if (auto online = storage_.check_online(); !online) return online;
    if (auto done = put_topic_id(log.path(), topic_id); !done) return storage_.failed(done.error());
    log.topic_id_ = topic_id;
    log.pending_.are_names_new = true;
    return {};
}

Result<void> LogDir::put_topic_id(const std::string& where, const Uuid& topic_id) {
    const auto path = fmt::format("{}/{}", where, kPartitionMetadata);
    {
        auto file = storage_.disk().open(path + ".tmp", io::Open::create);
        if (!file) return std::unexpected(std::move(file).error());
        auto done = (*file)->write(0, as_bytes(format_partition_metadata(topic_id)));
        if (!done) return done;
    }
    return storage_.disk().rename(path + ".tmp", path);
}

Result<std::string> LogDir::take_away(std::unique_ptr<Log> log, DirKind kind) {
    log->cancel_compaction();
    if (log->pending_.in_flight) log->pending_.in_flight->cancel();
    auto to = rename_away(log->partition(), log->path(), kind);
    if (!to) return to;
    const std::lock_guard lock(mutex_);
    logs_.erase(log->partition());
    cleaned_to_.erase(log->partition());
    return to;
}

Result<std::string> LogDir::rename_away(const TopicPartition& partition, const std::string& from,
                                        DirKind kind) {
    if (auto online = storage_.check_online(); !online) return std::unexpected(online.error());
    auto to = at(dir_name(partition, kind, storage_.random().uuid()));
    if (auto done = storage_.disk().rename(from, to); !done) {
        return storage_.failed_for_good(done.error());
    }
    storage_.renamed(from, to);
    if (auto done = storage_.disk().sync_directory(path()); !done) {
        return storage_.failed_for_good(done.error());
    }
    return to;
}

Result<void> LogDir::remove(std::unique_ptr<Log> log, std::int64_t now_ms) {
    const auto at_ms = now_ms + log->config().file_delete_delay_ms;
    auto to = take_away(std::move(log), DirKind::deleted);
    if (!to) return std::unexpected(std::move(to).error());
    storage_.remove_later(std::move(*to), at_ms);
    return {};
}

Result<void> LogDir::set_aside(std::unique_ptr<Log> log) {
    const auto to = take_away(std::move(log), DirKind::stray);
    if (!to) return std::unexpected(to.error());
    return {};
}

Result<void> LogDir::remove(const FoundPartition& found) {
    auto to = rename_away(found.name.partition, at(found.directory), DirKind::deleted);
    if (!to) return std::unexpected(std::move(to).error());
    storage_.remove_later(std::move(*to), 0);
    return {};
}

Result<void> LogDir::set_aside(const FoundPartition& found) {
    const auto to = rename_away(found.name.partition, at(found.directory), DirKind::stray);
    if (!to) return std::unexpected(to.error());
    return {};
}

std::size_t LogDir::partitions() const {
    const std::lock_guard lock(mutex_);
    return logs_.size();
}

Result<void> LogDir::write_checkpoint(std::string_view file, const OffsetCheckpoint& not_loaded,
                                      OffsetOf offset_of) {
    if (auto online = storage_.check_online(); !online) return online;
    const std::lock_guard one_at_a_time(checkpoint_mutex_);
    OffsetCheckpoint offsets;
    {
        const std::lock_guard lock(mutex_);
        offsets = not_loaded;
        for (const auto& [partition, marks] : logs_) {
            if (partition.topic == kMetadataTopic) continue;
            if (const auto offset = offset_of(*marks)) offsets[partition] = *offset;
        }
    }
    const auto done = replace_file(storage_.disk(), at(file), as_bytes(format_offsets(offsets)));
    if (!done) return storage_.failed(done.error());
    return {};
}

Result<void> LogDir::write_recovery_points() {
    return write_checkpoint(kRecoveryPoints, recovery_points_, [](const LogMarks& marks) {
        return std::optional(marks.recovery_point.load());
    });
}

Result<void> LogDir::write_high_watermarks() {
    return write_checkpoint(kHighWatermarks, high_watermarks_, [](const LogMarks& marks) {
        return std::optional(marks.high_watermark.load());
    });
}

Result<void> LogDir::write_log_starts() {
    return write_checkpoint(kLogStarts, log_starts_,
                            [](const LogMarks& marks) -> std::optional<std::int64_t> {
                                const auto start = marks.log_start_offset.load();
                                if (start <= marks.first_segment_offset) return std::nullopt;
                                return start;
                            });
}

std::int64_t LogDir::cleaned_to(const TopicPartition& partition) const {
    const std::lock_guard lock(mutex_);
    const auto found = cleaned_to_.find(partition);
    return found == cleaned_to_.end() ? -1 : found->second;
}

Result<void> LogDir::set_cleaned_to(const TopicPartition& partition, std::int64_t offset) {
    {
        const std::lock_guard lock(mutex_);
        if (!logs_.contains(partition)) return {};
        cleaned_to_[partition] = offset;
    }
    if (auto online = storage_.check_online(); !online) return online;
    const std::lock_guard one_at_a_time(checkpoint_mutex_);
    OffsetCheckpoint offsets;
    {
        const std::lock_guard lock(mutex_);
        offsets = cleaned_to_;
    }
    const auto text = format_offsets(offsets);
    const auto done = replace_file(storage_.disk(), at(kCleanedTo), as_bytes(text));
    if (!done) return storage_.failed(done.error());
    return {};
}

Result<void> LogDir::close(std::int64_t broker_epoch, bool is_clean) {
    using Step = Result<void> (LogDir::*)();
    constexpr Step kSteps[] = {&LogDir::write_recovery_points, &LogDir::write_high_watermarks,
                               &LogDir::write_log_starts};
    // A log that was found and not loaded has still to be recovered.
    const auto waits = [&](const FoundPartition& found) {
        if (found.name.kind != DirKind::current) return false;
        const std::lock_guard lock(mutex_);
        if (logs_.contains(found.name.partition)) return false;
        const auto is_there = storage_.disk().stat(at(found.directory));
        return !is_there || is_there->has_value();
    };
    const auto write_all = [&]() -> Result<void> {
        for (const auto step : kSteps) {
            if (auto done = (this->*step)(); !done) return done;
        }
        if (!is_clean || (!was_clean() && std::ranges::any_of(found_, waits))) return {};
        const auto done = replace_file(storage_.disk(), at(kCleanMarker),
                                       as_bytes(format_clean_marker(broker_epoch)));
        if (!done) return storage_.failed(done.error());
        return {};
    };
    auto done = write_all();
    lock_.reset();
    return done;
}

}  // namespace kcore::log
