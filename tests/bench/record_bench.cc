// What a record and a megabyte cost in the record layer: building, walking, validating, CRC,
// codecs. The argument is the size of a value; counters are records and bytes a second.
#include <benchmark/benchmark.h>

#include <string>

#include "base/crc32c.h"
#include "record/builder.h"
#include "record/validate.h"

namespace kcore::record {
namespace {

constexpr std::int64_t kNow = 1'700'000'000'000;
constexpr std::size_t kBatchBytes = 64 * 1024;

// Compresses about as well as JSON does.
std::string value_of(std::size_t size) {
    std::string out;
    unsigned state = 1;
    while (out.size() < size) {
        state = state * 1664525U + 1013904223U;
        out += R"({"id":)" + std::to_string(state >> 8) + R"(,"name":"orders","amount":)" +
               std::to_string(state >> 20) + "}";
    }
    out.resize(size);
    return out;
}

void fill(BatchBuilder& builder, const std::string& value) {
    builder.reset();
    for (std::int64_t now = kNow; builder.size_bytes() < kBatchBytes; ++now) {
        builder.append(now, std::nullopt, as_bytes(value));
    }
}

Bytes batch_of(std::size_t value_bytes, Codec codec) {
    BatchBuilder builder;
    Compressor compressor(codec);
    fill(builder, value_of(value_bytes));
    const auto closed = builder.close(compressor);
    return closed ? to_bytes(BytesView(*closed)) : Bytes{};
}

void count(benchmark::State& state, std::int64_t records, std::size_t bytes) {
    state.SetItemsProcessed(state.iterations() * records);
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}

void build(benchmark::State& state) {
    const auto value = value_of(static_cast<std::size_t>(state.range(0)));
    BatchBuilder builder;
    for (auto _ : state) {
        fill(builder, value);
        benchmark::DoNotOptimize(builder.close().data());
    }
    count(state, builder.count(), builder.size_bytes());
}
BENCHMARK(build)->Arg(10)->Arg(100)->Arg(1024)->Arg(16384);

void walk(benchmark::State& state) {
    const auto bytes = batch_of(static_cast<std::size_t>(state.range(0)), Codec::none);
    const BatchView batch(bytes);
    RecordView record;
    for (auto _ : state) {
        RecordReader reader(batch.payload(), batch.base());
        while (reader.next(record)) benchmark::DoNotOptimize(record.value);
    }
    count(state, batch.count(), batch.size());
}
BENCHMARK(walk)->Arg(10)->Arg(100)->Arg(1024)->Arg(16384);

void checksum(benchmark::State& state) {
    const Bytes bytes(static_cast<std::size_t>(state.range(0)), std::byte{7});
    for (auto _ : state) benchmark::DoNotOptimize(crc32c(bytes));
    count(state, 1, bytes.size());
}
BENCHMARK(checksum)->Arg(100)->Arg(1024)->Arg(16384)->Arg(1 << 20);

void validate_with(benchmark::State& state, Codec codec, Trust trust) {
    auto bytes = batch_of(static_cast<std::size_t>(state.range(0)), codec);
    ProduceRules rules;
    rules.trust = trust;
    ValidationScratch scratch;
    std::int64_t records = 0;
    for (auto _ : state) {
        const auto accepted = validate_produce(bytes, rules, {"orders", 0}, kNow, scratch);
        if (!accepted) return state.SkipWithError("refused");
        records = accepted->count;
    }
    count(state, records, kBatchBytes);  // Uncompressed, to compare the codecs.
}

void validate_none(benchmark::State& state) { validate_with(state, Codec::none, Trust::strict); }
void validate_gzip(benchmark::State& state) { validate_with(state, Codec::gzip, Trust::strict); }
void validate_snappy(benchmark::State& state) {
    validate_with(state, Codec::snappy, Trust::strict);
}
void validate_lz4(benchmark::State& state) { validate_with(state, Codec::lz4, Trust::strict); }
void validate_zstd(benchmark::State& state) { validate_with(state, Codec::zstd, Trust::strict); }
void validate_header(benchmark::State& state) { validate_with(state, Codec::zstd, Trust::header); }
BENCHMARK(validate_none)->Arg(10)->Arg(100)->Arg(1024)->Arg(16384);
BENCHMARK(validate_gzip)->Arg(100)->Arg(1024);
BENCHMARK(validate_snappy)->Arg(100)->Arg(1024);
BENCHMARK(validate_lz4)->Arg(100)->Arg(1024);
BENCHMARK(validate_zstd)->Arg(100)->Arg(1024);
BENCHMARK(validate_header)->Arg(100)->Arg(1024);

}  // namespace
}  // namespace kcore::record
