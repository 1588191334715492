#pragma once
// All partitions of this broker, and how they follow the metadata image: logs are made, given
// roles, and removed as it says. Which broker leads is never decided here.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
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
    std::size_t recovery_threads = 2;  // Per directory; likewise for closing.
    SettingsOf settings_of;
    std::int64_t lag_max_ms = 30'000;  // replica.lag.time.max.ms
    // Where a replica lies, when the image has it elsewhere; kDirLost: it cannot be served. From
    // any thread, at once.
    std::function<void(const Uuid& topic_id, std::int32_t partition, const Uuid& directory)> placed;
    Logger logger;
};

// Lookups are thread-safe; load(), apply() and close() block and come one at a time, load_late()
// beside apply(); directory_failed() from any thread.
//
// 1. A log is made only for a partition that cannot have one yet: it is new in the image, or the
//    image has it in no directory or in one that is online, and no log of it was found there.
// 2. One whose log was refused, or whose directory is not online, is offline: never made anew.
// 3. One that is loading takes its role when it is loaded; the image may have dropped it by then.
class Partitions {
public:
    Partitions(PartitionsOptions options, log::LogDirs& dirs, io::Pool& pool, io::Clock& clock);
    ~Partitions();

    std::int32_t node_id() const { return options_.node_id; }

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
    // serving as soon as it is ready; sets the others aside as strays. Logs with much to recover
    // are left for load_late(), which goes on beside apply(): `latest` gives the image of the last
    // apply(), or of one under way, and `on_ready` hears of each that serves. False when it was
    // stopped before the end: nothing can be applied then.
    bool load(const metadata::Image& image);
    using Latest = std::function<metadata::ImagePtr()>;
    using OnReady = std::function<void(const Uuid& topic_id, const TopicPartition& name)>;
    void load_late(const Latest& latest, const OnReady& on_ready);
    void stop_loading() { dirs_.stop_loading(); }  // load() and load_late() return soon.
    bool is_loading(const TopicPartition& name) const;

    // Brings logs and roles in line with `after`. Before `after` is published, so that nobody is
    // sent to a leader that is not there yet.
    void apply(const metadata::Image& before, const metadata::Image& after,
               const metadata::Changes& changes);

    // Makes the logs that could not be made when they were wanted: there was no room, or no
    // descriptor. `latest` and `on_ready` as for load_late().
    void make_missing(const Latest& latest, const OnReady& on_ready);

    // The next log of this partition, which is assigned here and not there yet, is made in this
    // directory where the image leaves the choice.
    void prefer(const TopicPartition& name, log::LogDir& directory);
    // The partition's log was exchanged for its copy in this one.
    void moved(const Partition& partition, log::LogDir& directory);

    // A directory went offline: so do its partitions, whose waits end with `why`.
    void directory_failed(const log::LogDir& directory, const Error& why);

    // Which brokers live may have changed, or time has passed.
    void reconsider(const metadata::Image& image);

    // Small chores, now and then: flush.ms, expired producers. Gives the smallest flush.ms there
    // is.
    std::int64_t tick();

    // Deletes what retention.ms and retention.bytes no longer keep. Blocks; so does the next.
    void delete_old_segments();
    // Deletes segments below the log start of these, after making that durable.
    void drop_old_segments(const std::vector<PartitionRef>& partitions);

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
    // Assigned here and not served.
    struct Offline {
        Uuid topic_id;
        Error why;
        // Where its log was found, unless it was not, or the directory failed.
        log::LogDir* directory = nullptr;
        std::optional<log::FoundPartition> found;
        bool is_final = true;  // Else make_missing() tries again, and its next change.
    };
    // To be loaded by load_late().
    struct Loading {
        Uuid topic_id;
        bool is_dropped = false;  // Not of this topic, or not assigned here, any more.
    };
    // One partition of the image.
    struct Wanted {
        const metadata::Topic& topic;
        std::int32_t number;
        bool is_new;

        const metadata::Partition& state() const { return *topic.partition(number); }
        TopicPartition name() const { return {topic.name, number}; }
    };

    const Placed* held(std::string_view topic, std::int32_t partition) const;
    void put(const Placed& placed);
    void take_offline(const Placed& placed, const Error& why);
    void drop(const TopicPartition& name, const Error& why);
    void drop_topic(const Uuid& id, const std::string& topic);
    void drop_deleted(const metadata::Image& after);
    void apply_partition(const metadata::Image& after, const Wanted& wanted);
    void apply_settings(const metadata::Image& after, const metadata::Changes& changes);
    void make(const metadata::Image& after, const Wanted& wanted);
    Result<log::LogDir*> home_of(const Wanted& wanted) const;
    void create(const metadata::Image& after, const Wanted& wanted, log::LogDir& directory);
    void take_loaded(const metadata::Image& image, log::LoadedPartition loaded);
    void take_late(const metadata::Image& image, log::LoadedPartition loaded);
    void remove_loaded(log::LoadedPartition loaded);
    bool is_ours(const metadata::Image& image, const log::LoadedPartition& loaded) const;
    void set_aside(log::LoadedPartition loaded);
    void refuse(const TopicPartition& name, Offline offline);
    void tell(const Wanted& wanted, const Uuid& directory) const;
    PartitionRef make_partition(std::unique_ptr<log::Log> log, SettingsRef settings,
                                const metadata::Partition& state) const;
    SettingsRef settings_for(const metadata::Image& image, const std::string& topic);
    bool is_offline(const Wanted& wanted) const;
    std::map<TopicPartition, Uuid> missing() const;
    bool is_assigned_here(const metadata::Partition* state) const {
        if (state == nullptr) return false;
        return std::ranges::find(state->replicas, options_.node_id) != state->replicas.end();
    }

    const PartitionsOptions options_;
    log::LogDirs& dirs_;
    io::Pool& pool_;
    io::Clock& clock_;
    LiveBrokers live_brokers_;

    mutable std::shared_mutex mutex_;
    std::unordered_map<std::string, ByNumber, NameHash, std::equal_to<>> by_name_;
    std::unordered_map<Uuid, std::string> names_;
    std::unordered_map<TopicPartition, Offline> offline_;
    std::unordered_map<TopicPartition, log::LogDir*> preferred_;
    std::unordered_map<TopicPartition, Loading> loading_;

    std::mutex applying_;  // One image, or one log that was late, at a time.

    std::mutex settings_mutex_;
    std::int64_t settings_offset_ = -1;  // Of the image that these are of.
    std::unordered_map<std::string, SettingsRef> settings_;
};

}  // namespace kcore::replication
