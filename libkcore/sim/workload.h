#pragma once
// Clients of a simulated cluster: idempotent producers with acks=all, each sending numbers in order
// to every partition of one topic, and a consumer that reads along. What they saw decides whether
// the cluster kept its promises.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "client/accumulator.h"
#include "client/cluster.h"
#include "client/fetcher.h"
#include "client/reader.h"
#include "client/sender.h"
#include "sim/cluster.h"

namespace kcore::sim {

class Workload {
public:
    static constexpr const char* kTopic = "orders";
    static constexpr int kPartitions = 3;
    static constexpr int kProducers = 2;

    Workload(Cluster& cluster, std::int64_t in_flight_max);
    ~Workload();

    // Makes the topic, with a replica on every node, and goes on until finish().
    void begin();
    bool has_begun() const { return has_begun_; }
    void finish() { is_finishing_ = true; }
    // All that was sent is acknowledged, or was given up.
    bool has_finished() const { return is_finishing_ && running_ == 0 && outstanding_ == 0; }
    // The consumer has come to the last record that was acknowledged.
    bool has_read_all() const;
    // Once it has: what was acknowledged and never seen.
    void judge();

    std::size_t acknowledged() const;
    const std::vector<std::string>& problems() const { return problems_; }

private:
    struct Value {
        int producer = -1;
        std::int64_t number = -1;
        friend bool operator==(const Value&, const Value&) = default;
    };
    struct Source {
        Source(Workload& load, int id);

        client::Cluster cluster;
        client::Accumulator accumulator;
        client::Sender sender;
        std::int64_t next[kPartitions] = {};
    };
    struct Partition {
        std::map<std::int64_t, Value> read;                      // By offset.
        std::int64_t last_read[kProducers] = {-1, -1};           // Numbers.
        std::map<std::int64_t, std::int64_t> acked[kProducers];  // Offset (-1: not told) by number.
        std::int64_t last_acked = -1;                            // Offset.
        std::int64_t position = 0;                               // Of the consumer.
    };

    client::Config config(const std::string& name) const;
    asio::awaitable<void> run_begin();
    asio::awaitable<void> run_producer(Source& source, int id);
    asio::awaitable<void> run_consumer();
    asio::awaitable<void> stop();
    asio::awaitable<void> pause(std::int64_t ms);
    void delivered(int producer, const client::Delivery& delivery);
    bool visit(const client::ConsumedRecord& record);
    void take(Result<client::Fetched> fetched);
    void wrong(std::string what);

    Cluster& cluster_;
    const std::int64_t in_flight_max_;
    client::Cluster connections_;  // The consumer's.
    client::Fetcher fetcher_;
    client::Reader reader_;
    std::vector<std::unique_ptr<Source>> sources_;
    Partition partitions_[kPartitions];
    bool has_begun_ = false;
    bool is_finishing_ = false;
    bool is_stopping_ = false;
    int running_ = 0;
    int coroutines_ = 0;
    std::int64_t outstanding_ = 0;
    std::vector<std::string> problems_;
};

}  // namespace kcore::sim
