#pragma once
// The records on their way: one open batch a partition, and closed ones in order, until they are
// acknowledged. Not part of the public interface.
//
// Invariants:
// 1. The batches of a partition that wait (`ready`) are in the order of their records (`first`),
//    and all of them come after those in flight, except while the partition recovers.
// 2. While a partition recovers (a batch came back), it sends nothing until none is in flight.
// 3. A batch keeps producer id, epoch and sequence over its retries, unless the partition starts
//    over, which it does with the next epoch and from sequence 0.
// 4. What is in flight of a partition is all of one epoch: else a refused batch of the old one
//    could fall behind an accepted one of the new. With idempotence it is all at one broker: a new
//    leader that has nothing of this producer yet would take whatever comes first.

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "client/config.h"
#include "client/producer.h"
#include "io/clock.h"
#include "record/builder.h"

namespace kcore::client {

struct PartitionQueue;

struct Batch {
    PartitionQueue* queue = nullptr;
    Bytes bytes;
    std::int64_t first = 0;  // Number of its first record among all of its partition.
    std::int32_t count = 0;
    std::vector<std::uint64_t> tags;
    io::Deadline deadline{};  // delivery.timeout.ms
    std::int64_t producer_id = record::kNoProducerId;
    std::int16_t producer_epoch = record::kNoProducerEpoch;
    std::int32_t sequence = record::kNoSequence;
    std::size_t held_bytes = 0;  // Of buffer.memory.
    int attempts = 0;
};
using BatchPtr = std::unique_ptr<Batch>;

struct PartitionQueue {
    std::string topic;
    std::int32_t partition = 0;
    std::optional<record::BatchBuilder> open;
    BatchPtr filling;  // What `open` will become; has its tags.
    io::Instant opened_at{};
    std::deque<BatchPtr> ready;
    std::int64_t sealed = 0;              // Records in closed batches so far.
    std::vector<std::int64_t> in_flight;  // The `first` of each.
    std::int16_t epoch_in_flight = record::kNoProducerEpoch;
    std::int32_t broker_in_flight = -1;
    bool is_recovering = false;
    io::Instant not_before{};      // Back-off after a failure.
    std::optional<Error> refusal;  // Why a batch was not accepted, until one is.

    std::int64_t producer_id = record::kNoProducerId;
    std::int16_t producer_epoch = record::kNoProducerEpoch;
    std::int32_t next_sequence = 0;
};

struct TopicQueues {
    std::string name;
    std::vector<std::unique_ptr<PartitionQueue>> partitions;
    std::size_t count = 0;  // Partitions of the topic; the vector may be longer after a recreation.
    std::size_t sticky = 0;
    std::size_t turn = 0;
};

// What the sender may take: for each broker the batches of one request.
using Drained = std::map<std::int32_t, std::vector<BatchPtr>>;

// Tells the leader of a partition, -1 when there is none.
using LeaderOf = std::function<std::int32_t(const std::string& topic, std::int32_t partition)>;
using HasRoom = std::function<bool(std::int32_t broker)>;

class Accumulator {
public:
    Accumulator(const ProducerConfig& config, io::Clock& clock);

    // Null when the topic is not known yet.
    TopicQueues* find(std::string_view topic);
    TopicQueues& add(const std::string& topic, std::size_t partitions);

    struct Appended {
        bool is_batch_full = false;
        bool is_first = false;  // Of its batch: the linger time begins.
    };
    // Errors as Producer::send().
    Result<Appended> append(TopicQueues& topic, std::int32_t partition, const Record& record,
                            std::uint64_t tag);

    // --- Of the sender
    struct Plan {
        Drained requests;
        std::vector<BatchPtr> expired;
        io::Deadline next = io::kNever;  // When something will be due.
        bool lacks_leader = false;
    };
    Plan drain(io::Instant now, const LeaderOf& leader_of, const HasRoom& has_room);

    void set_producer(std::int64_t id, std::int16_t epoch);
    bool needs_producer() const;

    // What became of a batch in flight: each of these ends its flight.
    void landed(Batch& batch, bool was_appended);            // To be done() with.
    void give_back(BatchPtr batch, io::Instant not_before);  // To be sent again.
    // The broker misses what comes before it. When that is still to be sent again, so is this; else
    // the partition starts over.
    void give_back_out_of_order(BatchPtr batch, io::Instant not_before);
    // Too large for the broker: two halves are to be sent instead. False, and still in flight, when
    // it cannot be halved.
    bool split(BatchPtr& batch);

    void failed_waiting(Batch& batch);  // It will not be sent: what follows counts anew.
    void done(BatchPtr batch);          // Acknowledged or failed.
    std::vector<BatchPtr> take_all();   // To fail what waits.

    bool has_waiting();
    void set_flushing(bool flushing);
    bool wait_empty(io::Deadline deadline);
    std::vector<std::string> topics();
    void grow(const std::string& topic, std::size_t partitions);

private:
    PartitionQueue& queue_of(TopicQueues& topic, std::size_t index);
    std::size_t choose(TopicQueues& topic, const Record& record);
    void open(PartitionQueue& queue);
    void seal(PartitionQueue& queue);
    bool is_due(const PartitionQueue& queue, io::Instant now) const;
    void drain_queue(PartitionQueue& queue, io::Instant now, Plan& plan, const LeaderOf& leader_of,
                     const HasRoom& has_room);
    void stamp(Batch& batch);
    void end_flight(const Batch& batch);
    void put_in_order(BatchPtr batch, io::Instant not_before);
    void start_over(PartitionQueue& queue);
    static bool is_oldest(const Batch& batch);
    bool wait_for_room(std::unique_lock<std::mutex>& lock);

    const ProducerConfig config_;
    io::Clock& clock_;
    mutable std::mutex mutex_;  // Guards everything below.
    std::condition_variable changed_;
    std::unordered_map<std::string, std::unique_ptr<TopicQueues>> topics_;
    std::vector<PartitionQueue*> queues_;
    std::map<std::int32_t, std::size_t> drained_bytes_;
    record::Compressor compressor_;
    std::vector<BatchPtr> spare_;  // Done with: their memory serves new ones.
    std::int64_t held_bytes_ = 0;
    std::int64_t pending_ = 0;  // Batches not done.
    std::int64_t producer_id_ = record::kNoProducerId;
    std::int16_t producer_epoch_ = record::kNoProducerEpoch;
    std::uint64_t random_ = 0x9e3779b97f4a7c15ULL;
    std::size_t first_ = 0;  // Of queues_ at the next drain: nobody starves.
    bool is_flushing_ = false;
    bool wants_producer_ = false;
};

}  // namespace kcore::client
