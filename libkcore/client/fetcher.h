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
#include "protocol/api/offset_for_leader_epoch.h"
#include "rpc/fetch_session.h"

namespace kcore::client {

struct AbortedTransaction {
    std::int64_t producer_id = -1;
    std::int64_t first_offset = 0;
};

// Records of one partition, as they came; or, without any, that it goes on elsewhere.
struct Fetched {
    TopicPartition partition;
    std::uint64_t number = 0;  // Of the change that assigned the partition.
    rpc::Frame frame;          // Owns the bytes.
    BytesView records;
    std::optional<std::int64_t> restart_at;   // Reading goes on here: a reset, a log cut short.
    std::vector<AbortedTransaction> aborted;  // By first offset.
    std::int64_t high_watermark = -1;
    std::int64_t last_stable_offset = -1;
    std::int64_t log_start_offset = -1;
};

struct Assigned {
    Assignment what;
    std::uint64_t number = 0;  // Of the change that brought it.
};

class Fetcher {
public:
    explicit Fetcher(Cluster& cluster);

    // --- From the consumer's thread
    void assign(std::vector<Assignment> assignments);  // Instead of all there was.
    void change(const std::vector<TopicPartition>& gone, std::vector<Assignment> added);
    void set_end(const TopicPartition& partition, std::int64_t end);
    std::uint64_t number();  // Rises with each change.
    std::vector<Assigned> assignments();

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
        std::uint64_t number = 0;
        std::int64_t start = 0;  // Where the assignment began; `next` runs ahead of the reader.
        std::int64_t next = 0;
        std::int64_t end = kNoEnd;
        std::int32_t last_epoch = -1;     // Leader epoch of the last batch before `next`.
        std::int32_t checked_epoch = -1;  // The leader's when `next` was known to be in its log.
        std::int32_t replica = -1;        // To read instead of the leader (KIP-392).
        io::Instant replica_until{};
        io::Instant not_before{};
        bool is_busy = false;  // A reset or a check of its position is under way.
    };
    struct Doubt {
        Doubt() = default;
        TopicPartition name;
        std::uint64_t number = 0;
        std::int32_t leader = -1;
        std::int32_t leader_epoch = -1;
        std::int32_t last_epoch = -1;
    };

    asio::awaitable<void> serve(std::int32_t node);
    std::int32_t source_of(const TopicPartition& name, const Target& target) const;
    rpc::FetchParts parts_for(std::int32_t node, io::Deadline* retry_at);
    bool is_in_doubt(const TopicPartition& name, const PartitionView& known, Target& target);
    protocol::FetchRequest new_request() const;
    void take(const Response& response, const rpc::FetchParts& asked, std::uint64_t number);
    void add(std::vector<Assignment> assignments);
    Target* find(const TopicPartition& name, std::uint64_t number);
    void take(const TopicPartition& name, Target& target, const Partition& partition,
              const rpc::Frame& frame);
    void take_error(const TopicPartition& name, Target& target, Errc code);
    void fail_partition(Target& target, Error error);
    void hold_back(std::int32_t node);
    std::set<std::int32_t> idle_sources(bool* lacks_leader);
    std::vector<std::string> topics();

    // --- Positions that do not hold: fetcher_positions.cc
    void begin_reset(const TopicPartition& name, Target& target, Error if_none);
    asio::awaitable<void> reset(TopicPartition name, std::uint64_t number);
    asio::awaitable<void> check(Doubt doubt);
    void judge(const Doubt& doubt, Target& target,
               const Result<protocol::OffsetForLeaderEpochResponse>& answer);
    void restart(const TopicPartition& name, Target& target, std::int64_t offset);
    void end_work();

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
