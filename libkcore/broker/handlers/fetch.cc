// Fetch: reads what the session or the request asks for, as slices of files, and waits for more
// when there is less than min_bytes.

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "broker/handlers/handlers.h"
#include "broker/isr_changes.h"
#include "broker/partition_lookup.h"
#include "broker/request.h"
#include "broker/services.h"
#include "broker/traffic.h"
#include "io/pool.h"
#include "io/steady.h"
#include "protocol/api/fetch.h"
#include "replication/fetch_session.h"
#include "replication/watch.h"

namespace kcore::broker {

namespace {

using protocol::FetchRequest;
using protocol::FetchResponse;
using FetchedPartition = FetchResponse::PartitionData;
using replication::FetchPartition;
using replication::FetchPlan;
using replication::Isolation;

constexpr std::int16_t kFirstAtFollowers = 11;
constexpr std::int16_t kFetchWithTopicIds = 13;
constexpr std::int16_t kFirstWithReplicaState = 15;
constexpr std::int16_t kFetchWithLeaderHints = 16;

// One partition of the plan while the fetch goes on.
struct Reading {
    Reading() = default;

    replication::PartitionRef partition;  // None: `missing` says why.
    Errc missing = Errc::none;
    std::int64_t seen_end = -1;  // Where the last read could have gone to.
};

struct FetchWork {
    explicit FetchWork(Request& r) : request(r) {}

    Request& request;
    metadata::ImagePtr image;
    FetchPlan plan;
    std::vector<Reading> readings;  // One for each partition of the plan.
    Isolation isolation = Isolation::uncommitted;
    std::int32_t replica_id = -1;  // -1: a client.
    std::int64_t replica_epoch = -1;
    std::string rack;  // The client's, when the nearest replica is to be found for it.
    std::int64_t min_bytes = 0;
    std::int64_t bytes_max = 0;
    std::int64_t wait_ms = 0;

    bool is_replica() const { return replica_id >= 0; }
    replication::ReadsTo reads_to() const {
        return is_replica() ? replication::ReadsTo::log_end : replication::ReadsTo::high_watermark;
    }

    // Of the last pass.
    FetchResponse answer;
    std::vector<FileRanges> ranges;
    std::int64_t bytes = 0;
    bool answer_now = false;
    std::vector<log::ColdRange> cold;  // What it lacked: the pass is to be made again.
    bool may_wait = false;             // For the disk, under the partitions' mutexes.
};

void find_partitions(FetchWork& work) {
    const bool by_id = work.request.version() >= kFetchWithTopicIds;
    work.readings.resize(work.plan.partitions.size());
    for (std::size_t i = 0; i < work.readings.size(); ++i) {
        const auto& wanted = work.plan.partitions[i];
        auto& reading = work.readings[i];
        if (by_id && wanted.topic.empty()) {
            reading.missing = Errc::unknown_topic_id;
            continue;
        }
        auto found =
            find_partition(work.request.services, *work.image, wanted.topic, wanted.partition);
        if (!found) {
            reading.missing = found.error().code;
        } else if (by_id && (*found)->topic_id() != wanted.topic_id) {
            reading.missing = Errc::inconsistent_topic_id;
        } else {
            reading.partition = *std::move(found);
        }
    }
}

FetchedPartition error_answer(const FetchPartition& wanted, Errc code) {
    FetchedPartition out;
    out.partition_index = wanted.partition;
    out.error_code = static_cast<std::int16_t>(code);
    out.high_watermark = -1;
    out.aborted_transactions.emplace();
    out.records = protocol::Records(BytesView());
    return out;
}

void add_endpoint(FetchWork& work, std::int32_t broker_id) {
    const auto* broker = work.image->broker(broker_id);
    const auto* endpoint =
        broker != nullptr ? broker->endpoint(work.request.sender.listener.name) : nullptr;
    auto& known = work.answer.node_endpoints;
    const auto is_same = [&](const auto& e) { return e.node_id == broker_id; };
    if (endpoint == nullptr || std::ranges::any_of(known, is_same)) return;
    auto& added = known.emplace_back();
    added.node_id = broker_id;
    added.host = endpoint->host;
    added.port = endpoint->port;
    added.rack = broker->rack;
}

// Who leads instead, as far as is known here (KIP-951).
void hint_leader(FetchWork& work, const FetchPartition& wanted, FetchedPartition& answer) {
    const auto code = static_cast<Errc>(answer.error_code);
    if (code != Errc::not_leader_or_follower && code != Errc::fenced_leader_epoch) return;
    const auto* state = work.image->partition(wanted.topic, wanted.partition);
    if (state == nullptr || work.request.version() < kFetchWithLeaderHints) return;
    answer.current_leader.leader_id = state->leader;
    answer.current_leader.leader_epoch = state->leader_epoch;
    if (state->leader != work.request.services.config->node_id) add_endpoint(work, state->leader);
}

void put_aborted(const replication::ReadAnswer& read, FetchedPartition& answer) {
    auto& list = answer.aborted_transactions.emplace();
    for (const auto& aborted : read.aborted) {
        auto& added = list.emplace_back();
        added.producer_id = aborted.producer_id;
        added.first_offset = aborted.first_offset;
    }
}

void put_records(FetchWork& work, log::FileSlice slice, FetchedPartition& answer) {
    if (slice.size_bytes == 0) return;
    const auto size = static_cast<std::uint32_t>(slice.size_bytes);
    answer.records =
        protocol::Records::external(static_cast<std::int32_t>(work.ranges.size()), size);
    work.bytes += size;
    work.ranges.push_back({std::move(slice)});
}

// Kafka refuses negative limits only where there is something to be limited.
bool is_limit_negative(const FetchWork& work, const FetchPartition& wanted,
                       std::int64_t high_watermark) {
    return (wanted.bytes_max < 0 || work.bytes_max < 0) && wanted.offset < high_watermark;
}

FetchedPartition read_failed(FetchWork& work, const FetchPartition& wanted, Errc code) {
    auto answer = error_answer(wanted, code);
    answer.aborted_transactions.reset();
    hint_leader(work, wanted, answer);
    work.answer_now = true;
    return answer;
}

// A replica in the client's rack that has what it asks for; none when that is this one, or none is.
std::optional<std::int32_t> nearest(const FetchWork& work, const FetchPartition& wanted,
                                    const replication::Partition& partition) {
    if (work.rack.empty()) return std::nullopt;
    const auto in_rack = [&](std::int32_t id) {
        const auto* broker = work.image->broker(id);
        return broker != nullptr && broker->rack == work.rack;
    };
    const auto self = work.request.services.config->node_id;
    const auto readable = partition.readable_at(wanted.offset);
    if (readable.empty() || in_rack(self)) return std::nullopt;
    const auto found = std::ranges::find_if(readable, in_rack);
    return found == readable.end() ? std::nullopt : std::optional(*found);
}

FetchedPartition read_elsewhere(FetchWork& work, const FetchPartition& wanted, Reading& reading,
                                std::int32_t replica) {
    const auto offsets = reading.partition->offsets();
    auto answer = error_answer(wanted, Errc::none);
    answer.aborted_transactions.reset();
    answer.high_watermark = reading.seen_end = offsets.high_watermark;
    answer.last_stable_offset = offsets.last_stable;
    answer.log_start_offset = offsets.log_start;
    answer.preferred_read_replica = replica;
    work.answer_now = true;
    return answer;
}

FetchedPartition read_partition(FetchWork& work, const FetchPartition& wanted, Reading& reading) {
    if (!reading.partition) {
        auto answer = error_answer(wanted, reading.missing);
        hint_leader(work, wanted, answer);
        return answer;
    }
    if (const auto replica = nearest(work, wanted, *reading.partition)) {
        return read_elsewhere(work, wanted, reading, *replica);
    }
    const auto left = std::max<std::int64_t>(work.bytes_max - work.bytes, 0);
    replication::ReadRequest request;
    request.offset = wanted.offset;
    request.bytes_max =
        static_cast<std::size_t>(std::clamp<std::int64_t>(wanted.bytes_max, 0, left));
    request.at_least_one_batch = work.bytes == 0;
    request.isolation = work.isolation;
    request.current_leader_epoch = wanted.current_leader_epoch;
    request.last_fetched_epoch = wanted.last_fetched_epoch;
    request.cold = work.may_wait ? nullptr : &work.cold;
    request.may_follow = !work.is_replica() && work.request.version() >= kFirstAtFollowers;
    if (work.is_replica()) {
        request.follower = {work.replica_id, work.replica_epoch, wanted.log_start_offset,
                            io::steady_ms(work.request.env.clock)};
    }
    auto read = reading.partition->read(request);
    if (!read) return read_failed(work, wanted, read.error().code);
    if (read->may_join_isr) work.request.services.isr_changes->due(reading.partition);
    if (is_limit_negative(work, wanted, read->high_watermark)) {
        return read_failed(work, wanted, Errc::unknown_server_error);
    }
    FetchedPartition answer;
    answer.partition_index = wanted.partition;
    answer.high_watermark = read->high_watermark;
    reading.seen_end = work.is_replica() ? read->log_end_offset : read->high_watermark;
    answer.last_stable_offset = read->last_stable_offset;
    answer.log_start_offset = read->log_start_offset;
    answer.aborted_transactions.reset();
    answer.records = protocol::Records(BytesView());
    if (work.isolation == Isolation::committed) put_aborted(*read, answer);
    if (read->diverging) {
        answer.diverging_epoch.epoch = read->diverging->epoch;
        answer.diverging_epoch.end_offset = read->diverging->end_offset;
        work.answer_now = true;
    }
    put_records(work, std::move(read->read.slice), answer);
    return answer;
}

// Consecutive partitions of a topic share an entry.
FetchResponse::FetchableTopicResponse& topic_entry(FetchWork& work, const FetchPartition& wanted) {
    auto& topics = work.answer.responses;
    const bool by_id = work.request.version() >= kFetchWithTopicIds;
    const bool same = !topics.empty() && (by_id ? topics.back().topic_id == wanted.topic_id
                                                : topics.back().topic == wanted.topic);
    if (same) return topics.back();
    auto& added = topics.emplace_back();
    added.topic_id = wanted.topic_id;
    if (!by_id) added.topic = wanted.topic;
    return added;
}

// One pass over all partitions. True when the answer may go out.
bool read_all(FetchWork& work) {
    work.answer = FetchResponse();
    work.ranges.clear();
    work.bytes = 0;
    work.answer_now = false;
    work.cold.clear();
    bool has_partition = false;
    for (std::size_t i = 0; i < work.readings.size(); ++i) {
        const auto& wanted = work.plan.partitions[i];
        has_partition |= work.readings[i].partition != nullptr;
        auto answer = read_partition(work, wanted, work.readings[i]);
        topic_entry(work, wanted).partitions.push_back(std::move(answer));
    }
    return work.answer_now || !has_partition || work.bytes >= work.min_bytes || work.wait_ms <= 0;
}

// On the pool: waits for what the last pass lacked, with no mutex held, and passes again.
bool read_from_disk(FetchWork& work) {
    bool enough = false;
    for (int waits = 0; waits < replication::Partition::kWaitsMax && !work.cold.empty(); ++waits) {
        log::warm(std::exchange(work.cold, {}));
        enough = read_all(work);
    }
    if (work.cold.empty()) return enough;
    work.may_wait = true;
    enough = read_all(work);
    work.may_wait = false;
    return enough;
}

asio::awaitable<bool> read_cold(FetchWork* work) {
    auto& env = work->request.env;
    std::move_only_function<bool()> reading = [work] { return read_from_disk(*work); };
    const bool enough = co_await io::on_pool<bool>(env.loop, env.pool, std::move(reading));
    co_return enough;
}

// A client over its quotas gets nothing now, and asks again after the wait (KIP-219).
bool is_throttled(FetchWork& work) {
    if (work.is_replica() || !work.request.is_metered()) return false;
    if (work.request.meter() > 0) return true;
    return !work.request.charge_within(security::Quota::fetch, static_cast<double>(work.bytes));
}

Done finish(FetchWork& work) {
    if (is_throttled(work)) {
        FetchResponse nothing;
        nothing.session_id = work.plan.session_id;
        return work.request.answer(nothing);
    }
    if (auto* traffic = work.request.services.traffic; traffic && !work.is_replica()) {
        traffic->bytes_out.add(static_cast<std::uint64_t>(work.bytes));
    }
    work.request.services.fetch_sessions->finish(work.plan, work.answer);
    return work.request.answer(work.answer, std::move(work.ranges));
}

// Stands in the waiting lists of the partitions while it lives.
class Watching {
public:
    Watching(const FetchWork& work, const io::Signal& more)
        : readings_(work.readings),
          to_(work.reads_to()),
          watch_(std::make_shared<replication::Watch>(more.remote(), work.min_bytes - work.bytes,
                                                      to_)) {
        for (const auto& reading : readings_) {
            if (reading.partition) reading.partition->watch(watch_);
        }
    }
    ~Watching() {
        for (const auto& reading : readings_) {
            if (reading.partition) reading.partition->unwatch(watch_.get());
        }
    }
    Watching(const Watching&) = delete;
    Watching& operator=(const Watching&) = delete;

    // Something came between the last read and the watch.
    bool is_late() const {
        return std::ranges::any_of(readings_, [this](const Reading& r) {
            if (!r.partition) return false;
            const auto now = r.partition->offsets();
            const bool to_end = to_ == replication::ReadsTo::log_end;
            return (to_end ? now.log_end : now.high_watermark) != r.seen_end;
        });
    }

private:
    const std::vector<Reading>& readings_;
    const replication::ReadsTo to_;
    std::shared_ptr<replication::Watch> watch_;
};

asio::awaitable<Done> finish_when_enough(std::unique_ptr<FetchWork> work) {
    auto& request = work->request;
    const auto deadline = request.env.clock.in_ms(work->wait_ms);
    bool in_time = true;
    bool enough = false;
    if (!work->cold.empty()) enough = co_await read_cold(work.get());
    while (in_time && !enough) {
        io::Signal more(request.env.loop);
        const Watching watching(*work, more);
        if (!watching.is_late()) in_time = co_await request.wait(more, deadline);
        enough = read_all(*work);
        if (!work->cold.empty()) enough = co_await read_cold(work.get());
    }
    co_return finish(*work);
}

Done refuse_all(Request& request, const FetchRequest& body, Errc code) {
    FetchResponse answer;
    answer.error_code = static_cast<std::int16_t>(code);
    if (request.version() >= kFetchWithTopicIds) return request.answer(answer);
    for (const auto& topic : body.topics) {
        auto& added = answer.responses.emplace_back();
        added.topic = topic.topic;
        added.topic_id = topic.topic_id;
        for (const auto& partition : topic.partitions) {
            FetchPartition wanted;
            wanted.partition = partition.partition;
            added.partitions.push_back(error_answer(wanted, code));
        }
    }
    return request.answer(answer);
}

// No answer may be larger than what a quota can ever hold, or it would never be sent.
std::optional<std::int64_t> quota_capacity(const FetchWork& work) {
    if (work.is_replica() || !work.request.is_metered()) return std::nullopt;
    const auto most = work.request.services.client_quotas->capacity(security::Quota::fetch,
                                                                    work.request.client());
    if (!most) return std::nullopt;
    constexpr double kMost = 1 << 30;
    return static_cast<std::int64_t>(std::min(*most, kMost));
}

void set_reader(const Request& request, const FetchRequest& body, FetchWork& work) {
    const bool has_state = request.version() >= kFirstWithReplicaState;
    work.replica_id = has_state ? body.replica_state.replica_id : body.replica_id;
    work.replica_epoch = has_state ? body.replica_state.replica_epoch : -1;
    work.bytes_max = body.max_bytes;
    if (work.is_replica()) return;
    if (request.services.selects_by_rack) work.rack = body.rack_id;
    work.bytes_max = std::min(work.bytes_max, request.services.fetch_bytes_max);
    if (const auto most = quota_capacity(work)) work.bytes_max = std::min(work.bytes_max, *most);
}

}  // namespace

Outcome fetch(Request& request) {
    const auto body = request.decode<FetchRequest>();
    if (!body) return request.malformed(body.error());
    if (body->isolation_level < 0 || body->isolation_level > 1) {
        return refuse_all(request, *body, Errc::unknown_server_error);
    }
    FetchWork work(request);
    work.image = request.services.image();
    const replication::TopicName name_of = [&](Uuid id) -> std::optional<std::string> {
        const auto* topic = work.image->topic(id);
        return topic != nullptr ? std::optional(topic->name) : std::nullopt;
    };
    auto plan = request.services.fetch_sessions->begin(
        *body, request.version() >= kFetchWithTopicIds, name_of);
    if (!plan) {
        FetchResponse answer;
        answer.error_code = static_cast<std::int16_t>(plan.error().code);
        return request.answer(answer);
    }
    work.plan = *std::move(plan);
    work.isolation = body->isolation_level == 1 ? Isolation::committed : Isolation::uncommitted;
    set_reader(request, *body, work);
    work.min_bytes = std::min<std::int64_t>(body->min_bytes, work.bytes_max);
    work.wait_ms = body->max_wait_ms;
    find_partitions(work);
    if (read_all(work) && work.cold.empty()) return finish(work);
    auto moved = std::make_unique<FetchWork>(std::move(work));
    return finish_when_enough(std::move(moved));
}

}  // namespace kcore::broker
