#include "perf/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "cli/interrupt.h"
#include "cli/terminal.h"

namespace kcore::perf {

namespace {

constexpr std::int64_t kFlushMs = 60'000;
// A tag holds the due time and how much later the record was sent, in microseconds.
constexpr int kLateBits = 28;
constexpr std::uint64_t kLateMost = (1ULL << kLateBits) - 1;

std::int64_t us_between(io::Instant from, io::Instant to) {
    return std::chrono::duration_cast<std::chrono::microseconds>(to - from).count();
}

}  // namespace

Load::Load(client::Client& client, const Options& options, bool stamp)
    : options_(options),
      stamp_(stamp),
      value_(static_cast<std::size_t>(std::max<std::int64_t>(options.record_size, stamp ? 8 : 0)),
             'x'),
      producer_(std::make_unique<client::Producer>(
          client, [this](const client::Delivery& d) { delivered(d); })) {
    // Half random, half text: neither incompressible nor a single run.
    std::uint32_t random = 1;
    for (std::size_t i = 0; i < value_.size(); i += 2) {
        random = random * 1664525 + 1013904223;
        value_[i] = static_cast<char>('a' + (random >> 24) % 26);
    }
}

void Load::delivered(const client::Delivery& delivery) {
    const auto now_us = us_between(start_, clock_.now());
    const std::lock_guard lock(mutex_);
    if (delivery.error != nullptr) {
        failed_ += delivery.tags.size();
        if (!first_error_) first_error_ = *delivery.error;
        return;
    }
    acked_ += delivery.tags.size();
    for (const auto tag : delivery.tags) {
        if (delivered_++ < static_cast<std::uint64_t>(options_.warmup_records)) continue;
        const auto due_us = static_cast<std::int64_t>(tag >> kLateBits);
        const auto late_us = static_cast<std::int64_t>(tag & kLateMost);
        latency_us_.add(now_us - due_us);
        send_latency_us_.add(now_us - due_us - late_us);
    }
}

io::Instant Load::due_at(std::uint64_t index) const {
    const std::chrono::duration<double> after(static_cast<double>(index) / options_.throughput);
    return start_ + std::chrono::duration_cast<io::Instant::duration>(after);
}

// Sleeps as far as that is precise; the rest is short enough to be late by.
void Load::wait_until(io::Instant due) {
    const auto left_us = us_between(clock_.now(), due);
    if (left_us > 200) cli::pause_us(left_us);
}

void Load::tell_progress(io::Instant now) {
    if (options_.common.quiet || !cli::stderr_is_terminal()) return;
    if (now - last_told_ < io::Milliseconds(options_.reporting_ms)) return;
    last_told_ = now;
    fmt::print(stderr, "{} acked, {} failed\n", acked_.load(), failed_.load());
}

void Load::run(io::Instant start) {
    start_ = start;
    last_told_ = start;
    const auto end =
        options_.duration_ms >= 0 ? start + io::Milliseconds(options_.duration_ms) : io::kNever;
    const auto most = options_.records >= 0 ? static_cast<std::uint64_t>(options_.records)
                                            : std::uint64_t{UINT64_MAX};
    std::string key;
    for (std::uint64_t i = 0; i < most && !cli::interrupted(); ++i) {
        auto now = clock_.now();
        auto due = now;
        if (options_.throughput > 0) {
            due = due_at(i);
            if (due > now) wait_until(due);
            now = clock_.now();
        }
        if (due >= end || now >= end) break;
        if ((i & 1023) == 0) tell_progress(now);
        const auto due_us = static_cast<std::uint64_t>(us_between(start, due));
        const auto late_us =
            static_cast<std::uint64_t>(std::max<std::int64_t>(0, us_between(due, now)));
        if (stamp_) store_be(reinterpret_cast<std::byte*>(value_.data()), due_us);
        client::Record record;
        record.value = as_bytes(value_);
        if (options_.keys > 0) {
            key = fmt::format("{}", i % static_cast<std::uint64_t>(options_.keys));
            record.key = as_bytes(key);
        }
        const auto tag = due_us << kLateBits | std::min(late_us, kLateMost);
        auto sent = producer_->send(options_.topic, client::kAnyPartition, record, tag);
        if (sent) continue;
        ++failed_;
        const std::lock_guard lock(mutex_);
        first_error_ = sent.error();
        break;
    }
    producer_->flush(kFlushMs);
    seconds_ = static_cast<double>(us_between(start, clock_.now())) / 1e6;
}

std::optional<Error> Load::first_error() {
    const std::lock_guard lock(mutex_);
    return first_error_;
}
cli::Histogram Load::latency_us() {
    const std::lock_guard lock(mutex_);
    return latency_us_;
}
cli::Histogram Load::send_latency_us() {
    const std::lock_guard lock(mutex_);
    return send_latency_us_;
}

}  // namespace kcore::perf
