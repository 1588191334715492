#include "sim/workload.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "io/wait.h"
#include "protocol/api/create_topics.h"

namespace kcore::sim {

namespace {

constexpr std::int64_t kCallMs = 3'000;
constexpr std::int64_t kOutstandingMax = 300;
constexpr std::int64_t kPollMs = 20;

// "producer:number".
std::pair<int, std::int64_t> parse(BytesView value) {
    std::pair<int, std::int64_t> out{-1, -1};
    const auto text = as_text(value);
    const auto* end = text.data() + text.size();
    const auto first = std::from_chars(text.data(), end, out.first);
    if (first.ptr != end) std::from_chars(first.ptr + 1, end, out.second);
    return out;
}

}  // namespace

Workload::Source::Source(Workload& load, int id)
    : cluster(load.cluster_.client(), load.config(fmt::format("producer {}", id))),
      accumulator(cluster.config().producer, load.cluster_.client().clock),
      sender(cluster, accumulator,
             [&load, id](const client::Delivery& delivery) { load.delivered(id, delivery); }) {}

Workload::Workload(Cluster& cluster, std::int64_t in_flight_max)
    : cluster_(cluster),
      in_flight_max_(in_flight_max),
      connections_(cluster.client(), config("consumer")),
      fetcher_(connections_),
      reader_(client::Reader::Rules()) {}

Workload::~Workload() { cluster_.end_clients(stop()); }

client::Config Workload::config(const std::string& name) const {
    client::Config config;
    config.bootstrap.clear();
    for (int id = 1; id <= cluster_.nodes(); ++id) config.bootstrap.push_back(Cluster::address(id));
    config.client_id = name;
    config.connect_timeout_ms = 1'000;
    config.request_timeout_ms = config.producer.request_timeout_ms = kCallMs;
    auto sink = cluster_.journal().sink_of("clients");
    if (cluster_.journal().is_detailed()) sink->level = LogLevel::debug;
    config.logs_bodies = true;
    config.log = Logger(std::move(sink), name);
    config.producer.max_in_flight = in_flight_max_;
    config.consumer.offset_reset = client::OffsetReset::none;
    return config;
}

void Workload::wrong(std::string what) { problems_.push_back(std::move(what)); }

asio::awaitable<void> Workload::pause(std::int64_t ms) {
    const auto until = cluster_.client().clock.in_ms(ms);
    co_await io::sleep_until(cluster_.client().loop, until);
}

void Workload::begin() { cluster_.client().loop.spawn(run_begin()); }

asio::awaitable<void> Workload::run_begin() {
    ++coroutines_;
    protocol::CreateTopicsRequest request;
    request.timeout_ms = static_cast<std::int32_t>(kCallMs);
    auto& topic = request.topics.emplace_back();
    topic.name = kTopic;
    topic.num_partitions = kPartitions;
    topic.replication_factor = static_cast<std::int16_t>(cluster_.nodes());
    while (!has_begun_ && !is_stopping_) {
        const auto deadline = cluster_.client().clock.in_ms(kCallMs);
        const auto answer =
            co_await connections_.call_any<protocol::CreateTopicsResponse>(request, deadline);
        const auto code =
            answer ? errc_from_wire(answer->topics.at(0).error_code) : answer.error().code;
        has_begun_ = code == Errc::none || code == Errc::topic_already_exists;
        if (!has_begun_) co_await pause(kPollMs);
    }
    auto& loop = cluster_.client().loop;
    for (int id = 0; id < kProducers && !is_stopping_; ++id) {
        sources_.push_back(std::make_unique<Source>(*this, id));
        loop.spawn(sources_.back()->sender.run());
        ++running_;
        loop.spawn(run_producer(*sources_.back(), id));
    }
    if (!is_stopping_) {
        std::vector<client::Assignment> all;
        for (int i = 0; i < kPartitions; ++i) all.push_back({{kTopic, i}, 0, client::kNoEnd});
        fetcher_.assign(std::move(all));
        reader_.assign(fetcher_.assignments());
        loop.spawn(fetcher_.run());
        loop.spawn(run_consumer());
    }
    --coroutines_;
}

asio::awaitable<void> Workload::run_producer(Source& source, int id) {
    ++coroutines_;
    auto& random = cluster_.client().random;
    auto& queues = source.accumulator.add(kTopic, kPartitions);
    while (!is_finishing_ && !is_stopping_) {
        const auto partition = static_cast<std::int32_t>(random.below(kPartitions));
        const auto many = 1 + random.below(5);
        for (std::uint64_t i = 0; i < many && outstanding_ < kOutstandingMax; ++i) {
            const auto number = source.next[partition]++;
            const auto text = fmt::format("{}:{}", id, number);
            client::Record record;
            record.value = as_bytes(text);
            const auto tag = static_cast<std::uint64_t>(number);
            const auto done = source.accumulator.append(queues, partition, record, tag);
            if (!done) wrong("not sent: " + done.error().what);
            ++outstanding_;
        }
        source.sender.wake();
        const auto rest_ms = static_cast<std::int64_t>(random.below(2 * kPollMs));
        co_await pause(rest_ms);
    }
    --running_;
    --coroutines_;
}

void Workload::delivered(int producer, const client::Delivery& delivery) {
    outstanding_ -= static_cast<std::int64_t>(delivery.tags.size());
    if (delivery.error != nullptr) return;  // It may be there all the same.
    auto& partition = partitions_[delivery.partition];
    auto offset = delivery.base_offset;
    for (const auto tag : delivery.tags) {
        partition.acked[producer][static_cast<std::int64_t>(tag)] = offset;
        partition.last_acked = std::max(partition.last_acked, offset);
        if (offset >= 0) ++offset;
    }
}

asio::awaitable<void> Workload::run_consumer() {
    ++coroutines_;
    while (!is_stopping_) {
        auto fetched = fetcher_.next(io::Instant{});
        if (fetched) {
            take(std::move(*fetched));
        } else {
            co_await pause(kPollMs);
        }
    }
    --coroutines_;
}

void Workload::take(Result<client::Fetched> fetched) {
    if (!fetched) return wrong("the consumer cannot go on: " + fetched.error().what);
    const auto name = fetched->partition;
    if (fetched->restart_at && *fetched->restart_at < partitions_[name.partition].position) {
        wrong(fmt::format("{}: read to {}, and cut at {}", name.to_string(),
                          partitions_[name.partition].position, *fetched->restart_at));
    }
    const auto each = [this](const client::ConsumedRecord& record) { return visit(record); };
    if (const auto walked = reader_.walk(*fetched, each); !walked) {
        wrong(fmt::format("{}: {}", name.to_string(), walked.error().what));
    }
    if (const auto* place = reader_.find(name))
        partitions_[name.partition].position = place->position;
}

bool Workload::visit(const client::ConsumedRecord& record) {
    auto& partition = partitions_[record.partition];
    const auto value = parse(*record.value);
    const auto producer = value.first;
    const auto number = value.second;
    const auto what = [&] {
        return fmt::format("{}-{}: {}:{} of producer {} epoch {} at offset {} of epoch {}", kTopic,
                           record.partition, producer, number, record.producer_id,
                           record.producer_epoch, record.offset, record.leader_epoch);
    };
    if (producer < 0 || producer >= kProducers || number < 0) {
        wrong(what() + " was never sent");
        return true;
    }
    const auto [at, is_new] = partition.read.try_emplace(record.offset, Value{producer, number});
    if (!is_new && at->second != Value{producer, number}) {
        wrong(fmt::format("{}, where {}:{} was read before", what(), at->second.producer,
                          at->second.number));
    }
    if (is_new && number <= partition.last_read[producer]) {
        wrong(fmt::format("{}, after {}:{}", what(), producer, partition.last_read[producer]));
    }
    partition.last_read[producer] = std::max(partition.last_read[producer], number);
    return true;
}

bool Workload::has_read_all() const {
    return std::ranges::all_of(partitions_, [](const auto& partition) {
        return partition.position > partition.last_acked;
    });
}

void Workload::judge() {
    for (int index = 0; index < kPartitions; ++index) {
        auto& partition = partitions_[index];
        std::map<std::int64_t, std::int64_t> found[kProducers];  // Offset by number.
        for (const auto& [offset, value] : partition.read) {
            found[value.producer].emplace(value.number, offset);
        }
        for (int producer = 0; producer < kProducers; ++producer) {
            for (const auto& [number, offset] : partition.acked[producer]) {
                const auto at = found[producer].find(number);
                const bool is_there =
                    at != found[producer].end() && (offset < 0 || at->second == offset);
                if (is_there) continue;
                wrong(fmt::format(
                    "{}-{}: {}:{} was acknowledged at offset {} and is {}", kTopic, index, producer,
                    number, offset,
                    at == found[producer].end() ? "lost" : fmt::format("at {}", at->second)));
            }
        }
    }
}

std::size_t Workload::acknowledged() const {
    std::size_t count = 0;
    for (const auto& partition : partitions_) {
        for (const auto& acked : partition.acked) count += acked.size();
    }
    return count;
}

asio::awaitable<void> Workload::stop() {
    is_stopping_ = true;
    for (const auto& source : sources_) {
        co_await source->sender.stop();
        co_await source->cluster.stop();
    }
    co_await fetcher_.stop();
    co_await connections_.stop();
    while (coroutines_ > 0) co_await pause(kPollMs);
}

}  // namespace kcore::sim
