#pragma once
// Fetches ahead of the consumer: one request under way a broker, answers queued up to a limit.
// Lives on the client's loop; the queue is guarded by a mutex. Not part of the public interface.

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

#include "client/cluster.h"
#include "client/consumer.h"
#include "protocol/api/fetch.h"

namespace kcore::client {

struct AbortedTransaction {
    std::int64_t producer_id = -1;
    std::int64_t first_offset = 0;
};

// Records of one partition, as they came.
struct Fetched {
    TopicPartition partition;
    std::uint64_t number = 0;  // Of the assignment that asked for them.
    rpc::Frame frame;          // Owns the bytes.
    BytesView records;
    std::vector<AbortedTransaction> aborted;  // By first offset.
    std::int64_t high_watermark = -1;
    std::int64_t last_stable_offset = -1;
    std::int64_t log_start_offset = -1;
};

class Fetcher {
public:
    explicit Fetcher(Cluster& cluster);

    // --- From the consumer's thread
    void assign(std::vector<Assignment> assignments);
    void set_end(const TopicPartition& partition, std::int64_t end);
    std::uint64_t number();
    std::vector<Assignment> assignments();

    // The next answer, an error, or nothing when the time is over.
    std::optional<Result<Fetched>> next(io::Deadline deadline);
    void put_back(Fetched fetched);  // To the front.
    bool has_fetched();
    void wake_reader();      // next() returns with nothing.
    void fail(Error error);  // next() returns it.

    // --- On the loop
    asio::awaitable<void> run();
    asio::awaitable<void> stop();

private:
    using Response = rpc::Framed<protocol::FetchResponse>;
    using Partition = protocol::FetchResponse::PartitionData;

    struct Target {
        Uuid topic_id;
        std::int64_t start = 0;  // Where the assignment began; `next` runs ahead of the reader.
        std::int64_t next = 0;
        std::int64_t end = kNoEnd;
        std::int32_t leader_epoch = -1;
        io::Instant not_before{};
        bool is_resetting = false;
    };

    asio::awaitable<void> serve(std::int32_t node);
    std::optional<protocol::FetchRequest> request_for(std::int32_t node, io::Deadline* retry_at);
    void take(const Response& response);
    void take(const TopicPartition& name, const Partition& partition, const rpc::Frame& frame);
    void take_error(const TopicPartition& name, Target& target, Errc code);
    void hold_back(std::int32_t node);
    asio::awaitable<void> reset(TopicPartition name, std::uint64_t number);
    std::set<std::int32_t> idle_leaders(bool* lacks_leader);

    Cluster& cluster_;
    io::Signal wake_;
    io::Signal::Remote wake_remote_;
    io::Signal ended_;
    std::map<std::int32_t, io::Signal*> serving_;
    int active_ = 0;
    bool is_stopping_ = false;

    std::mutex mutex_;  // Guards what follows.
    std::condition_variable arrived_;
    std::map<TopicPartition, Target> targets_;
    std::uint64_t number_ = 0;
    std::deque<Result<Fetched>> ready_;
    std::size_t ready_bytes_ = 0;
    bool is_woken_ = false;
};

}  // namespace kcore::client
