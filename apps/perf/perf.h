#pragma once
// The commands of kperf: their options as parsed, and one function each.

#include <cstdint>
#include <string>

#include "cli/common.h"
#include "cli/histogram.h"
#include "client/admin.h"
#include "client/consumer.h"

namespace kcore::perf {

struct Options {
    cli::Common common;
    std::string topic;
    std::string group;
    std::string codec;
    std::string acks;
    std::int64_t records = -1;
    std::int64_t record_size = 100;
    std::int64_t warmup_records = 0;
    std::int64_t duration_ms = -1;
    std::int64_t reporting_ms = 5'000;
    std::int64_t idle_ms = 10'000;
    std::int64_t batch_size = -1;
    std::int64_t linger_ms = -1;
    std::int64_t keys = 0;
    std::int64_t settle_ms = 30'000;  // Of verify.
    double throughput = -1;           // Records a second; below 0: as fast as it goes.
};

int produce(const Options& options);
int consume(const Options& options);
int e2e(const Options& options);
int verify(const Options& options);
cli::Sheet verify_fields();

// All partitions of the topic, from `at` on: kLatest, say.
Result<std::vector<client::Assignment>> assignments(client::Admin& admin, const std::string& topic,
                                                    std::int64_t at);

struct Outcome {
    std::string test;  // "produce"
    std::uint64_t records = 0;
    std::uint64_t bytes = 0;
    std::uint64_t failed = 0;
    double seconds = 0;
    const cli::Histogram* latency_us = nullptr;       // From the intended time on.
    const cli::Histogram* send_latency_us = nullptr;  // From the real one on; null: the same.
};

// The final line, or one JSON document with all percentiles.
void report(cli::Console& console, const Options& options, const Outcome& outcome);

// Settings of the client, with those of the options on top. Nothing: said already.
std::optional<client::Config> settings(cli::Console& console, const Options& options);

}  // namespace kcore::perf
