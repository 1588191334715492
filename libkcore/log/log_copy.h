#pragma once
// A log on its way into another directory of the broker (AlterReplicaLogDirs): its copy there,
// which follows it while it is written to, and in the end takes its place.
//
// 1. The copy holds a prefix of the log's history; what the log cuts off, it cuts off.
// 2. The plain name is the old directory's until the copy has all that the log has, as durably.
//    Then the copy gets it, then the old one is renamed to -delete. A crash in between leaves both,
//    with the same content; the cluster still has the replica in the old directory.

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/result.h"
#include "log/log_dir.h"

namespace kcore::log {

// Blocks. One call at a time. Errors of the disk have taken the copy's directory offline, but for a
// full disk.
class LogCopy {
public:
    // `copy` comes from to.create_future(), or was found there under that name and loaded.
    LogCopy(LogDir& from, LogDir& to, std::unique_ptr<Log> copy);

    // What the copy lacks, from where on, and how it stands with the log.
    struct Piece {
        FileSlice slice;
        std::int64_t from = 0;
        std::int64_t log_start = 0;
        std::int64_t high_watermark = 0;
        std::int64_t log_end = 0;
    };
    // Under the log's mutex; what is said of Log::read() goes for it.
    Result<Piece> next(Log& log, std::size_t bytes_max);
    // Without it. Gives the bytes that were copied.
    //   corrupt_message  the log was cut while it was read, or is damaged
    Result<std::size_t> take(const Piece& piece, std::int64_t now_ms);
    bool has_all_of(const Piece& piece) const;
    // Makes all that was taken, and the checkpoints that speak of it, durable.
    Result<void> settle();

    // Under the mutex that guards `log`: takes the last of it and exchanges the two; the old log
    // and its files go. False: too much came meanwhile, nothing has changed. After an error the log
    // is where it was.
    Result<bool> finish(std::unique_ptr<Log>& log, std::int64_t now_ms);

    // What a finished move leaves to be written.
    Result<void> write_checkpoints();

    // Ends it: the copy goes, or stays on the disk for the next start.
    Result<void> remove(std::int64_t now_ms);
    Result<void> keep(std::int64_t now_ms);

    const std::shared_ptr<const LogMarks>& marks() const { return marks_; }

private:
    std::int64_t common_end(const Log& log) const;
    Result<void> cut_to(const Piece& piece, std::int64_t now_ms);
    Result<void> follow(const Piece& piece);
    Result<void> flush();
    Result<bool> catch_up(Log& log, std::int64_t now_ms);

    LogDir& from_;
    LogDir& to_;
    std::unique_ptr<Log> copy_;  // None once it is over.
    const TopicPartition partition_;
    const std::shared_ptr<const LogMarks> marks_;
    std::int64_t cleaned_to_ = -1;
};

}  // namespace kcore::log
