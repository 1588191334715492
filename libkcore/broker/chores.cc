#include "broker/chores.h"

#include <algorithm>
#include <cassert>
#include <functional>
#include <utility>

#include "io/pool.h"

namespace kcore::broker {

namespace {
constexpr std::int64_t kFlushMinMs = 10;
}

Chores::Chores(io::Env& env, replication::Partitions& partitions, log::LogDirs& dirs,
               log::FileCache& files, const ChoreTimes& times, std::function<void()> make_missing)
    : env_(env),
      partitions_(partitions),
      dirs_(dirs),
      files_(files),
      flush_max_ms_(times.flush_ms),
      make_missing_(std::move(make_missing)),
      wake_(env.loop),
      ended_(env.loop) {
    assert(times.flush_ms > 0);
    add(times.flush_ms, &Chores::flush);
    add(times.high_watermarks_ms, &Chores::write_high_watermarks);
    add(times.recovery_points_ms, &Chores::write_recovery_points);
    add(times.log_starts_ms, &Chores::write_log_starts);
    add(times.unlinks_ms, &Chores::unlink);
    add(times.missing_logs_ms, &Chores::make_missing_logs);
    add(times.idle_files_ms, &Chores::close_idle_files);
    if (times.retention_ms <= 0) return;
    add(times.retention_ms, &Chores::delete_old_segments);
    chores_.back().next = env_.clock.in_ms(times.first_retention_ms);
}

void Chores::add(std::int64_t every_ms, void (Chores::*chore)()) {
    if (every_ms > 0) chores_.push_back({every_ms, chore, env_.clock.in_ms(every_ms)});
}

io::Instant Chores::next_due() const {
    auto next = io::kNever;
    for (const auto& chore : chores_) next = std::min(next, chore.next);
    return next;
}

asio::awaitable<void> Chores::run() {
    is_running_ = true;
    while (!stopping_) {
        const auto next = next_due();
        co_await wake_.wait_until(next);
        if (stopping_) break;
        std::move_only_function<bool()> due = [this, now = env_.clock.now()] { return work(now); };
        co_await io::on_pool<bool>(env_.loop, env_.pool, std::move(due));
    }
    is_running_ = false;
    ended_.notify();
}

bool Chores::work(io::Instant now) {
    for (auto& chore : chores_) {
        if (chore.next > now) continue;
        (this->*chore.run)();
        chore.next = env_.clock.in_ms(chore.every_ms);
    }
    return true;
}

void Chores::flush() {
    const auto soonest_ms = partitions_.tick();
    auto& own = chores_.front();
    own.every_ms = std::clamp(soonest_ms, std::min(kFlushMinMs, flush_max_ms_), flush_max_ms_);
}

// Failures are the directory's: it has said so, and gone offline where that is the consequence.
void Chores::write_high_watermarks() {
    for (const auto& dir : dirs_.all()) (void)dir->write_high_watermarks();
}

void Chores::write_recovery_points() {
    for (const auto& dir : dirs_.all()) (void)dir->write_recovery_points();
}

void Chores::write_log_starts() {
    for (const auto& dir : dirs_.all()) (void)dir->write_log_starts();
}

void Chores::delete_old_segments() { partitions_.delete_old_segments(); }

void Chores::unlink() {
    for (const auto& dir : dirs_.all()) dir->storage().purge(env_.clock.wall_ms());
}

void Chores::make_missing_logs() { make_missing_(); }

void Chores::close_idle_files() { files_.close_idle(); }

asio::awaitable<void> Chores::stop() {
    stopping_ = true;
    wake_.notify();
    while (is_running_) co_await ended_.wait_until(io::kNever);
}

}  // namespace kcore::broker
