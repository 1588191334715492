#include "rsm/memory_log.h"

#include <fmt/format.h>

namespace kcore::rsm {

Result<std::int64_t> MemoryLog::append(std::int32_t epoch, std::span<const Record> records,
                                       std::int64_t /*now_ms*/) {
    if (epoch < epoch_) {
        return fail(Errc::not_leader_or_follower,
                    fmt::format("epoch {} is over, {} leads", epoch, epoch_));
    }
    if (refusal_) return fail(*refusal_, "refused by the test");
    records_.insert(records_.end(), records.begin(), records.end());
    if (!holding_) commit_all();
    return end();
}

void MemoryLog::when_committed(std::int32_t epoch, std::int64_t end_offset,
                               std::move_only_function<void(Result<void>)> done) {
    if (epoch < epoch_) {
        done(fail(Errc::not_leader_or_follower, "the leader changed"));
    } else if (committed_ >= end_offset) {
        done({});
    } else {
        waiters_.push_back({end_offset, std::move(done)});
    }
}

void MemoryLog::commit_all() {
    holding_ = false;
    committed_ = end();
    for (auto& waiter : std::exchange(waiters_, {})) waiter.done({});
}

void MemoryLog::lose_leadership(std::int32_t new_epoch) {
    epoch_ = new_epoch;
    for (auto& waiter : std::exchange(waiters_, {})) {
        waiter.done(fail(Errc::not_leader_or_follower, "the leader changed"));
    }
}

}  // namespace kcore::rsm
