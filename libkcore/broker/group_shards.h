#pragma once
// The group coordinators of this broker: one shard for each partition of __consumer_offsets that it
// leads, loaded from the log when leadership comes and given up when it goes.

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "base/logger.h"
#include "group/shard.h"
#include "io/env.h"
#include "metadata/changes.h"
#include "metadata/image.h"
#include "replication/partitions.h"

namespace kcore::broker {

// Lookups from any thread; apply() and stop() from the publishing thread. Timers run on env.loop,
// loading on env.pool; all of `env` and `partitions` outlives it.
class GroupShards {
public:
    GroupShards(std::int32_t node_id, const group::Settings& settings, io::Env& env,
                replication::Partitions& partitions, Logger logger);
    ~GroupShards();

    // After replication::Partitions::apply() of the same change.
    void apply(const metadata::ImagePtr& after, const metadata::Changes& changes);

    // Null: this broker does not coordinate the group.
    std::shared_ptr<group::Shard> find(const metadata::Image& image,
                                       std::string_view group_id) const;
    std::vector<std::shared_ptr<group::Shard>> all() const;

    // Everybody who waits is answered with not_coordinator. On env.loop's thread or before it runs.
    void stop();

private:
    struct Held {
        std::shared_ptr<group::Shard> shard;
        std::int32_t epoch = -1;
    };

    void follow(const metadata::Partition& partition, std::int32_t number);
    void load(std::shared_ptr<group::Shard> shard, replication::PartitionRef partition,
              std::int32_t epoch);
    std::shared_ptr<group::Shard> make_shard();
    void tell_deleted(const metadata::Image& after, const metadata::Changes& changes);
    void wake_at(std::int64_t steady_ms);
    void run_due();

    const std::int32_t node_id_;
    const group::Settings settings_;
    io::Env& env_;
    replication::Partitions& partitions_;
    const Logger logger_;

    mutable std::mutex mutex_;
    std::map<std::int32_t, Held> shards_;  // By partition.

    // On env.loop only.
    struct Alarm;
    std::shared_ptr<Alarm> alarm_;
};

}  // namespace kcore::broker
