#pragma once
// Producer ids, given out from blocks that the controller allocates to this broker (KIP-730). The
// next block is asked for before the last is used up. Thread-safe.

#include <asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "broker/controller_link.h"
#include "io/env.h"

namespace kcore::broker {

class ProducerIds {
public:
    // `broker_epoch` gives the current one, from any thread.
    ProducerIds(std::int32_t broker_id, std::function<std::int64_t()> broker_epoch,
                ControllerLink& controller)
        : broker_id_(broker_id), broker_epoch_(std::move(broker_epoch)), controller_(controller) {}

    // An id that was never given before, if there is one at hand.
    std::optional<std::int64_t> take(io::Env& env);

    // The same, waiting for a block until `deadline`.
    //   request_timed_out  the controller gave none in time, or what it said
    io::Async<std::int64_t> next(io::Env& env, io::Deadline deadline);

private:
    asio::awaitable<void> refill(io::Env& env);

    const std::int32_t broker_id_;
    const std::function<std::int64_t()> broker_epoch_;
    ControllerLink& controller_;

    std::mutex mutex_;
    struct Block {
        std::int64_t next = 0;
        std::int64_t end = 0;
    };
    Block current_;
    Block ahead_;
    bool is_refilling_ = false;
    std::optional<Error> failure_;  // Of the last attempt.
    std::vector<io::Signal::Remote> waiting_;
};

}  // namespace kcore::broker
