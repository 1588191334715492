#pragma once
// The committed offsets of a shard's groups, and those that wait for the end of a transaction.
// Filled only by replaying records, on loading as well as right after an append.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/uuid.h"

namespace kcore::group {

struct OffsetKey {
    std::string group;
    std::string topic;
    std::int32_t partition = 0;
    friend auto operator<=>(const OffsetKey&, const OffsetKey&) = default;
};

struct CommittedOffset {
    std::int64_t offset = -1;
    std::int32_t leader_epoch = -1;
    std::string metadata;
    std::int64_t commit_ms = -1;            // Time of day.
    std::optional<std::int64_t> expire_ms;  // Old commits said themselves how long to keep them.
    Uuid topic_id;                          // Zero: not known.
    std::int64_t record_offset = -1;        // Of its record in the log: the later one counts.

    // Where its record stands is no part of what it says.
    friend bool operator==(const CommittedOffset& a, const CommittedOffset& b) {
        return a.offset == b.offset && a.leader_epoch == b.leader_epoch &&
               a.metadata == b.metadata && a.commit_ms == b.commit_ms &&
               a.expire_ms == b.expire_ms && a.topic_id == b.topic_id;
    }
};

class Offsets {
public:
    using Partitions = std::map<std::int32_t, CommittedOffset>;
    using Topics = std::map<std::string, Partitions, std::less<>>;

    // Null when there is none.
    const Topics* of_group(std::string_view group) const;
    const CommittedOffset* find(std::string_view group, std::string_view topic,
                                std::int32_t partition) const;
    // An open transaction holds an offset of the group, or of the partition.
    bool has_pending(const std::string& group) const;
    bool has_pending(const OffsetKey& key) const;

    void put(const OffsetKey& key, CommittedOffset offset);
    void remove(const OffsetKey& key);
    void put_pending(std::int64_t producer, const OffsetKey& key, CommittedOffset offset);
    void end_transaction(std::int64_t producer, bool committed);

    const std::map<std::string, Topics, std::less<>>& groups() const { return groups_; }
    // Keys an open transaction holds for the group, or for every group when none is named.
    std::vector<OffsetKey> pending_keys(const std::optional<std::string>& group) const;

private:
    using Pending = std::map<OffsetKey, CommittedOffset>;

    void count_pending(const OffsetKey& key, int by);

    std::map<std::string, Topics, std::less<>> groups_;
    std::map<std::int64_t, Pending> pending_;  // By producer id.
    std::map<OffsetKey, std::size_t> held_;    // By how many producers.
};

}  // namespace kcore::group
