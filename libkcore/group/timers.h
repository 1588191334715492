#pragma once
// The deadlines of a coordinator in one heap. Moving a deadline back, as each heartbeat does, costs
// a store: the heap entry stays where it is and is put in anew when it comes up too early.

#include <cstdint>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "group/messages.h"

namespace kcore::group {

// One deadline; lives in the object it belongs to.
class Timer {
public:
    bool is_set() const { return due_ms_ != kNever; }
    std::int64_t due_ms() const { return due_ms_; }
    void cancel() { due_ms_ = kNever; }

private:
    friend class Timers;
    std::int64_t due_ms_ = kNever;
    std::int64_t queued_ms_ = kNever;  // Of the one heap entry that counts.
};

class Timers {
public:
    enum class Kind : std::uint8_t { session, pending_member, join, sync };

    // Where the owner finds its Timer again.
    struct Event {
        std::string group;
        std::string member;
        Kind kind = Kind::join;
        std::int64_t at_ms = 0;
    };

    void set(Timer& timer, std::int64_t due_ms, Kind kind, const std::string& group,
             const std::string& member = {});

    // No later than the earliest deadline; kNever when there is none.
    std::int64_t next_ms() const { return heap_.empty() ? kNever : heap_.top().at_ms; }

    // Takes the earliest entry that is due. The owner then asks fire(): true when its timer is due
    // indeed (and is now cancelled).
    std::optional<Event> pop(std::int64_t now_ms);
    bool fire(Timer& timer, const Event& event, std::int64_t now_ms);

private:
    struct Later {
        bool operator()(const Event& a, const Event& b) const { return a.at_ms > b.at_ms; }
    };

    std::priority_queue<Event, std::vector<Event>, Later> heap_;
};

}  // namespace kcore::group
