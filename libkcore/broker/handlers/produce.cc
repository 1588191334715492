// Produce: the records of each partition are checked and appended at once; the answer goes out
// then, or, where acks=all or flush.messages want more, as soon as they are safe.

#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <memory_resource>
#include <string>
#include <utility>
#include <vector>

#include "broker/completion.h"
#include "broker/handlers/handlers.h"
#include "broker/internal_topics.h"
#include "broker/partition_lookup.h"
#include "broker/request.h"
#include "broker/services.h"
#include "broker/traffic.h"
#include "protocol/api/produce.h"
#include "record/batch.h"
#include "record/scan.h"
#include "record/validate.h"

namespace kcore::broker {

namespace {

using protocol::ProduceRequest;
using protocol::ProduceResponse;
using ProducedTopic = ProduceResponse::TopicProduceResponse;
using ProducedPartition = ProduceResponse::PartitionProduceResponse;

constexpr std::int16_t kProduceWithTopicIds = 13;
constexpr std::int16_t kProduceWithLeaderHints = 10;
constexpr std::int16_t kFirstWithZstd = 7;
constexpr std::string_view kAdminClient = "__admin_client";
// An fsync is waited for no shorter than this, whatever timeout an acks=1 request names.
constexpr std::int64_t kFlushWaitMs = 30'000;

void refuse(ProducedPartition& answer, Errc code) {
    answer.error_code = static_cast<std::int16_t>(code);
    answer.base_offset = -1;
    answer.log_append_time_ms = -1;
    answer.log_start_offset = -1;
}

// A log that refused a batch is told of as far as there is one that the sender may use.
bool tells_log_start(Errc code) {
    switch (code) {
        case Errc::unknown_topic_or_partition:
        case Errc::not_leader_or_follower:
        case Errc::message_too_large:
        case Errc::record_list_too_large:
        case Errc::corrupt_message:
        case Errc::kafka_storage_error:
            return false;
        default:
            return true;
    }
}

// Appended, but not yet safe. The answer stays where it is while the work moves.
struct Pending {
    ProducedPartition* answer = nullptr;
    replication::PartitionRef partition;
    replication::Appended appended;
};

struct ProduceWork {
    explicit ProduceWork(Request& r) : request(r) {}

    Request& request;
    std::int16_t acks = 0;
    std::int64_t timeout_ms = 0;
    ProduceResponse answer;
    std::vector<std::vector<BytesView>> records;  // One for each partition of the answer.
    std::vector<Pending> pending;
};

// Repeated topics merge, and of a repeated partition the last entry counts.
void merge(const ProduceRequest& body, ProduceWork& work) {
    std::array<std::byte, 1024> room;  // Enough for a few partitions without an allocation.
    std::pmr::monotonic_buffer_resource memory(room.data(), room.size());
    std::pmr::map<std::pair<Uuid, std::string_view>, std::size_t> topics(&memory);
    std::pmr::map<std::pair<std::size_t, std::int32_t>, std::size_t> partitions(&memory);
    for (const auto& topic : body.topic_data) {
        if (topic.partition_data.empty()) continue;
        const auto [at, is_new] =
            topics.try_emplace({topic.topic_id, topic.name}, work.answer.responses.size());
        if (is_new) {
            auto& added = work.answer.responses.emplace_back();
            added.name = topic.name;
            added.topic_id = topic.topic_id;
            work.records.emplace_back();
        }
        auto& answers = work.answer.responses[at->second].partition_responses;
        auto& records = work.records[at->second];
        for (const auto& data : topic.partition_data) {
            const auto [slot, first] =
                partitions.try_emplace({at->second, data.index}, answers.size());
            if (first) {
                answers.emplace_back().index = data.index;
                records.emplace_back();
            }
            records[slot->second] = data.records.bytes;
        }
    }
}

bool has_unknown_codec(BytesView records) {
    const auto peek = record::peek_batch(records);
    const bool is_whole = peek.framing == record::Framing::whole && peek.size <= records.size();
    if (!is_whole || peek.magic != 2) return false;
    const auto attributes = load_be<std::int16_t>(records.data() + record::kAttributesAt);
    return !record::codec_from_id(attributes & record::kCodecMask);
}

// What is wrong with the request as a whole.
Result<void> judge(const ProduceRequest& body, const ProduceWork& work) {
    bool is_transactional = false;
    bool has_unknown = false;
    for (const auto& records : work.records) {
        for (const auto bytes : records) {
            const auto first = record::first_batch_is_transactional(bytes);
            if (!first) return std::unexpected(first.error());
            is_transactional |= *first;
            has_unknown |= has_unknown_codec(bytes);
        }
    }
    if (is_transactional && !body.transactional_id) {
        return fail(Errc::transactional_id_authorization_failed, "no transactional id");
    }
    // Versions that may not carry zstd look at every codec before anything is appended.
    if (work.request.version() < kFirstWithZstd && has_unknown) {
        return fail(Errc::unsupported_compression_type, "unknown codec");
    }
    return {};
}

void refuse_all(const Error& error, ProduceWork& work) {
    for (auto& topic : work.answer.responses) {
        for (auto& partition : topic.partition_responses) {
            refuse(partition, error.code);
            if (error.code == Errc::corrupt_message) partition.error_message = error.what;
        }
    }
}

void reject(const record::Rejection& rejection, std::int64_t log_start, ProducedPartition& answer) {
    refuse(answer, rejection.code);
    if (rejection.is_of_batch) answer.log_start_offset = log_start;
    answer.error_message = rejection.message;
    for (const auto& error : rejection.record_errors) {
        auto& added = answer.record_errors.emplace_back();
        added.batch_index = error.batch_index;
        added.batch_index_error_message = error.message;
    }
}

void add_endpoint(ProduceWork& work, const metadata::Image& image, std::int32_t broker_id) {
    const auto* broker = image.broker(broker_id);
    const auto* endpoint =
        broker != nullptr ? broker->endpoint(work.request.sender.listener.name) : nullptr;
    if (endpoint == nullptr) return;
    for (const auto& known : work.answer.node_endpoints) {
        if (known.node_id == broker_id) return;
    }
    auto& added = work.answer.node_endpoints.emplace_back();
    added.node_id = broker_id;
    added.host = endpoint->host;
    added.port = endpoint->port;
    added.rack = broker->rack;
}

class Appender {
public:
    Appender(ProduceWork& work, const metadata::Image& image, bool transactional)
        : work_(work),
          image_(image),
          is_transactional_(transactional),
          now_ms_(work.request.env.clock.wall_ms()) {}

    void append_all() {
        const bool by_id = work_.request.version() >= kProduceWithTopicIds;
        for (std::size_t t = 0; t < work_.answer.responses.size(); ++t) {
            auto& topic = work_.answer.responses[t];
            const auto* known = by_id ? image_.topic(topic.topic_id) : nullptr;
            const auto unknown = by_id && known == nullptr;
            const auto& name = known != nullptr ? known->name : topic.name;
            for (std::size_t p = 0; p < topic.partition_responses.size(); ++p) {
                auto& answer = topic.partition_responses[p];
                if (unknown) {
                    refuse(answer, Errc::unknown_topic_id);
                } else if (is_reserved(name)) {
                    refuse(answer, Errc::invalid_topic_exception);
                } else {
                    append(name, work_.records[t][p], answer);
                }
            }
        }
    }

private:
    bool is_reserved(std::string_view topic) const {
        return is_coordinator_topic(topic) && work_.request.header.client_id != kAdminClient;
    }

    void append(const std::string& topic, BytesView records, ProducedPartition& answer) {
        auto partition = find_partition(work_.request.services, image_, topic, answer.index);
        if (!partition) {
            refuse(answer, partition.error().code);
            hint(topic, answer);
            return;
        }
        if (work_.acks < -1 || work_.acks > 1) {
            refuse(answer, Errc::invalid_required_acks);
            return;
        }
        auto rules = (*partition)->settings()->produce;
        rules.zstd_is_allowed = work_.request.version() >= kFirstWithZstd;
        rules.trust = work_.request.services.produce_trust;
        // The frame is this connection's own and nobody reads it again: offsets, epoch and times
        // are stamped into it in place.
        const std::span<std::byte> bytes{const_cast<std::byte*>(records.data()), records.size()};
        const auto accepted = record::validate_produce(bytes, rules, (*partition)->name(), now_ms_,
                                                       work_.request.scratch());
        if (!accepted) {
            reject(accepted.error(), (*partition)->offsets().log_start, answer);
            return;
        }
        if (is_outside_transaction(accepted->bytes)) {
            refuse(answer, Errc::invalid_producer_id_mapping);
            return;
        }
        take(*partition, *accepted, answer);
    }

    // Nobody coordinates transactions here, so no transactional id has a producer.
    bool is_outside_transaction(BytesView batch) const {
        const record::BatchView view(batch);
        return is_transactional_ && view.is_transactional() && view.has_producer_id();
    }

    void take(const replication::PartitionRef& partition, const record::AcceptedBatch& accepted,
              ProducedPartition& answer) {
        replication::AppendRequest request;
        request.acks = work_.acks;
        request.now_ms = now_ms_;
        auto appended = partition->append(accepted.bytes, request);
        if (!appended) {
            refuse(answer, appended.error().code);
            if (tells_log_start(appended.error().code)) {
                answer.log_start_offset = partition->offsets().log_start;
            }
            if (auto* traffic = work_.request.services.traffic) traffic->produce_failures.add();
            if (appended.error().code == Errc::not_leader_or_follower) {
                hint(partition->name().topic, answer);
            }
            return;
        }
        if (auto* traffic = work_.request.services.traffic) {
            traffic->bytes_in.add(accepted.bytes.size());
            traffic->messages_in.add(static_cast<std::uint64_t>(accepted.count));
        }
        answer.base_offset = appended->base_offset;
        answer.log_start_offset = appended->log_start_offset;
        answer.log_append_time_ms =
            appended->is_duplicate ? appended->timestamp : accepted.append_time_ms;
        const auto end = appended->last_offset + 1;
        const bool committed = work_.acks != -1 || partition->offsets().high_watermark >= end;
        if (committed && !appended->flush_due) return;
        work_.pending.push_back({&answer, partition, *appended});
    }

    // Who leads instead, as far as is known here (KIP-951).
    void hint(std::string_view topic, ProducedPartition& answer) {
        const auto* state = image_.partition(topic, answer.index);
        if (state == nullptr || work_.request.version() < kProduceWithLeaderHints) return;
        answer.current_leader.leader_id = state->leader;
        answer.current_leader.leader_epoch = state->leader_epoch;
        const auto self = work_.request.services.config->node_id;
        if (state->leader != self) add_endpoint(work_, image_, state->leader);
    }

    ProduceWork& work_;
    const metadata::Image& image_;
    const bool is_transactional_;
    const std::int64_t now_ms_;
};

Done finish(ProduceWork& work) {
    work.request.charge(security::Quota::produce, static_cast<double>(work.request.frame.size()));
    if (work.acks != 0) return work.request.answer(work.answer);
    for (const auto& topic : work.answer.responses) {
        for (const auto& partition : topic.partition_responses) {
            if (partition.error_code != 0) return Done::close;
        }
    }
    return Done::silent;
}

// What the callbacks of one partition's waits report; they may outlive the handler.
struct Safety {
    std::atomic<bool> is_safe = false;
    std::atomic<Errc> error = Errc::none;
};

void begin_wait(const Pending& pending, std::int16_t acks, io::Pool& pool,
                const std::shared_ptr<Safety>& safety, Completions& completions) {
    const auto end = pending.appended.last_offset + 1;
    const auto epoch = pending.appended.leader_epoch;
    auto done = completions.expect([safety](const Result<void>& result) {
        if (!result) safety->error = result.error().code;
        safety->is_safe = true;
    });
    if (pending.appended.flush_due && acks == -1) {
        auto then_committed = [partition = pending.partition, epoch, end,
                               done = std::move(done)](Result<void> flushed) mutable {
            if (!flushed) return done(std::move(flushed));
            partition->when_committed(epoch, end, std::move(done));
        };
        pending.partition->when_flushed(end, pool, std::move(then_committed));
    } else if (pending.appended.flush_due) {
        pending.partition->when_flushed(end, pool, std::move(done));
    } else {
        pending.partition->when_committed(epoch, end, std::move(done));
    }
}

asio::awaitable<Done> finish_when_safe(std::unique_ptr<ProduceWork> work) {
    auto& request = work->request;
    io::Signal all_done(request.env.loop);
    Completions completions(all_done);
    std::vector<std::shared_ptr<Safety>> safeties;
    bool flushes = false;
    for (const auto& pending : work->pending) {
        safeties.push_back(std::make_shared<Safety>());
        flushes |= pending.appended.flush_due;
        begin_wait(pending, work->acks, request.env.pool, safeties.back(), completions);
    }
    const auto wait_ms = flushes ? std::max(work->timeout_ms, kFlushWaitMs) : work->timeout_ms;
    const auto deadline = request.env.clock.in_ms(wait_ms);
    bool may_wait = true;
    while (may_wait && !completions.all_ended()) {
        may_wait = co_await request.wait(all_done, deadline);
    }
    for (std::size_t i = 0; i < safeties.size(); ++i) {
        const auto code =
            safeties[i]->is_safe ? safeties[i]->error.load() : Errc::request_timed_out;
        if (code != Errc::none) refuse(*work->pending[i].answer, code);
    }
    co_return finish(*work);
}

}  // namespace

Outcome produce(Request& request) {
    const auto body = request.decode<ProduceRequest>();
    if (!body) return request.malformed(body.error());
    ProduceWork work(request);
    work.acks = body->acks;
    work.timeout_ms = body->timeout_ms;
    merge(*body, work);
    const auto image = request.services.image();
    if (const auto judged = judge(*body, work); judged) {
        Appender(work, *image, body->transactional_id.has_value()).append_all();
    } else {
        refuse_all(judged.error(), work);
    }
    work.records.clear();
    if (work.pending.empty()) return finish(work);
    auto moved = std::make_unique<ProduceWork>(std::move(work));
    return finish_when_safe(std::move(moved));
}

}  // namespace kcore::broker
