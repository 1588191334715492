#include "broker/chores.h"

#include <functional>
#include <utility>

namespace kcore::broker {

namespace {
constexpr std::int64_t kEveryMs = 5'000;
constexpr int kCheckpointsEvery = 12;  // Turns: once a minute, as Kafka does.
}  // namespace

asio::awaitable<void> Chores::run() {
    is_running_ = true;
    for (int turn = 1; !stopping_; ++turn) {
        const auto next = env_.clock.in_ms(kEveryMs);
        co_await wake_.wait_until(next);
        if (stopping_) break;
        std::move_only_function<bool()> chore = [this, turn] {
            return work(turn % kCheckpointsEvery == 0);
        };
        co_await io::on_pool<bool>(env_.loop, env_.pool, std::move(chore));
    }
    is_running_ = false;
    ended_.notify();
}

// Failures are the directory's: it has said so, and gone offline where that is the consequence.
bool Chores::work(bool with_checkpoints) {
    partitions_.tick();
    for (const auto& dir : dirs_.all()) {
        if (dir->is_offline()) continue;
        bool done = dir->write_high_watermarks().has_value();
        if (with_checkpoints) {
            done = dir->write_recovery_points().has_value() && done;
            done = dir->write_log_starts().has_value() && done;
        }
        dir->storage().purge(env_.clock.wall_ms());
        if (!done) return false;
    }
    return true;
}

asio::awaitable<void> Chores::stop() {
    stopping_ = true;
    wake_.notify();
    while (is_running_) co_await ended_.wait_until(io::kNever);
}

}  // namespace kcore::broker
