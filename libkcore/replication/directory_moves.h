#pragma once
// Replicas that move between this broker's log directories while they are in use
// (AlterReplicaLogDirs). Who calls step(), and how fast, is the broker's business.

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "base/logger.h"
#include "io/clock.h"
#include "log/log_copy.h"
#include "metadata/image.h"
#include "replication/partitions.h"

namespace kcore::replication {

// Thread-safe; begin(), cancel(), resume(), step() and close() block.
class DirectoryMoves {
public:
    struct Options {
        // Where a replica lies from now on.
        std::function<void(const Uuid& topic_id, std::int32_t partition, const Uuid& directory)>
            placed;
        std::function<void()> on_begun;  // There is one more for next().
        Logger logger;
    };
    DirectoryMoves(Options options, Partitions& partitions, log::LogDirs& dirs, io::Clock& clock);
    ~DirectoryMoves();

    // At start, before the partitions are loaded: a copy that is all there is of a replica, and
    // that the image has in its directory, takes the replica's place.
    void promote_orphans(const metadata::Image& image);
    // After that: goes on with the copies that were found, and removes those of no use.
    void resume();

    // Begins to move it, or goes on; one to another directory ends first. To where it lies: ends.
    //   kafka_storage_error  the directory, or any other, is offline, or the disk is full
    Result<void> begin(const PartitionRef& partition, log::LogDir& to);

    class Move;
    using MoveRef = std::shared_ptr<Move>;
    // One to work on, taken by turns, that nobody else has; null when there is none.
    MoveRef next();
    struct Step {
        Step() = default;
        std::size_t bytes = 0;   // That were copied.
        bool must_wait = false;  // Its disk is full: it is not for next() until retry().
    };
    Step step(const MoveRef& move);
    // Those that had to wait are for next() again.
    void retry();

    struct Shown {
        TopicPartition partition;
        const log::LogDir* to = nullptr;
        std::int64_t size_bytes = 0;
        std::int64_t log_end = 0;
    };
    std::vector<Shown> all() const;

    // Leaves all copies as they are for the next start; false when one could not be closed cleanly.
    // While nobody is in step().
    bool close();

private:
    enum class Round : std::uint8_t { more, finished };

    void add(const PartitionRef& partition, log::LogDir& from, std::unique_ptr<log::Log> copy);
    void resume(log::LogDir& dir, const log::FoundPartition& found);
    void end(const TopicPartition& name);
    void forget(const MoveRef& move);
    void put_back(const MoveRef& move, bool must_wait);
    Result<Round> round(Move& move, std::size_t* bytes);
    void finished(Move& move);
    // Whether there is any sense in trying again.
    bool failed(Move& move, const Error& why);
    void drop(Move& move, const char* why);
    void keep(Move& move);

    const Options options_;
    Partitions& partitions_;
    log::LogDirs& dirs_;
    io::Clock& clock_;
    std::mutex begin_mutex_;  // One decision about a partition at a time.
    mutable std::mutex mutex_;
    std::map<TopicPartition, MoveRef> moves_;
    std::deque<MoveRef> idle_;  // Of them, who waits for their turn.
    std::vector<MoveRef> waiting_;
    std::atomic<bool> is_clean_ = true;  // Every copy that was left was closed.
};

}  // namespace kcore::replication
