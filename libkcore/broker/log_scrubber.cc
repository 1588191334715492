#include "broker/log_scrubber.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "io/pool.h"
#include "log/names.h"

namespace kcore::broker {

using asio::awaitable;

namespace {
constexpr std::uint64_t kStepBytes = 1 << 20;
// A start has other things to read.
constexpr std::int64_t kFirstMs = 3'600'000;
constexpr std::int64_t kLookMs = 60'000;  // For settings that changed.
}  // namespace

LogScrubber::LogScrubber(io::Env& env, replication::Partitions& partitions,
                         std::function<ScrubberSettings()> settings, Logger logger)
    : env_(env),
      partitions_(partitions),
      settings_(std::move(settings)),
      logger_(std::move(logger)),
      rate_(env.clock),
      wake_(env.loop),
      ended_(env.loop) {}

void LogScrubber::start() {
    is_running_ = true;
    env_.loop.spawn(run());
}

awaitable<void> LogScrubber::run() {
    auto rested_since = env_.clock.now();
    bool is_first = true;
    while (!stopping_) {
        const auto settings = settings_();
        const auto wait_ms =
            is_first ? std::min(settings.interval_ms, kFirstMs) : settings.interval_ms;
        const auto due = rested_since + io::Milliseconds(wait_ms);
        if (env_.clock.now() < due || !is_on()) {
            const auto look = env_.clock.in_ms(kLookMs);
            const auto until = is_on() ? std::min(due, look) : look;
            co_await wake_.wait_until(until);
            continue;
        }
        co_await pass();
        rested_since = env_.clock.now();
        is_first = false;
    }
    is_running_ = false;
    ended_.notify();
}

awaitable<void> LogScrubber::pass() {
    auto partitions = partitions_.all();
    std::ranges::sort(partitions, {}, [](const auto& p) { return p->name(); });
    known_ = std::exchange(damaged_, {});
    for (auto& partition : partitions) {
        if (!is_on()) co_return;
        co_await scrub(std::exchange(partition, nullptr));
    }
    known_.clear();
    counters_.damaged.set(std::ssize(damaged_));
    counters_.passes.add();
    logger_.info("closed segments read again segments={} damaged={}", counters_.segments.value(),
                 damaged_.size());
}

awaitable<void> LogScrubber::scrub(replication::PartitionRef partition) {
    std::move_only_function<Segments()> listing = [this, partition] {
        return segments_of(*partition);
    };
    auto segments = co_await io::on_pool<Segments>(env_.loop, env_.pool, std::move(listing));
    for (auto& segment : segments) {
        if (!is_on()) co_return;
        co_await scrub_segment(partition, std::move(segment));
    }
}

awaitable<void> LogScrubber::scrub_segment(replication::PartitionRef partition, Segment segment) {
    Reading reading;
    reading.at.next_offset = segment.what.base_offset;
    reading.segment = std::move(segment);
    Step last;
    while (!last.is_done && is_on()) {
        std::move_only_function<Step()> stepping = [this, &partition, &reading] {
            return step(*partition, reading);
        };
        last = co_await io::on_pool<Step>(env_.loop, env_.pool, std::move(stepping));
        counters_.bytes.add(last.bytes);
        if (last.is_done) ended(*partition, reading, last.is_damaged);
        co_await rest(last.bytes);
    }
}

void LogScrubber::ended(const replication::Partition& partition, const Reading& reading,
                        bool is_damaged) {
    counters_.segments.add();
    const auto& path = reading.segment.path;
    if (!is_damaged) return;
    damaged_.insert(path);
    counters_.damaged.set(std::max(counters_.damaged.value(), std::ssize(damaged_)));
    if (known_.contains(path)) return;  // It was said.
    logger_.error(
        "bit rot found partition={} path={} position={} offset={} error=\"{}\" then=\"kbroker log "
        "repair, or another replica\"",
        partition.name().to_string(), path, reading.at.position, reading.at.next_offset,
        reading.at.what);
}

awaitable<void> LogScrubber::rest(std::uint64_t bytes) {
    const auto until = rate_.end_of_rest(bytes, settings_().bytes_per_second);
    while (!stopping_ && env_.clock.now() < until) {
        co_await wake_.wait_until(until);
    }
}

// Blocks.
LogScrubber::Segments LogScrubber::segments_of(replication::Partition& partition) const {
    Segments out;
    (void)partition.with_log([&](log::Log& log) -> Result<void> {
        for (const auto& closed : log.closed_segments()) {
            auto& added = out.emplace_back();
            added.path = fmt::format("{}/{}", log.path(),
                                     log::file_name(closed.base_offset, log::kLogSuffix));
            added.what = closed;
        }
        return {};
    });
    return out;
}

// It may have expired, been compacted or moved away meanwhile: what was read of it says nothing.
bool LogScrubber::is_still_there(replication::Partition& partition, const Segment& segment) const {
    const auto now = segments_of(partition);
    return std::ranges::any_of(now, [&](const Segment& one) {
        return one.path == segment.path && one.what == segment.what;
    });
}

// Blocks.
LogScrubber::Step LogScrubber::step(replication::Partition& partition, Reading& reading) {
    Step step;
    auto& at = reading.at;
    const auto read = [&]() -> Result<void> {
        if (!reading.file) {
            auto opened = env_.disk.open(reading.segment.path, io::Open::read);
            if (!opened) return std::unexpected(std::move(opened).error());
            reading.file = std::move(*opened);
        }
        const auto size = reading.segment.what.size_bytes;
        const auto before = at.position;
        const auto until = std::min(size, before + kStepBytes);
        const auto visit = [](const log::BatchHeader&, BytesView) { return Result<void>(); };
        auto done = log::scan_on(*reading.file, at, until, visit);
        step.bytes = at.position - before;
        if (!done) return done;
        const bool is_short = at.what.empty() && at.position == before && before < size;
        if (is_short) at.what = fmt::format("at position {}: the file ends here", before);
        const auto end = reading.segment.what.end_offset;
        if (at.what.empty() && at.next_offset > end) {
            at.what = fmt::format("offset {} where the next segment begins at {}",
                                  at.next_offset - 1, end);
        }
        step.is_damaged = !at.what.empty();
        step.is_done = step.is_damaged || at.position >= size;
        return {};
    }();
    if (read && !step.is_damaged) return step;
    step.is_done = true;
    step.is_damaged = step.is_damaged && is_still_there(partition, reading.segment);
    if (read || !is_still_there(partition, reading.segment)) return step;
    (void)partition.with_log(
        [&](log::Log& log) -> Result<void> { return log.storage().failed_read(read.error()); });
    return step;
}

awaitable<void> LogScrubber::stop() {
    stopping_ = true;
    wake_.notify();
    while (is_running_) co_await ended_.wait_until(io::kNever);
}

}  // namespace kcore::broker
