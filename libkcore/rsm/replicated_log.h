#pragma once
// The log under a state machine, as the machine sees it: append as the leader of an epoch, and
// learn when what was appended is committed. raft implements it for the metadata log, replication
// for ordinary topics (group and transaction state), memory_log for tests.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace kcore::rsm {

struct Record {
    std::optional<Bytes> key;
    std::optional<Bytes> value;  // Absent: a tombstone.
};

// Calls come from the thread, or under the lock, of the machine that owns the leadership.
class ReplicatedLog {
public:
    virtual ~ReplicatedLog() = default;

    // Appends `records` as one atomic batch and returns the offset after its last.
    //   not_leader_or_follower  this node does not lead in `epoch` any more: forget the state
    //   kafka_storage_error     the disk refused; nothing was appended
    //   message_too_large, record_list_too_large, not_enough_replicas  nothing was appended
    virtual Result<std::int64_t> append(std::int32_t epoch, std::span<const Record> records,
                                        std::int64_t now_ms) = 0;

    // Everything below it is committed: it survives whatever the log survives.
    virtual std::int64_t committed() const = 0;

    // Calls `done` once, as soon as committed() >= end_offset, or with an error when this node no
    // longer leads in `epoch`. May call at once, on the caller's stack; otherwise on any thread.
    virtual void when_committed(std::int32_t epoch, std::int64_t end_offset,
                                std::move_only_function<void(Result<void>)> done) = 0;
};

}  // namespace kcore::rsm
