#include "client/producer.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <utility>

#include "client/accumulator.h"
#include "client/cluster.h"
#include "client/runtime.h"
#include "client/sender.h"

namespace kcore::client {

namespace {

// A topic may be so new that not every broker has heard of it.
constexpr std::int64_t kNewTopicMs = 1'000;

io::Async<std::size_t> partitions_of(Cluster& cluster, std::string topic) {
    const auto& config = cluster.config();
    const auto deadline = cluster.env().clock.in_ms(config.api_timeout_ms);
    const auto patience =
        cluster.env().clock.in_ms(config.allow_auto_create ? config.api_timeout_ms : kNewTopicMs);
    for (int attempt = 1;; ++attempt) {
        std::vector<std::string> wanted{topic};
        auto view = co_await cluster.known(std::move(wanted), deadline);
        if (!view) co_return std::unexpected(std::move(view).error());
        const auto* known = (*view)->find(topic);
        if (known != nullptr && known->error == Errc::none && !known->partitions.empty()) {
            co_return known->partitions.size();
        }
        const auto code = known == nullptr || known->error == Errc::none
                              ? Errc::unknown_topic_or_partition
                              : known->error;
        if (!is_retriable(code)) co_return refused(code, std::nullopt, topic);
        const bool again = co_await cluster.pause(attempt, patience);
        if (!again) co_return refused(code, "there is no such topic", topic);
        cluster.forget_leaders();
    }
}

io::Async<void> start(Cluster& cluster, Sender& sender) {
    cluster.env().loop.spawn(sender.run());
    co_return Result<void>();
}

io::Async<void> stop(std::unique_ptr<Sender>& sender) {
    co_await sender->stop();
    sender.reset();
    co_return Result<void>();
}

ProducerConfig settled(ProducerConfig config) {
    if (config.acks != -1) config.is_idempotent = false;
    if (config.is_idempotent)
        config.max_in_flight = std::min<std::int64_t>(config.max_in_flight, 5);
    return config;
}

}  // namespace

struct Producer::State {
    State(Client& c, OnDelivery on_delivery)
        : client(c),
          accumulator(settled(c.config().producer), c.runtime().env().clock),
          sender(std::make_unique<Sender>(c.cluster(), accumulator, std::move(on_delivery))) {}

    Client& client;
    Accumulator accumulator;
    std::unique_ptr<Sender> sender;
    std::atomic<TopicQueues*> last = nullptr;  // Mostly the same topic again.
};

Producer::Producer(Client& client, OnDelivery on_delivery)
    : state_(std::make_unique<State>(client, std::move(on_delivery))) {
    (void)client.runtime().wait<void>(
        [this] { return start(state_->client.cluster(), *state_->sender); });
}

Producer::~Producer() {
    (void)state_->client.runtime().wait<void>([this] { return stop(state_->sender); });
}

Result<void> Producer::send(std::string_view topic, std::int32_t partition, const Record& record,
                            std::uint64_t tag) {
    auto& state = *state_;
    auto* queues = state.last.load();
    if (queues == nullptr || queues->name != topic) {
        queues = state.accumulator.find(topic);
        if (queues == nullptr) {
            auto count = state.client.runtime().wait<std::size_t>(
                [&] { return partitions_of(state.client.cluster(), std::string(topic)); });
            if (!count) return std::unexpected(std::move(count).error());
            queues = &state.accumulator.add(std::string(topic), *count);
        }
        state.last = queues;
    }
    auto appended = state.accumulator.append(*queues, partition, record, tag);
    if (!appended) return std::unexpected(std::move(appended).error());
    if (appended->is_batch_full || appended->is_first) state.sender->wake();
    return {};
}

bool Producer::flush(std::int64_t timeout_ms) {
    auto& state = *state_;
    state.accumulator.set_flushing(true);
    state.sender->wake();
    const auto deadline = state.client.runtime().env().clock.in_ms(timeout_ms);
    const bool is_empty = state.accumulator.wait_empty(deadline);
    state.accumulator.set_flushing(false);
    return is_empty;
}

}  // namespace kcore::client
