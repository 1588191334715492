// The steps of the hot paths, so many times each, for tests/bench/instructions.py to count what
// they execute: instructions STEP COUNT. Without arguments it lists the steps.
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>

#include "io/memory_disk.h"
#include "io/test_env.h"
#include "log/test_log.h"
#include "protocol/api/fetch.h"
#include "protocol/api/produce.h"
#include "protocol/codec.h"
#include "record/builder.h"
#include "record/validate.h"
#include "replication/fetch_session.h"

namespace kcore {
namespace {

constexpr std::int16_t kProduceVersion = 9;
constexpr std::int16_t kFetchVersion = 13;
constexpr std::int64_t kNow = 1'700'000'000'000;

// Something must have gone wrong for the figures to mean anything.
void require(bool condition, const char* what) {
    if (condition) return;
    std::fprintf(stderr, "instructions: %s failed\n", what);
    std::exit(1);
}

Bytes batch_of(int records) {
    record::BatchBuilder builder;
    const std::string value(100, 'v');
    for (int i = 0; i < records; ++i) builder.append(kNow, std::nullopt, as_bytes(value));
    builder.close();
    return builder.take();
}

void decode_produce(int count) {
    const auto batch = batch_of(1);
    protocol::ProduceRequest request;
    auto& topic = request.topic_data.emplace_back();
    topic.name = "orders";
    topic.partition_data.emplace_back().records = protocol::Records(batch);
    Bytes bytes;
    require(protocol::encode(request, kProduceVersion, bytes).has_value(), "encode");
    for (int i = 0; i < count; ++i) {
        const auto decoded = protocol::decode<protocol::ProduceRequest>(bytes, kProduceVersion);
        require(decoded.has_value(), "decode");
    }
}

void encode_produce_answer(int count) {
    protocol::ProduceResponse response;
    auto& topic = response.responses.emplace_back();
    topic.name = "orders";
    topic.partition_responses.emplace_back().base_offset = 90;
    protocol::Encoded out;
    for (int i = 0; i < count; ++i) {
        out.bytes.clear();
        require(protocol::encode_with_cuts(response, kProduceVersion, out).has_value(), "encode");
    }
}

void validate(int records, int count) {
    auto batch = batch_of(records);
    record::ValidationScratch scratch;
    const TopicPartition partition{"orders", 0};
    for (int i = 0; i < count; ++i) {
        const auto accepted = record::validate_produce(batch, {}, partition, kNow, scratch);
        require(accepted.has_value(), "validate");
    }
}
void validate_one(int count) { validate(1, count); }
void validate_hundred(int count) { validate(100, count); }

void append(int count) {
    io::MemoryDisk disk;
    log::testing::Broker broker(disk);
    require(broker.open().has_value(), "open");
    auto batch = batch_of(1);
    for (int i = 0; i < count; ++i) {
        const auto appended = broker.log().append_as_leader(batch, log::Origin::client, 0, kNow);
        require(appended.has_value(), "append");
    }
}

void read_in_order(int count) {
    io::MemoryDisk disk;
    log::testing::Broker broker(disk);
    require(broker.open().has_value(), "open");
    auto batch = batch_of(1);
    for (int i = 0; i < 1'000; ++i) {
        require(broker.log().append_as_leader(batch, log::Origin::client, 0, kNow).has_value(),
                "append");
    }
    for (int i = 0; i < count; ++i) {
        const auto read =
            broker.log().read({.offset = i % 1'000, .up_to = 1'000, .max_bytes = 1U << 20});
        require(read && read->slice.size_bytes > 0, "read");
    }
}

void plan_incremental_fetch(int count) {
    io::TestEnv env;
    replication::FetchSessions sessions(10, env.clock, env.random);
    const replication::TopicName name = [](Uuid) { return std::optional<std::string>("orders"); };
    protocol::FetchRequest request;
    request.session_epoch = 0;
    auto& topic = request.topics.emplace_back();
    topic.topic_id = Uuid{1, 2};
    for (int i = 0; i < 10; ++i) topic.partitions.emplace_back().partition = i;
    const auto first = sessions.begin(request, true, name);
    require(first.has_value(), "begin");
    protocol::FetchResponse nothing;
    sessions.finish(*first, nothing);
    request.topics.clear();
    request.session_id = first->session_id;
    for (int i = 0; i < count; ++i) {
        request.session_epoch = i + 1;
        const auto plan = sessions.begin(request, true, name);
        require(plan && plan->partitions.size() == 10, "begin");
        protocol::FetchResponse answer;
        sessions.finish(*plan, answer);
    }
}

void encode_fetch_answer(int count) {
    protocol::FetchResponse response;
    auto& topic = response.responses.emplace_back();
    topic.topic_id = Uuid{1, 2};
    topic.partitions.emplace_back().records = protocol::Records::external(0, 1U << 20);
    protocol::Encoded out;
    for (int i = 0; i < count; ++i) {
        out.bytes.clear();
        out.cuts.clear();
        require(protocol::encode_with_cuts(response, kFetchVersion, out).has_value(), "encode");
    }
}

const std::map<std::string, std::function<void(int)>> kSteps = {
    {"append", append},
    {"decode-produce", decode_produce},
    {"encode-fetch-answer", encode_fetch_answer},
    {"encode-produce-answer", encode_produce_answer},
    {"plan-incremental-fetch", plan_incremental_fetch},
    {"read-in-order", read_in_order},
    {"validate-1", validate_one},
    {"validate-100", validate_hundred},
};

int run(int argc, char** argv) {
    if (argc == 1) {
        for (const auto& [name, step] : kSteps) std::printf("%s\n", name.c_str());
        return 0;
    }
    const auto step = kSteps.find(argv[1]);
    int count = 0;
    const std::string_view text(argc == 3 ? argv[2] : "");
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), count);
    if (step == kSteps.end() || parsed.ec != std::errc() || count < 1) {
        std::fprintf(stderr, "usage: instructions [STEP COUNT]\n");
        return 2;
    }
    step->second(count);
    return 0;
}

}  // namespace
}  // namespace kcore

int main(int argc, char** argv) { return kcore::run(argc, argv); }
