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

constexpr std::int64_t kTimeoutLookMs =
    2'000;  // For leaders and ids, before looking at time-outs again.

bool produce_may_pass(Errc code) {
    return is_retriable(code) || code == Errc::network_exception ||
           code == Errc::request_timed_out || code == Errc::broker_not_available;
}

// Whose answer to which request it is.
Error named(const Error& error, std::int32_t node) {
    return {error.code, fmt::format("broker {}, Produce: {}", node, error.what)};
}

bool is_about_sequence(Errc code) {
    return code == Errc::out_of_order_sequence_number || code == Errc::unknown_producer_id ||
           code == Errc::invalid_producer_epoch;
}

}  // namespace

Sender::Sender(Cluster& cluster, Accumulator& accumulator, OnDelivery on_delivery)
    : cluster_(cluster),
      accumulator_(accumulator),
      on_delivery_(std::move(on_delivery)),
      wake_(cluster.env().loop),
      wake_remote_(wake_.remote()),
      ended_(cluster.env().loop) {}

Accumulator::Plan Sender::plan() {
    const auto most = cluster_.config().producer.max_in_flight;
    const auto has_room = [this, most](std::int32_t node) { return in_flight_[node] < most; };
    // Nothing can leave without an id; what waits expires.
    const bool may_leave = !accumulator_.needs_producer();
    const auto leader_of = [this, may_leave](const std::string& topic, std::int32_t partition) {
        const auto& view = *cluster_.view();
        const auto* known = may_leave ? view.find(topic, partition) : nullptr;
        return known != nullptr && view.brokers.contains(known->leader) ? known->leader : -1;
    };
    return accumulator_.drain(cluster_.env().clock.now(), leader_of, has_room);
}

asio::awaitable<void> Sender::run() {
    ++active_;
    while (!is_stopping_) {
        if (accumulator_.needs_producer()) {
            auto known = co_await learn_producer();
            const bool is_fatal = !known && !produce_may_pass(known.error().code);
            if (is_fatal) {
                for (auto& batch : accumulator_.take_all()) {
                    finish(std::move(batch), -1, &known.error());
                }
            }
        }
        auto next = plan();
        expire(std::move(next.expired));
        for (auto& [node, batches] : next.requests) {
            ++in_flight_[node];
            ++active_;
            cluster_.env().loop.spawn(request(node, std::move(batches)));
        }
        look_if(next.lacks_leader);
        if (next.next <= cluster_.env().clock.now()) continue;
        co_await wake_.wait_until(next.next);
    }
    if (--active_ == 0) ended_.notify();
}

void Sender::expire(std::vector<BatchPtr> expired) {
    for (auto& batch : expired) {
        const auto late = too_late(*batch);
        accumulator_.failed_waiting(*batch);
        finish(std::move(batch), -1, &late);
    }
}

// With the last that stood in the way, since the time alone explains nothing.
Error Sender::too_late(const Batch& batch) const {
    const auto& queue = *batch.queue;
    const auto late = fmt::format("{}-{}: not delivered within {} ms", queue.topic, queue.partition,
                                  cluster_.config().producer.delivery_timeout_ms);
    if (queue.refusal) return {queue.refusal->code, late + "; " + queue.refusal->what};
    if (accumulator_.needs_producer() && producer_error_) {
        return {producer_error_->code, late + "; InitProducerId: " + producer_error_->what};
    }
    const auto* known = cluster_.view()->find(queue.topic, queue.partition);
    if (known != nullptr && known->leader < 0) {
        return {Errc::leader_not_available, late + "; the partition has no leader"};
    }
    return {Errc::request_timed_out, late};
}

// While it looks, the batches of other leaders go on.
void Sender::look_if(bool lacks_leader) {
    if (lacks_leader) cluster_.forget_leaders();
    const bool must_look =
        lacks_leader || (accumulator_.has_waiting() && cluster_.is_stale(accumulator_.topics()));
    if (!must_look) looks_ = 0;
    if (!must_look || is_looking_) return;
    is_looking_ = true;
    ++active_;
    cluster_.env().loop.spawn(look());
}

asio::awaitable<void> Sender::stop() {
    is_stopping_ = true;
    wake_.notify();
    while (active_ > 0) co_await ended_.wait_until(io::kNever);
    const Error closed(Errc::request_timed_out, "the producer was closed before delivery");
    for (auto& batch : accumulator_.take_all()) finish(std::move(batch), -1, &closed);
}

io::Async<void> Sender::learn_producer() {
    const auto patience = std::min(kTimeoutLookMs, cluster_.config().producer.delivery_timeout_ms);
    const auto deadline = cluster_.env().clock.in_ms(patience);
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
    producer_error_ = answer.error();
    co_await cluster_.pause(++failures_, deadline);
    co_return std::unexpected(std::move(answer).error());
}

asio::awaitable<void> Sender::look() {
    const auto deadline = cluster_.env().clock.in_ms(kTimeoutLookMs);
    auto topics = accumulator_.topics();
    auto view = co_await cluster_.refresh(std::move(topics), deadline);
    if (view) {
        for (const auto& [name, topic] : (*view)->topics) {
            accumulator_.grow(name, topic.partitions.size());
        }
        wake_.notify();
    }
    co_await cluster_.pause(std::min(++looks_, 5), deadline);
    is_looking_ = false;
    wake_.notify();
    if (--active_ == 0) ended_.notify();
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

// No later than the last of them has to be delivered.
io::Deadline Sender::answer_due(const Batches& batches) const {
    const auto usual = cluster_.env().clock.in_ms(cluster_.config().producer.request_timeout_ms);
    const auto last = std::ranges::max_element(batches, {}, &Batch::deadline);
    return std::min(usual, (*last)->deadline);
}

// `batches` and `plan` outlive the call.
io::Async<ProduceResponse> Sender::exchange(std::int32_t node, const Batches* batches,
                                            const ProduceRequest* plan) {
    auto peer = cluster_.channel(node, Lane::produce);
    if (!peer) co_return std::unexpected(std::move(peer).error());
    const auto& config = cluster_.config().producer;
    const auto deadline = answer_due(*batches);
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
            const auto asked = std::ranges::find_if(plan.topic_data, [&](const auto& one) {
                return topic.name.empty() ? one.topic_id == topic.topic_id : one.name == topic.name;
            });
            if (asked == plan.topic_data.end()) continue;
            for (const auto& partition : topic.partition_responses) {
                answers[{asked->name, partition.index}] = partition;
            }
        }
    }
    for (auto& batch : batches) {
        const TopicPartition id{batch->queue->topic, batch->queue->partition};
        const auto found = answers.find(id);
        if (!response) {
            retry_or_fail(std::move(batch), named(response.error(), node));
        } else if (cluster_.config().producer.acks == 0) {
            accumulator_.landed(*batch, true);
            finish(std::move(batch), -1, nullptr);
        } else if (found == answers.end()) {
            retry_or_fail(std::move(batch), Error(Errc::network_exception,
                                                  id.to_string() + ": missing in the answer"));
        } else {
            judge(std::move(batch), found->second, node);
        }
    }
    wake_.notify();
    if (--active_ == 0) ended_.notify();
}

void Sender::judge(BatchPtr batch, const Answer& answer, std::int32_t node) {
    const auto code = errc_from_wire(answer.error_code);
    if (code == Errc::none || code == Errc::duplicate_sequence_number) {
        batch->queue->refusal.reset();
        accumulator_.landed(*batch, true);
        finish(std::move(batch), code == Errc::none ? answer.base_offset : -1, nullptr);
        return;
    }
    const auto where = fmt::format("{}-{}", batch->queue->topic, batch->queue->partition);
    const auto error = refused(code, answer.error_message, where).error();
    const bool is_late = is_stopping_ || cluster_.env().clock.now() >= batch->deadline;
    if (is_about_sequence(code) && batch->sequence >= 0 && !is_late) {
        const auto not_before = after_backoff(*batch);
        accumulator_.give_back_out_of_order(std::move(batch), not_before);
        return;
    }
    if (code == Errc::message_too_large && !is_late && accumulator_.split(batch)) return;
    if (produce_may_pass(code)) {
        retry_or_fail(std::move(batch),
                      named(refused(code, answer.error_message, "").error(), node));
        return;
    }
    accumulator_.landed(*batch, false);
    finish(std::move(batch), -1, &error, &answer);
}

io::Instant Sender::after_backoff(const Batch& batch) const {
    const auto& config = cluster_.config();
    const auto doubled = config.retry_backoff_ms << std::min(batch.attempts - 1, 10);
    return cluster_.env().clock.in_ms(std::min(doubled, config.retry_backoff_max_ms));
}

void Sender::retry_or_fail(BatchPtr batch, Error error) {
    auto& refusal = batch->queue->refusal;  // What waits behind it waits for the same.
    refusal = std::move(error);
    const bool is_late = is_stopping_ || cluster_.env().clock.now() >= batch->deadline;
    if (is_late || !produce_may_pass(refusal->code)) {
        const auto last = is_late && !is_stopping_ ? too_late(*batch) : *refusal;
        accumulator_.landed(*batch, false);
        finish(std::move(batch), -1, &last);
        return;
    }
    cluster_.forget_leaders();
    const auto not_before = after_backoff(*batch);
    accumulator_.give_back(std::move(batch), not_before);
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
