#pragma once
// Who votes over the metadata log: given by controller.quorum.voters (kraft.version 0), or by
// records in the log itself (kraft.version 1, KIP-853). Values; nothing here talks to anybody.

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/uuid.h"
#include "io/net.h"
#include "record/control.h"

namespace kcore::raft {

inline constexpr std::int32_t kNobody = -1;

// A replica of the log: a node, and which of its disks the log is on. A zero directory is unknown.
struct ReplicaKey {
    std::int32_t id = kNobody;
    Uuid directory;
    friend auto operator<=>(const ReplicaKey&, const ReplicaKey&) = default;
};

struct Endpoint {
    std::string name;  // Of the listener.
    io::Address address;
    friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

struct Voter {
    ReplicaKey key;
    std::vector<Endpoint> endpoints;
    std::int16_t version_min = 0;  // Of kraft.version.
    std::int16_t version_max = 1;
    friend bool operator==(const Voter&, const Voter&) = default;
};

class VoterSet {
public:
    VoterSet() = default;
    explicit VoterSet(std::vector<Voter> voters);

    bool empty() const { return voters_.empty(); }
    std::size_t size() const { return voters_.size(); }
    const std::map<std::int32_t, Voter>& all() const { return voters_; }
    const Voter* find(std::int32_t id) const;
    bool contains(std::int32_t id) const { return voters_.contains(id); }
    // A voter of unknown directory is known by its id alone.
    bool is_voter(const ReplicaKey& key) const;
    // `ids` holds more than half of the voters; others in it do not count.
    bool is_majority(const std::set<std::int32_t>& ids) const;

    VoterSet with(Voter voter) const;  // Added, or replaced.
    VoterSet without(std::int32_t id) const;

    friend bool operator==(const VoterSet&, const VoterSet&) = default;

private:
    std::map<std::int32_t, Voter> voters_;
};

// The voters by where in the log they were written. A set counts from where it is appended, not
// from where it is committed, and is taken back when it is truncated.
//
// Invariant: offsets rise strictly; what came by configuration or the bootstrap snapshot is at -1.
class VoterHistory {
public:
    struct Entry {
        std::int64_t offset = -1;
        std::int16_t kraft_version = 0;
        VoterSet voters;
    };

    VoterHistory() : VoterHistory(VoterSet()) {}
    explicit VoterHistory(VoterSet configured, std::int16_t kraft_version = 0);

    const VoterSet& voters() const { return entries_.back().voters; }
    std::int16_t kraft_version() const { return entries_.back().kraft_version; }
    std::int64_t offset() const { return entries_.back().offset; }
    // What holds for a log that ends at `end_offset`.
    const Entry& at(std::int64_t end_offset) const;

    void set_version(std::int64_t offset, std::int16_t kraft_version);
    void set_voters(std::int64_t offset, VoterSet voters);
    void truncate_to(std::int64_t end_offset);
    // Forgets everything for a snapshot that ends there.
    void restart(std::int64_t end_offset, std::int16_t kraft_version, VoterSet voters);

private:
    Entry& entry_at(std::int64_t offset);

    Entry configured_;
    std::vector<Entry> entries_;  // Never empty.
};

// --- As they stand in control records

struct ControlRecord {
    std::int64_t offset = 0;
    record::ControlType type = record::ControlType::abort;
    Bytes value;
};

// Those of known types in whole batches back to back; a partial batch at the end is left out.
//   corrupt_message, invalid_record  a batch or control record that cannot be read
Result<std::vector<ControlRecord>> control_records(BytesView batches);

// Notes what the records say of the voters; others are ignored.
Result<void> apply(const ControlRecord& record, VoterHistory& history);

Bytes encode_voters(const VoterSet& voters);
Bytes encode_kraft_version(std::int16_t kraft_version);
Bytes encode_leader_change(std::int32_t leader, const VoterSet& voters,
                           const std::set<std::int32_t>& granted, std::int16_t kraft_version);

// One batch that holds these control records.
Bytes control_batch(std::span<const ControlRecord> records, std::int64_t timestamp_ms);

}  // namespace kcore::raft
