// Decoding and encoding of the messages of the hot paths: one record produced, one partition
// fetched, and an answer of many small elements.
#include <benchmark/benchmark.h>

#include "protocol/api/fetch.h"
#include "protocol/api/metadata.h"
#include "protocol/api/produce.h"
#include "protocol/api_table.h"

namespace kcore::protocol {
namespace {

constexpr std::int16_t kProduceVersion = 13;
constexpr std::int16_t kFetchVersion = 18;
constexpr std::int16_t kMetadataVersion = 13;

const Bytes kBatch(120, std::byte{7});

ProduceRequest produce_request() {
    ProduceRequest request;
    request.acks = -1;
    auto& topic = request.topic_data.emplace_back();
    topic.topic_id = Uuid{1, 2};
    topic.partition_data.emplace_back().records = Records(kBatch);
    return request;
}

ProduceResponse produce_response() {
    ProduceResponse response;
    auto& topic = response.responses.emplace_back();
    topic.topic_id = Uuid{1, 2};
    topic.partition_responses.emplace_back().base_offset = 90;
    return response;
}

FetchRequest fetch_request() {
    FetchRequest request;
    auto& topic = request.topics.emplace_back();
    topic.topic_id = Uuid{1, 2};
    topic.partitions.emplace_back().fetch_offset = 90;
    return request;
}

FetchResponse fetch_response() {
    FetchResponse response;
    auto& topic = response.responses.emplace_back();
    topic.topic_id = Uuid{1, 2};
    topic.partitions.emplace_back().records = Records::external(0, 1 << 20);
    return response;
}

MetadataResponse metadata_response() {
    MetadataResponse response;
    auto& topic = response.topics.emplace_back();
    topic.name = "orders";
    for (int i = 0; i < 1000; ++i) {
        auto& partition = topic.partitions.emplace_back();
        partition.partition_index = i;
        partition.replica_nodes = {1, 2, 3};
        partition.isr_nodes = {1, 2, 3};
    }
    return response;
}

template <class T>
void decode_frame(benchmark::State& state, const T& message, std::int16_t version) {
    Encoded frame;
    if (!encode_request(message, version, 1, "bench", frame)) return state.SkipWithError("encode");
    for (auto _ : state) {
        const auto request = decode_request_header(frame.bytes);
        auto body = decode<T>(request->body, version, Trailing::allow);
        benchmark::DoNotOptimize(body);
    }
}

template <class T>
void encode_frame(benchmark::State& state, const T& message, std::int16_t version) {
    Encoded frame;
    for (auto _ : state) {
        frame.bytes.clear();
        frame.cuts.clear();
        benchmark::DoNotOptimize(encode_response(message, version, 1, frame));
    }
}

void decode_produce(benchmark::State& state) {
    decode_frame(state, produce_request(), kProduceVersion);
}
void encode_produce(benchmark::State& state) {
    encode_frame(state, produce_response(), kProduceVersion);
}
void decode_fetch(benchmark::State& state) { decode_frame(state, fetch_request(), kFetchVersion); }
void encode_fetch(benchmark::State& state) { encode_frame(state, fetch_response(), kFetchVersion); }
void encode_metadata_1000(benchmark::State& state) {
    encode_frame(state, metadata_response(), kMetadataVersion);
}
void decode_metadata_1000(benchmark::State& state) {
    Bytes bytes;
    if (!encode(metadata_response(), kMetadataVersion, bytes)) return state.SkipWithError("encode");
    for (auto _ : state) {
        auto response = decode<MetadataResponse>(bytes, kMetadataVersion);
        benchmark::DoNotOptimize(response);
    }
}

BENCHMARK(decode_produce);
BENCHMARK(encode_produce);
BENCHMARK(decode_fetch);
BENCHMARK(encode_fetch);
BENCHMARK(encode_metadata_1000);
BENCHMARK(decode_metadata_1000);

}  // namespace
}  // namespace kcore::protocol
