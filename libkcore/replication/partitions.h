#pragma once
// All partitions of this broker, and how they follow the metadata image: logs are made, given
// roles, and removed as it says. Which broker leads is never decided here.

#include <cstdint>
#include <functional>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/logger.h"
#include "io/clock.h"
#include "io/pool.h"
#include "log/log_dirs.h"
#include "metadata/changes.h"
#include "metadata/image.h"
#include "replication/partition.h"

namespace kcore::replication {

// The settings of a topic as this image gives them.
using SettingsOf = std::function<SettingsRef(const metadata::Image&, const std::string& topic)>;

struct PartitionsOptions {
    std::int32_t node_id = -1;
    std::size_t recovery_threads = 2;  // Per directory.
    SettingsOf settings_of;
    Logger logger;
};

// Lookups are thread-safe; load(), apply() and close() come from one thread at a time and block for
// small file operations.
class Partitions {
public:
    Partitions(PartitionsOptions options, log::LogDirs& dirs, io::Pool& pool, io::Clock& clock);
    ~Partitions();

    // Null: not here.
    PartitionRef find(std::string_view topic, std::int32_t partition) const;
    PartitionRef find(const Uuid& topic_id, std::int32_t partition) const;
    std::vector<PartitionRef> all() const;
    struct Placed {
        PartitionRef partition;
        log::LogDir* directory = nullptr;
    };
    std::vector<Placed> all_placed() const;

    // Why an assigned partition is not here (its log did not load, its directory failed); none when
    // nothing is known against it.
    std::optional<Error> offline_reason(const TopicPartition& name) const;

    // At start: loads every log that was found and is still assigned here, in parallel, each
    // serving as soon as it is ready; sets the others aside as strays. Returns when all are done.
    void load(const metadata::Image& image);

    // Brings logs and roles in line with `after`. Before `after` is published, so that nobody is
    // sent to a leader that is not there yet.
    void apply(const metadata::Image& after, const metadata::Changes& changes);

    // Small chores, now and then: flush.ms, expired producers, idle descriptors.
    void tick();

    // Ends all waits and closes the logs; false when one could not be closed cleanly.
    bool close();

private:
    struct NameHash {
        using is_transparent = void;
        std::size_t operator()(std::string_view s) const {
            return std::hash<std::string_view>{}(s);
        }
    };
    using ByNumber = std::unordered_map<std::int32_t, Placed>;

    const Placed* held(std::string_view topic, std::int32_t partition) const;
    void put(Placed held);
    void drop(const TopicPartition& name, const Error& why);
    void apply_topic(const metadata::Image& after, const Uuid& id,
                     const metadata::Changes::ChangedTopic& change);
    void apply_partition(const metadata::Image& after, const metadata::Topic& topic,
                         std::int32_t number);
    void apply_settings(const metadata::Image& after, const metadata::Changes& changes);
    Result<Placed> create(const metadata::Image& after, const metadata::Topic& topic,
                          std::int32_t number);
    void take_loaded(const metadata::Image& image, log::LoadedPartition loaded);
    void refuse(const TopicPartition& name, Error why);

    const PartitionsOptions options_;
    log::LogDirs& dirs_;
    io::Pool& pool_;
    io::Clock& clock_;

    mutable std::shared_mutex mutex_;
    std::unordered_map<std::string, ByNumber, NameHash, std::equal_to<>> by_name_;
    std::unordered_map<Uuid, std::string> names_;
    std::unordered_map<TopicPartition, Error> refused_;
};

}  // namespace kcore::replication
