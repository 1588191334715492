#include "client/sender.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/topic_partition.h"
#include "protocol/api/init_producer_id.h"

namespace kcore::client {

namespace {

using protocol::ProduceRequest;
using protocol::ProduceResponse;

constexpr std::int64_t kLookMs = 2'000;  // For leaders and ids, before looking at time-outs again.

bool may_pass(Errc code) {
    return is_retriable(code) || code == Errc::network_exception ||
           code == Errc::request_timed_out || code == Errc::broker_not_available;
}

}  // namespace

Sender::Sender(Cluster& cluster, Accumulator& accumulator, OnDelivery on_delivery)
    : cluster_(cluster),
      accumulator_(accumulator),
      on_delivery_(std::move(on_delivery)),
      wake_(cluster.env().loop),
      wake_remote_(wake_.remote()),
      ended_(cluster.env().loop) {}

asio::awaitable<void> Sender::run() {
    ++active_;
    const auto leader_of = [this](const std::string& topic, std::int32_t partition) {
        const auto* known = cluster_.view()->find(topic, partition);
        const bool has_broker =
            known != nullptr && cluster_.view()->brokers.contains(known->leader);
        return has_broker ? known->leader : -1;
    };
    const auto most = cluster_.config().producer.max_in_flight;
    const auto has_room = [this, most](std::int32_t node) { return in_flight_[node] < most; };
    while (!is_stopping_) {
        if (accumulator_.needs_producer()) {
            auto known = co_await learn_producer();
            if (!known) {
                // Nothing can leave without an id; what waits expires in drain().
                const bool is_fatal = !may_pass(known.error().code);
                if (is_fatal) {
                    for (auto& batch : accumulator_.take_all()) {
                        finish(std::move(batch), -1, &known.error());
                    }
                }
            }
        }
        const auto now = cluster_.env().clock.now();
        const auto leaders = accumulator_.needs_producer()
                                 ? LeaderOf([](auto&, auto) { return -1; })
                                 : LeaderOf(leader_of);
        auto plan = accumulator_.drain(now, leaders, has_room);
        for (auto& batch : plan.expired) {
            const Error late(Errc::request_timed_out,
                             fmt::format("{}-{}: not delivered within {} ms", batch->queue->topic,
                                         batch->queue->partition,
                                         cluster_.config().producer.delivery_timeout_ms));
            if (batch->sequence >= 0) accumulator_.start_over(*batch->queue);
            finish(std::move(batch), -1, &late);
        }
        for (auto& [node, batches] : plan.requests) {
            ++in_flight_[node];
            ++active_;
            cluster_.env().loop.spawn(request(node, std::move(batches)));
        }
        if (plan.lacks_leader) {
            cluster_.forget_leaders();
            auto found = co_await find_leaders();
            if (found) continue;
        }
        if (plan.next <= now) continue;
        co_await wake_.wait_until(plan.next);
    }
    if (--active_ == 0) ended_.notify();
}

asio::awaitable<void> Sender::stop() {
    is_stopping_ = true;
    wake_.notify();
    while (active_ > 0) co_await ended_.wait_until(io::kNever);
    const Error closed(Errc::request_timed_out, "the producer was closed before delivery");
    for (auto& batch : accumulator_.take_all()) finish(std::move(batch), -1, &closed);
}

io::Async<void> Sender::learn_producer() {
    const auto deadline = cluster_.env().clock.in_ms(kLookMs);
    protocol::InitProducerIdRequest request;
    request.transactional_id.reset();
    request.transaction_timeout_ms = -1;
    auto answer =
        co_await cluster_.call_any<protocol::InitProducerIdResponse>(std::move(request), deadline);
    if (answer) {
        const auto code = errc_from_wire(answer->error_code);
        if (code == Errc::none) {
            failures_ = 0;
            accumulator_.set_producer(answer->producer_id, answer->producer_epoch);
            co_return Result<void>();
        }
        answer = refused(code, std::nullopt, "InitProducerId");
    }
    co_await cluster_.pause(++failures_, deadline);
    co_return std::unexpected(std::move(answer).error());
}

// True when it is worth looking again at once.
io::Async<void> Sender::find_leaders() {
    const auto deadline = cluster_.env().clock.in_ms(kLookMs);
    auto topics = accumulator_.topics();
    auto view = co_await cluster_.refresh(std::move(topics), deadline);
    if (view) {
        for (const auto& [name, topic] : (*view)->topics) {
            accumulator_.grow(name, topic.partitions.size());
        }
    }
    co_await cluster_.pause(std::min(++failures_, 5), deadline);
    if (!view) co_return std::unexpected(std::move(view).error());
    failures_ = 0;
    co_return Result<void>();
}

// --- One request

ProduceRequest Sender::plan_of(const Batches& batches) const {
    const auto& config = cluster_.config().producer;
    ProduceRequest out;
    out.transactional_id.reset();
    out.acks = config.acks;
    out.timeout_ms = static_cast<std::int32_t>(config.request_timeout_ms);
    std::map<std::string, std::size_t> at;
    for (std::size_t i = 0; i < batches.size(); ++i) {
        const auto& queue = *batches[i]->queue;
        const auto [found, is_new] = at.emplace(queue.topic, out.topic_data.size());
        if (is_new) {
            auto& topic = out.topic_data.emplace_back();
            topic.name = queue.topic;
            if (const auto* known = cluster_.view()->find(queue.topic)) topic.topic_id = known->id;
        }
        auto& partition = out.topic_data[found->second].partition_data.emplace_back();
        partition.index = queue.partition;
        partition.records = protocol::Records::external(
            static_cast<std::int32_t>(i), static_cast<std::uint32_t>(batches[i]->bytes.size()));
    }
    return out;
}

// `batches` and `plan` outlive the call.
io::Async<ProduceResponse> Sender::exchange(std::int32_t node, const Batches* batches,
                                            const ProduceRequest* plan) {
    auto peer = cluster_.channel(node, Lane::produce);
    if (!peer) co_return std::unexpected(std::move(peer).error());
    const auto& config = cluster_.config().producer;
    const auto deadline = cluster_.env().clock.in_ms(config.request_timeout_ms);
    const auto& info = ProduceRequest::info();
    auto version = co_await (*peer)->version_for(info, deadline);
    if (!version) co_return std::unexpected(std::move(version).error());
    rpc::Outgoing outgoing(info, *version);
    auto encoded = protocol::encode_with_cuts(*plan, *version, outgoing.body);
    if (!encoded) co_return std::unexpected(std::move(encoded).error());
    for (const auto& batch : *batches) outgoing.externals.emplace_back(batch->bytes);
    outgoing.has_answer = config.acks != 0;
    auto answer = co_await (*peer)->exchange(std::move(outgoing), deadline);
    if (!answer) co_return std::unexpected(std::move(answer).error());
    if (config.acks == 0) co_return ProduceResponse();
    auto response =
        protocol::decode<ProduceResponse>(answer->body, *version, protocol::Trailing::allow);
    co_return response;
}

asio::awaitable<void> Sender::request(std::int32_t node, Batches batches) {
    const auto plan = plan_of(batches);
    auto response = co_await exchange(node, &batches, &plan);
    --in_flight_[node];
    std::map<TopicPartition, Answer> answers;
    if (response) {
        for (const auto& topic : response->responses) {
            const auto* known = cluster_.view()->find(topic.topic_id);
            const auto& name = topic.name.empty() && known != nullptr ? known->name : topic.name;
            for (const auto& partition : topic.partition_responses) {
                answers[{name, partition.index}] = partition;
            }
        }
    }
    for (auto& batch : batches) {
        const TopicPartition id{batch->queue->topic, batch->queue->partition};
        const auto found = answers.find(id);
        if (!response) {
            retry_or_fail(std::move(batch), response.error());
        } else if (cluster_.config().producer.acks == 0) {
            accumulator_.landed(*batch);
            finish(std::move(batch), -1, nullptr);
        } else if (found == answers.end()) {
            retry_or_fail(std::move(batch), Error(Errc::network_exception,
                                                  id.to_string() + ": missing in the answer"));
        } else {
            judge(std::move(batch), found->second);
        }
    }
    wake_.notify();
    if (--active_ == 0) ended_.notify();
}

void Sender::judge(BatchPtr batch, const Answer& answer) {
    const auto code = errc_from_wire(answer.error_code);
    if (code == Errc::none || code == Errc::duplicate_sequence_number) {
        accumulator_.landed(*batch);
        finish(std::move(batch), code == Errc::none ? answer.base_offset : -1, nullptr);
        return;
    }
    const auto where = fmt::format("{}-{}", batch->queue->topic, batch->queue->partition);
    const auto error = refused(code, answer.error_message, where).error();
    if (sequence_trouble(batch, error)) return;
    if (may_pass(code)) {
        retry_or_fail(std::move(batch), error);
        return;
    }
    accumulator_.landed(*batch);
    // What follows counts from this batch's sequence: it needs a new count.
    if (batch->sequence >= 0) accumulator_.start_over(*batch->queue);
    finish(std::move(batch), -1, &error, &answer);
}

// The broker misses what came before this batch. When that is still to be sent again, so is this;
// else the broker has forgotten the producer, and the partition starts over with a new id.
bool Sender::sequence_trouble(BatchPtr& batch, const Error& error) {
    const bool is_trouble = error.code == Errc::out_of_order_sequence_number ||
                            error.code == Errc::unknown_producer_id ||
                            error.code == Errc::invalid_producer_epoch;
    if (!is_trouble || batch->sequence < 0) return false;
    const auto now = cluster_.env().clock.now();
    auto& queue = *batch->queue;
    const bool is_oldest = accumulator_.is_oldest(*batch);
    accumulator_.give_back(std::move(batch), now);
    if (is_oldest) accumulator_.start_over(queue);
    return true;
}

void Sender::retry_or_fail(BatchPtr batch, Error error) {
    const auto now = cluster_.env().clock.now();
    if (is_stopping_ || !may_pass(error.code) || now >= batch->deadline) {
        accumulator_.landed(*batch);
        if (batch->sequence >= 0) accumulator_.start_over(*batch->queue);
        finish(std::move(batch), -1, &error);
        return;
    }
    cluster_.forget_leaders();
    const auto doubled = cluster_.config().retry_backoff_ms << std::min(batch->attempts - 1, 10);
    const auto wait_ms = std::min(doubled, cluster_.config().retry_backoff_max_ms);
    accumulator_.give_back(std::move(batch), now + io::Milliseconds(wait_ms));
}

void Sender::finish(BatchPtr batch, std::int64_t base_offset, const Error* error,
                    const Answer* answer) {
    std::vector<std::pair<std::int32_t, std::string>> record_errors;
    if (answer != nullptr) {
        for (const auto& one : answer->record_errors) {
            record_errors.emplace_back(one.batch_index, one.batch_index_error_message.value_or(""));
        }
    }
    Delivery delivery;
    delivery.topic = batch->queue->topic;
    delivery.partition = batch->queue->partition;
    delivery.base_offset = base_offset;
    delivery.tags = batch->tags;
    delivery.error = error;
    delivery.record_errors = record_errors;
    if (on_delivery_) on_delivery_(delivery);
    accumulator_.done(std::move(batch));
}

}  // namespace kcore::client
