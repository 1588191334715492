#pragma once
// A replicated log in memory, for tests of state machines: commits at once, or when told to.

#include <utility>
#include <vector>

#include "rsm/replicated_log.h"

namespace kcore::rsm {

class MemoryLog : public ReplicatedLog {
public:
    Result<std::int64_t> append(std::int32_t epoch, std::span<const Record> records,
                                std::int64_t now_ms) override;
    std::int64_t committed() const override { return committed_; }
    void when_committed(std::int32_t epoch, std::int64_t end_offset,
                        std::move_only_function<void(Result<void>)> done) override;

    const std::vector<Record>& records() const { return records_; }
    std::int64_t end() const { return static_cast<std::int64_t>(records_.size()); }

    void hold_commits() { holding_ = true; }
    void commit_all();  // And goes on committing at once.
    void refuse_with(std::optional<Errc> code) { refusal_ = code; }
    void lose_leadership(
        std::int32_t new_epoch);  // Fails what waits and what comes for older ones.

private:
    struct Waiter {
        std::int64_t end_offset;
        std::move_only_function<void(Result<void>)> done;
    };

    std::vector<Record> records_;
    std::vector<Waiter> waiters_;
    std::int64_t committed_ = 0;
    std::int32_t epoch_ = 0;
    bool holding_ = false;
    std::optional<Errc> refusal_;
};

}  // namespace kcore::rsm
