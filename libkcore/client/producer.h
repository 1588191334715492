#pragma once
// Sends records: they gather in one batch a partition, and batches are acknowledged as a whole, in
// order, without duplicates when idempotent.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "client/client.h"
#include "client/record.h"

namespace kcore::client {

// What became of one batch.
struct Delivery {
    std::string_view topic;
    std::int32_t partition = 0;
    std::int64_t base_offset = -1;        // -1: not told (acks 0, a duplicate).
    std::span<const std::uint64_t> tags;  // Of its records, in order.
    const Error* error = nullptr;         // Null: acknowledged.

    // What the broker said of single records: index in the batch, and why.
    std::span<const std::pair<std::int32_t, std::string>> record_errors;
};

// On the client's thread: must not block, nor call the producer.
using OnDelivery = std::function<void(const Delivery&)>;

inline constexpr std::int32_t kAnyPartition = -1;

// Thread-safe. The client must outlive it.
class Producer {
public:
    Producer(Client& client, OnDelivery on_delivery);
    ~Producer();  // Abandons what is not delivered; flush() first.
    Producer(const Producer&) = delete;
    Producer& operator=(const Producer&) = delete;

    // Copies the record into its batch; `tag` comes back in the Delivery. Waits while
    // buffer.memory is used up.
    //   unknown_topic_or_partition, invalid_topic_exception  after asking the cluster
    //   message_too_large  the record alone is above max.request.size
    //   request_timed_out  no room within delivery.timeout.ms
    Result<void> send(std::string_view topic, std::int32_t partition, const Record& record,
                      std::uint64_t tag = 0);

    // Sends all that waits and returns when it is acknowledged or has failed; false when the time
    // came first.
    bool flush(std::int64_t timeout_ms);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace kcore::client
