#pragma once
// Takes batches from the accumulator to their leaders, and judges the answers. Lives on the
// client's loop. Not part of the public interface.

#include <map>
#include <memory>

#include "client/accumulator.h"
#include "client/cluster.h"
#include "protocol/api/produce.h"

namespace kcore::client {

class Sender {
public:
    Sender(Cluster& cluster, Accumulator& accumulator, OnDelivery on_delivery);

    // Thread-safe: there is something new to look at.
    void wake() { wake_remote_.notify(); }

    asio::awaitable<void> run();  // Until stop().

    // Returns when run() and all requests have ended; what was not delivered fails.
    asio::awaitable<void> stop();

private:
    using Batches = std::vector<BatchPtr>;
    using Answer = protocol::ProduceResponse::PartitionProduceResponse;

    io::Async<void> learn_producer();
    asio::awaitable<void> look();
    Accumulator::Plan plan();
    void expire(std::vector<BatchPtr> expired);
    Error too_late(const Batch& batch) const;
    void look_if(bool lacks_leader);
    io::Instant after_backoff(const Batch& batch) const;
    io::Deadline answer_due(const Batches& batches) const;
    asio::awaitable<void> request(std::int32_t node, Batches batches);
    io::Async<protocol::ProduceResponse> exchange(std::int32_t node, const Batches* batches,
                                                  const protocol::ProduceRequest* plan);
    protocol::ProduceRequest plan_of(const Batches& batches) const;
    void judge(BatchPtr batch, const Answer& answer, std::int32_t node);
    void retry_or_fail(BatchPtr batch, Error error);
    void finish(BatchPtr batch, std::int64_t base_offset, const Error* error,
                const Answer* answer = nullptr);

    Cluster& cluster_;
    Accumulator& accumulator_;
    const OnDelivery on_delivery_;
    io::Signal wake_;
    io::Signal::Remote wake_remote_;
    io::Signal ended_;
    std::map<std::int32_t, std::int64_t> in_flight_;  // Requests by broker.
    int active_ = 0;                                  // Coroutines.
    std::optional<Error> producer_error_;             // The last, of learning an id.
    int failures_ = 0;                                // To learn an id, in a row.
    int looks_ = 0;                                   // For leaders, in a row.
    bool is_looking_ = false;
    bool is_stopping_ = false;
};

}  // namespace kcore::client
