#include "group/timers.h"

#include <utility>

namespace kcore::group {

void Timers::set(Timer& timer, std::int64_t due_ms, Kind kind, const std::string& group,
                 const std::string& member) {
    timer.due_ms_ = due_ms;
    if (timer.queued_ms_ <= due_ms) return;  // Its entry comes up in time and is then put off.
    timer.queued_ms_ = due_ms;
    heap_.push({group, member, kind, due_ms});
}

std::optional<Timers::Event> Timers::pop(std::int64_t now_ms) {
    if (heap_.empty() || heap_.top().at_ms > now_ms) return std::nullopt;
    Event event = heap_.top();
    heap_.pop();
    return event;
}

bool Timers::fire(Timer& timer, const Event& event, std::int64_t now_ms) {
    if (timer.queued_ms_ != event.at_ms) return false;  // An earlier entry took its place.
    timer.queued_ms_ = kNever;
    if (!timer.is_set()) return false;
    if (timer.due_ms_ > now_ms) {
        set(timer, timer.due_ms_, event.kind, event.group, event.member);
        return false;
    }
    timer.cancel();
    return true;
}

}  // namespace kcore::group
