#include "broker/directory_mover.h"

#include <utility>

#include "io/pool.h"

namespace kcore::broker {

using asio::awaitable;
using replication::DirectoryMoves;

namespace {
constexpr std::int64_t kMoveRetryMs = 1'000;  // A full disk.
}

DirectoryMover::DirectoryMover(Options options, io::Env& env, replication::Partitions& partitions,
                               log::LogDirs& dirs)
    : env_(env),
      bytes_per_second_(std::move(options.bytes_per_second)),
      rate_(env.clock),
      news_(env.loop),
      news_remote_(news_.remote()),
      ended_(env.loop),
      moves_({.placed = std::move(options.placed),
              .on_begun = [this] { news_remote_.notify(); },
              .logger = std::move(options.logger)},
             partitions, dirs, env.clock) {
    for (std::size_t n = 0; n < options.threads; ++n) {
        wakes_.push_back(std::make_unique<io::Signal>(env_.loop));
    }
}

void DirectoryMover::start() {
    running_ = wakes_.size() + 1;
    env_.loop.spawn(listen());
    for (std::size_t n = 0; n < wakes_.size(); ++n) env_.loop.spawn(run(n));
}

awaitable<void> DirectoryMover::listen() {
    while (!stopping_) {
        co_await news_.wait_until(io::kNever);
        for (const auto& wake : wakes_) wake->notify();
    }
    --running_;
    ended_.notify();
}

awaitable<void> DirectoryMover::run(std::size_t thread) {
    auto* const wake = wakes_[thread].get();
    bool must_retry = false;
    while (!stopping_) {
        const auto move = moves_.next();
        if (!move) {
            const auto again = must_retry ? env_.clock.in_ms(kMoveRetryMs) : io::kNever;
            const bool is_news = co_await wake->wait_until(again);
            if (!is_news) moves_.retry();
            must_retry = is_news && must_retry;
            continue;
        }
        std::move_only_function<DirectoryMoves::Step()> stepping = [this, move] {
            return moves_.step(move);
        };
        const auto step =
            co_await io::on_pool<DirectoryMoves::Step>(env_.loop, env_.pool, std::move(stepping));
        must_retry = must_retry || step.must_wait;
        const auto rested = rate_.end_of_rest(step.bytes, bytes_per_second_());
        // News do not end a rest.
        while (rested > env_.clock.now() && !stopping_) co_await wake->wait_until(rested);
    }
    --running_;
    ended_.notify();
}

awaitable<void> DirectoryMover::stop() {
    stopping_ = true;
    news_.notify();
    for (const auto& wake : wakes_) wake->notify();
    while (running_ > 0) co_await ended_.wait_until(io::kNever);
}

}  // namespace kcore::broker
