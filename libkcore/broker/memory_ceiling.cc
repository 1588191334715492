#include "broker/memory_ceiling.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "io/pool.h"

namespace kcore::broker {

namespace {

// A process may fill a gigabyte a second: the less is left, the sooner it is looked again.
constexpr std::int64_t kBytesPerMs = 1 << 20;
constexpr std::int64_t kLookMinMs = 5;
constexpr std::int64_t kLookMaxMs = 1'000;
// Of the ceiling, in hundredths: from here on work is refused, until it is below the other.
constexpr std::int64_t kReached = 90;
constexpr std::int64_t kLeft = 85;

}  // namespace

MemoryCeiling::MemoryCeiling(io::Env& env, std::int64_t max_bytes, ProcessMemory process,
                             Logger logger)
    : env_(env),
      max_bytes_(max_bytes),
      process_(std::move(process)),
      logger_(std::move(logger)),
      wake_(env.loop),
      ended_(env.loop) {}

MemoryCeiling::~MemoryCeiling() = default;

Result<void> MemoryCeiling::check() const {
    if (!is_reached()) return {};
    return fail(Errc::policy_violation,
                fmt::format("the broker has used up its memory: kcore.memory.max={}", max_bytes_));
}

void MemoryCeiling::start() {
    if (!is_set() || !process_.resident) return;
    is_running_ = true;
    env_.loop.spawn(run());
}

std::int64_t MemoryCeiling::look() {
    const auto resident = process_.resident();
    const auto hundredths = resident * 100 / max_bytes_;
    if (!is_reached() && hundredths >= kReached) {
        is_reached_.store(true, std::memory_order_relaxed);
        logger_.warn(
            "memory is used up kcore.memory.max={} resident={} refused=\"connections, "
            "topics, members of groups\"",
            max_bytes_, resident);
    } else if (is_reached() && hundredths < kLeft) {
        is_reached_.store(false, std::memory_order_relaxed);
        logger_.info("memory is free again kcore.memory.max={} resident={}", max_bytes_, resident);
    }
    const auto left = max_bytes_ / 100 * kReached - resident;
    return std::clamp(left / kBytesPerMs, kLookMinMs, kLookMaxMs);
}

asio::awaitable<void> MemoryCeiling::run() {
    while (!stopping_) {
        const auto next_ms = look();
        if (is_reached() && process_.release) {
            std::move_only_function<bool()> release = [this] {
                process_.release();
                return true;
            };
            co_await io::on_pool<bool>(env_.loop, env_.pool, std::move(release));
        }
        const auto next = env_.clock.in_ms(next_ms);
        co_await wake_.wait_until(next);
    }
    is_running_ = false;
    ended_.notify();
}

asio::awaitable<void> MemoryCeiling::stop() {
    stopping_ = true;
    wake_.notify();
    while (is_running_) co_await ended_.wait_until(io::kNever);
}

}  // namespace kcore::broker
