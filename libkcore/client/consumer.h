#pragma once
// Reads records: of partitions that the caller names, or of those that its group gives it.

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/topic_partition.h"
#include "client/client.h"
#include "client/record.h"

namespace kcore::client {

inline constexpr std::int64_t kNoEnd = std::numeric_limits<std::int64_t>::max();

struct Assignment {
    TopicPartition partition;
    std::int64_t start = 0;     // The first offset wanted.
    std::int64_t end = kNoEnd;  // The first offset not wanted any more.
};

// False stops the walk; the next poll() goes on behind this record.
using Visit = std::function<bool(const ConsumedRecord&)>;

// From one thread. The client must outlive it.
class Consumer {
public:
    explicit Consumer(Client& client);
    ~Consumer();  // Leaves the group, unless it is a static member.
    Consumer(const Consumer&) = delete;
    Consumer& operator=(const Consumer&) = delete;

    // Replaces what was assigned.
    void assign(std::vector<Assignment> assignments);

    // Joins group.id; poll() has to be called for the group's sake. `on_revoke` is called within
    // poll() before partitions are given up: the place to commit.
    void subscribe(std::vector<std::string> topics, std::function<void()> on_revoke);

    // Waits at most `timeout_ms` for records and visits what has come. Returns their number.
    // Errors that only the caller can mend: offset_out_of_range without a reset policy,
    // authorization, corrupt_message, what ends a group membership.
    Result<std::size_t> poll(std::int64_t timeout_ms, const Visit& visit);

    // No fetched record is left to visit: the moment to flush output.
    bool is_drained();

    // Rises whenever the assignment changes.
    std::uint64_t assignment_number();
    std::vector<TopicPartition> assignment();

    // The offset after the last record visited or passed over; nothing when it is not assigned.
    std::optional<std::int64_t> position(const TopicPartition& partition);

    // Pins where to stop; position() reaches it also when no record is left before it.
    void set_end(const TopicPartition& partition, std::int64_t end);

    // Every assigned partition has an end and reached it.
    bool is_finished();

    // No rebalance is under way: the assignment is the one to finish.
    bool is_settled();

    // Control records too.
    void show_control_records(bool show);

    // The positions of all assigned partitions, to the group.
    Result<void> commit();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace kcore::client
