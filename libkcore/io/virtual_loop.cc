#include "io/virtual_loop.h"

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <stdexcept>

namespace kcore::io {

std::int64_t VirtualClock::wall_ms() {
    constexpr std::int64_t kStart = 1'700'000'000'000;
    return kStart + std::chrono::duration_cast<Milliseconds>(now_.time_since_epoch()).count();
}

struct VirtualLoop::Asio {
    asio::io_context context{1};
    asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
};

VirtualLoop::VirtualLoop(VirtualClock& clock) : clock_(clock), asio_(std::make_unique<Asio>()) {}

VirtualLoop::~VirtualLoop() { drop_timers(); }

asio::any_io_executor VirtualLoop::executor() { return asio_->context.get_executor(); }

void VirtualLoop::post(Call call) { asio::post(asio_->context, std::move(call)); }

void VirtualLoop::settle() {
    do {
        run_timers(clock_.now());
    } while (asio_->context.poll() > 0);
}

bool VirtualLoop::step() {
    const auto next = next_timer();
    if (next == kNever) return false;
    clock_.move_to(next);
    settle();
    return true;
}

void VirtualLoop::advance(Milliseconds by) {
    settle();
    const auto end = clock_.now() + by;
    while (next_timer() <= end) step();
    clock_.move_to(end);
    settle();
}

asio::awaitable<void> VirtualLoop::mark(asio::awaitable<void> work, bool& ended) {
    co_await std::move(work);
    ended = true;
}

void VirtualLoop::drive(asio::awaitable<void> work) {
    bool ended = false;
    spawn(mark(std::move(work), ended));
    settle();
    while (!ended) {
        if (!step()) throw std::logic_error("the loop has nothing left that could end this work");
    }
}

}  // namespace kcore::io
