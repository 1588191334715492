#include "io/posix_loop.h"

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <utility>

namespace kcore::io {

struct PosixLoop::Asio {
    asio::io_context context{1};
    asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
    asio::steady_timer timer{context};
};

PosixLoop::PosixLoop(Clock& clock) : clock_(clock), asio_(std::make_unique<Asio>()) {}

PosixLoop::~PosixLoop() { drop_timers(); }

asio::any_io_executor PosixLoop::executor() { return asio_->context.get_executor(); }

asio::io_context& PosixLoop::context() { return asio_->context; }

void PosixLoop::post(Call call) { asio::post(asio_->context, std::move(call)); }

void PosixLoop::run() { asio_->context.run(); }

void PosixLoop::stop() { asio_->context.stop(); }

void PosixLoop::timers_changed() { arm(); }

// One asio timer stands for the earliest of all; when it fires, what is due runs and it is set
// anew.
void PosixLoop::arm() {
    const auto next = next_timer();
    if (next == kNever) return;
    asio_->timer.expires_at(next);
    asio_->timer.async_wait([this](const asio::error_code& error) {
        if (error) return;
        run_timers(clock_.now());
        arm();
    });
}

}  // namespace kcore::io
