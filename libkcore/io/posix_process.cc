#include "io/posix_process.h"

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <csignal>
#include <thread>
#include <utility>

namespace kcore::io {

std::size_t cpu_count() { return std::max(1U, std::thread::hardware_concurrency()); }

struct LoopThread::Thread {
    explicit Thread(PosixLoop& l) : loop(l), thread([&l] { l.run(); }) {}
    PosixLoop& loop;
    std::thread thread;
};

LoopThread::LoopThread(PosixLoop& loop) : thread_(std::make_unique<Thread>(loop)) {}

LoopThread::~LoopThread() {
    thread_->loop.stop();
    thread_->thread.join();
}

struct SignalWatch::Asio {
    Asio(PosixLoop& loop, std::function<void(int)> call)
        : signals(loop.context()), on_signal(std::move(call)) {}

    void wait() {
        signals.async_wait([this](const asio::error_code& error, int number) {
            if (error) return;
            on_signal(number);
            wait();
        });
    }

    asio::signal_set signals;
    std::function<void(int)> on_signal;
};

SignalWatch::SignalWatch(PosixLoop& loop, const std::vector<int>& signals,
                         std::function<void(int)> on_signal)
    : asio_(std::make_unique<Asio>(loop, std::move(on_signal))) {
    std::signal(SIGPIPE, SIG_IGN);
    for (const auto number : signals) asio_->signals.add(number);
    asio_->wait();
}

SignalWatch::~SignalWatch() = default;

}  // namespace kcore::io
