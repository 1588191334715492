#pragma once
// Looks into the nodes of a simulated cluster while they run, and says what must never be:
//  1. Two leaders in one epoch, of the metadata log or of a partition.
//  2. A high watermark that goes back, while its node runs.
//  3. Two logs with different batches at the same offset and epoch.
//  4. A committed batch, of either kind of log, that another one replaces.
//  5. A member of the ISR, or the current leader, without all that is committed.
//  6. A metadata log that ends, after whatever its node went through, below what that node had
//     known to be committed: it is synced before it counts.
//  7. Two images of the cluster that differ at the same offset.
// Nodes that lost power are no witnesses until they are in sync again: the ISR may still name them.

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "metadata/image.h"
#include "replication/partition.h"
#include "sim/cluster.h"

namespace kcore::sim {

class Witness {
public:
    Witness(Cluster& cluster, std::string topic, int partitions);

    void look();          // 1, 2, 5, 6; cheap, for each instant.
    void compare_logs();  // 3, 4, 5, 7; reads them all.
    // After healing: what is committed is the same everywhere, and is all there is.
    void compare_replicas();

    // Every replica of the topic is in sync, and has a leader.
    bool is_whole() const;
    // What the others have of it would survive this node's loss of what is not synced.
    bool can_lose_power(int node) const;
    void lost_power(int node) { in_debt_[node] = cluster_.starts(node); }
    bool is_in_debt() const { return !in_debt_.empty(); }

    const std::vector<std::string>& problems() const { return problems_; }

private:
    struct Batch {
        std::int64_t last_offset = -1;
        std::int32_t epoch = -1;
        std::uint32_t crc = 0;
        friend bool operator==(const Batch&, const Batch&) = default;
    };
    using Batches = std::map<std::int64_t, Batch>;  // By base offset.
    struct Log {                                    // Of one partition, or of the metadata.
        std::string name;
        std::map<std::int32_t, int> leaders;                          // By epoch.
        std::map<int, std::pair<int, std::int64_t>> high_watermarks;  // Start and value, by node.
        std::int64_t committed_end = 0;  // The highest that any leader knew.
        Batches committed;
        std::map<std::pair<std::int64_t, std::int32_t>, std::uint32_t> seen;  // CRC by place.
    };

    void look_at_quorum(int node);
    void look_at_partition(int node, std::int32_t index);
    void look_at_isr(std::int32_t index);
    void led_by(Log& log, std::int32_t epoch, int node);
    void stands_at(Log& log, int node, std::int64_t high_watermark);
    void learn_image();
    void compare_images();
    void settle_debts();
    replication::PartitionRef replica(int node, std::int32_t index) const;
    const metadata::Partition* state(std::int32_t index) const;
    Batches read_log(int node, const Log& log);
    void compare(int node, Log& log, std::int64_t high_watermark, bool must_have_all);
    void wrong(std::string what);

    Cluster& cluster_;
    const std::string topic_;
    Log quorum_;
    std::vector<Log> partitions_;
    metadata::ImagePtr image_;                          // The newest that any node had.
    std::map<std::int64_t, std::size_t> image_hashes_;  // By offset.
    std::map<int, std::int64_t> known_committed_;       // Of the metadata log, by node.
    std::map<int, int> in_debt_;  // Nodes that lost power, with their starts before.
    std::vector<std::string> problems_;
};

}  // namespace kcore::sim
