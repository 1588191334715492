#include "broker/producer_ids.h"

#include <utility>

#include "protocol/api/allocate_producer_ids.h"

namespace kcore::broker {

namespace {
// With fewer left than this the next block is asked for.
constexpr std::int64_t kAheadBelow = 100;
constexpr std::int64_t kAllocateMs = 10'000;
}  // namespace

std::optional<std::int64_t> ProducerIds::take(io::Env& env) {
    bool ask = false;
    std::optional<std::int64_t> id;
    {
        const std::lock_guard lock(mutex_);
        if (current_.next == current_.end) current_ = std::exchange(ahead_, Block());
        if (current_.next < current_.end) id = current_.next++;
        const bool is_low = current_.end - current_.next < kAheadBelow && ahead_.end == 0;
        ask = is_low && !std::exchange(is_refilling_, is_refilling_ || is_low);
    }
    if (ask) env.loop.spawn(refill(env));
    return id;
}

io::Async<std::int64_t> ProducerIds::next(io::Env& env, io::Deadline deadline) {
    for (;;) {
        io::Signal filled(env.loop);
        {
            const std::lock_guard lock(mutex_);
            failure_.reset();
            waiting_.push_back(filled.remote());
        }
        const auto id = take(env);
        if (id) co_return *id;
        const bool in_time = co_await filled.wait_until(deadline);
        const std::lock_guard lock(mutex_);
        if (failure_) co_return std::unexpected(*failure_);
        if (!in_time) {
            co_return fail(Errc::request_timed_out, "the controller gave no producer ids in time");
        }
    }
}

asio::awaitable<void> ProducerIds::refill(io::Env& env) {
    protocol::AllocateProducerIdsRequest request;
    request.broker_id = broker_id_;
    request.broker_epoch = broker_epoch_();
    const auto deadline = env.clock.in_ms(kAllocateMs);
    auto answer = co_await controller_.call(env.loop, std::move(request), deadline);
    const std::lock_guard lock(mutex_);
    is_refilling_ = false;
    if (!answer) {
        failure_ = answer.error();
    } else if (answer->error_code != 0) {
        const auto code = errc_from_wire(answer->error_code);
        failure_ = Error(code, std::string(error_info(code).message));
    } else {
        ahead_ = {answer->producer_id_start, answer->producer_id_start + answer->producer_id_len};
    }
    for (const auto& waiting : std::exchange(waiting_, {})) waiting.notify();
}

}  // namespace kcore::broker
