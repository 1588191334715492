// Records of 100 bytes through the producer's and the consumer's hot path, without a network: what
// one core spends on a record, and how often it asks for memory.
#include <benchmark/benchmark.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "client/accumulator.h"
#include "client/reader.h"
#include "io/posix.h"

namespace {

std::atomic<std::uint64_t> allocations = 0;

}  // namespace

void* operator new(std::size_t size) {
    allocations.fetch_add(1, std::memory_order_relaxed);
    if (void* memory = std::malloc(size)) return memory;
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace kcore::client {
namespace {

constexpr std::size_t kRecordBytes = 100;

// Sinks each batch as soon as it is full.
void produce(benchmark::State& state) {
    io::PosixClock clock;
    ProducerConfig config;
    config.batch_size_bytes = state.range(0);
    Accumulator accumulator(config, clock);
    accumulator.set_producer(1, 0);
    auto& topic = accumulator.add("t", 4);
    const std::string value(kRecordBytes, 'x');
    Record record;
    record.value = as_bytes(value);
    const auto leader_of = [](const std::string&, std::int32_t) { return 1; };
    const auto has_room = [](std::int32_t) { return true; };
    std::uint64_t batches = 0;
    std::uint64_t before = 0;
    const auto sink = [&] {
        auto plan = accumulator.drain(clock.now(), leader_of, has_room);
        for (auto& [node, list] : plan.requests) {
            for (auto& batch : list) {
                if (++batches == 100) before = allocations;
                accumulator.landed(*batch, true);
                accumulator.done(std::move(batch));
            }
        }
    };
    std::uint64_t tag = 0;
    for (auto unused : state) {
        const auto appended = accumulator.append(topic, kAnyPartition, record, ++tag);
        if (appended->is_batch_full) sink();
    }
    state.SetItemsProcessed(state.iterations());
    if (batches > 100) {
        state.counters["allocations/batch"] =
            static_cast<double>(allocations - before) / static_cast<double>(batches - 100);
    }
}
BENCHMARK(produce)->Arg(16 << 10)->Arg(256 << 10);

void consume(benchmark::State& state) {
    record::BatchBuilder builder;
    const std::string value(kRecordBytes, 'x');
    while (builder.size_bytes() + kRecordBytes + 20 < static_cast<std::size_t>(state.range(0))) {
        builder.append(1, std::nullopt, as_bytes(value));
    }
    const auto bytes = builder.close();
    Reader reader{Reader::Rules()};
    std::uint64_t number = 0;
    std::uint64_t seen = 0;
    const Visit visit = [&](const ConsumedRecord& record) {
        seen += record.value->size();
        return true;
    };
    Fetched fetched;
    fetched.partition = {"t", 0};
    fetched.records = bytes;
    for (auto unused : state) {
        reader.assign({{{{"t", 0}, 0, kNoEnd}, ++number}});
        fetched.number = number;
        benchmark::DoNotOptimize(reader.walk(fetched, visit));
    }
    state.SetItemsProcessed(state.iterations() * builder.count());
    benchmark::DoNotOptimize(seen);
}
BENCHMARK(consume)->Arg(16 << 10)->Arg(256 << 10);

}  // namespace
}  // namespace kcore::client
