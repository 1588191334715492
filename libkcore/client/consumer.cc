#include "client/consumer.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "client/cluster.h"
#include "client/fetcher.h"
#include "client/membership.h"
#include "client/runtime.h"
#include "record/compression.h"
#include "record/control.h"
#include "record/scan.h"

namespace kcore::client {

namespace {

io::Async<void> start(Cluster& cluster, Fetcher& fetcher) {
    cluster.env().loop.spawn(fetcher.run());
    co_return Result<void>();
}

io::Async<void> join(Cluster& cluster, std::unique_ptr<Membership>& membership, Fetcher& fetcher,
                     std::vector<std::string> topics) {
    membership = std::make_unique<Membership>(cluster, fetcher, std::move(topics));
    cluster.env().loop.spawn(membership->run());
    co_return Result<void>();
}

io::Async<void> stop(std::unique_ptr<Membership>& membership, std::unique_ptr<Fetcher>& fetcher) {
    if (membership) co_await membership->stop();
    co_await fetcher->stop();
    membership.reset();
    fetcher.reset();
    co_return Result<void>();
}

}  // namespace

struct Consumer::State {
    explicit State(Client& c)
        : client(c), config(c.config().consumer), fetcher(std::make_unique<Fetcher>(c.cluster())) {}

    // Where visiting stands in one partition.
    struct Place {
        std::int64_t position = 0;
        std::int64_t end = kNoEnd;
        std::set<std::int64_t> aborting;  // Producers whose open transaction was aborted.
    };

    enum class Walk : std::uint8_t { done, stopped };

    void adopt();
    Result<Walk> walk(Fetched& fetched, const Visit& visit);
    Result<Walk> walk_batch(const record::AnyBatch& batch, Place& place, ConsumedRecord& record,
                            const Visit& visit);
    bool is_hidden(const record::AnyBatch& batch, Place& place,
                   std::vector<AbortedTransaction>& aborted);

    Client& client;
    const ConsumerConfig config;
    std::unique_ptr<Fetcher> fetcher;
    std::unique_ptr<Membership> membership;
    std::function<void()> on_revoke;
    std::uint64_t number = 0;  // Of the assignment that `places` are of.
    std::map<TopicPartition, Place> places;
    record::Decompressor decompressor;
    std::vector<Header> headers;
    std::size_t visited = 0;
    bool shows_control = false;
    io::Instant committed_at{};
};

Consumer::Consumer(Client& client) : state_(std::make_unique<State>(client)) {
    (void)client.runtime().wait<void>(
        [this] { return start(state_->client.cluster(), *state_->fetcher); });
}

Consumer::~Consumer() {
    auto& state = *state_;
    if (state.membership && state.config.auto_commit) (void)commit();
    (void)state.client.runtime().wait<void>(
        [&state] { return stop(state.membership, state.fetcher); });
}

// --- Assignments

void Consumer::assign(std::vector<Assignment> assignments) {
    state_->fetcher->assign(std::move(assignments));
    state_->adopt();
}

void Consumer::subscribe(std::vector<std::string> topics, std::function<void()> on_revoke) {
    auto& state = *state_;
    state.on_revoke = std::move(on_revoke);
    (void)state.client.runtime().wait<void>([&] {
        return join(state.client.cluster(), state.membership, *state.fetcher, std::move(topics));
    });
}

// Takes up a new assignment, which the group may have made meanwhile.
void Consumer::State::adopt() {
    const auto current = fetcher->number();
    if (current == number) return;
    number = current;
    places.clear();
    for (auto& one : fetcher->assignments()) {
        auto& place = places[one.partition];
        place.position = one.start;
        place.end = one.end;
    }
}

std::uint64_t Consumer::assignment_number() {
    state_->adopt();
    return state_->number;
}

std::vector<TopicPartition> Consumer::assignment() {
    state_->adopt();
    std::vector<TopicPartition> out;
    for (const auto& [partition, place] : state_->places) out.push_back(partition);
    return out;
}

std::optional<std::int64_t> Consumer::position(const TopicPartition& partition) {
    const auto found = state_->places.find(partition);
    if (found == state_->places.end()) return std::nullopt;
    return found->second.position;
}

void Consumer::set_end(const TopicPartition& partition, std::int64_t end) {
    const auto found = state_->places.find(partition);
    if (found == state_->places.end()) return;
    found->second.end = end;
    state_->fetcher->set_end(partition, end);
}

bool Consumer::is_finished() {
    return std::ranges::all_of(
        state_->places, [](const auto& one) { return one.second.position >= one.second.end; });
}

void Consumer::show_control_records(bool show) { state_->shows_control = show; }

bool Consumer::is_drained() { return !state_->fetcher->has_fetched(); }

// --- Reading

// Whether nobody may see the batch; keeps account of aborted transactions.
bool Consumer::State::is_hidden(const record::AnyBatch& batch, Place& place,
                                std::vector<AbortedTransaction>& aborted) {
    if (!batch.is_v2()) return false;
    const auto v2 = batch.v2();
    while (!aborted.empty() && aborted.front().first_offset <= v2.last_offset()) {
        place.aborting.insert(aborted.front().producer_id);
        aborted.erase(aborted.begin());
    }
    if (v2.is_control()) {
        bool is_abort = false;
        (void)record::for_each_record(v2, decompressor, [&](const record::RecordView& one) {
            const auto type = record::control_type(one);
            is_abort = type && *type == record::ControlType::abort;
        });
        if (is_abort) place.aborting.erase(v2.producer_id());
        return !shows_control;
    }
    return v2.is_transactional() && place.aborting.contains(v2.producer_id());
}

Result<Consumer::State::Walk> Consumer::State::walk_batch(const record::AnyBatch& batch,
                                                          Place& place, ConsumedRecord& record,
                                                          const Visit& visit) {
    bool go_on = true;
    const auto each = [&](const record::RecordView& one) {
        if (one.offset < place.position) return true;
        if (one.offset >= place.end) return false;
        record.offset = one.offset;
        record.timestamp_ms = one.timestamp;
        record.key = one.key;
        record.value = one.value;
        headers.clear();
        if (!one.headers.empty()) {
            for (const auto& header : one.headers) headers.push_back(header);
        }
        record.headers = headers;
        ++visited;
        place.position = one.offset + 1;
        go_on = visit(record);
        return go_on;
    };
    auto done = record::for_each_record(batch, decompressor, each);
    if (!done) return std::unexpected(std::move(done).error());
    return go_on ? Walk::done : Walk::stopped;
}

Result<Consumer::State::Walk> Consumer::State::walk(Fetched& fetched, const Visit& visit) {
    const auto found = places.find(fetched.partition);
    if (found == places.end()) return Walk::done;
    auto& place = found->second;
    ConsumedRecord record;
    record.topic = fetched.partition.topic;
    record.partition = fetched.partition.partition;
    record.high_watermark = fetched.high_watermark;
    record.last_stable_offset = fetched.last_stable_offset;
    record.log_start_offset = fetched.log_start_offset;
    record::BatchScanner scanner(fetched.records);
    while (scanner.next() == record::Scan::batch) {
        const auto batch = scanner.batch();
        if (batch.last_offset() < place.position) continue;
        if (place.position >= place.end) break;
        const auto where = [&](const Error& error) {
            return fail(error.code,
                        fmt::format("{}: batch at offset {}: {}", fetched.partition.to_string(),
                                    batch.base_offset(), error.what));
        };
        if (config.check_crcs) {
            if (auto sound = batch.check(); !sound) return where(sound.error());
        }
        if (!is_hidden(batch, place, fetched.aborted)) {
            record.leader_epoch = batch.leader_epoch();
            if (batch.is_v2()) {
                const auto v2 = batch.v2();
                record.timestamp_type = v2.timestamp_type() == record::TimestampType::create_time
                                            ? TimestampType::create
                                            : TimestampType::append;
                record.producer_id = v2.producer_id();
                record.producer_epoch = v2.producer_epoch();
                record.codec = static_cast<std::uint8_t>(v2.attributes() & record::kCodecMask);
                record.is_transactional = v2.is_transactional();
                record.is_control = v2.is_control();
            }
            auto walked = walk_batch(batch, place, record, visit);
            if (!walked) return where(walked.error());
            if (*walked == Walk::stopped) {  // What is behind was dealt with, its aborts too.
                fetched.records = fetched.records.subspan(scanner.position());
                return Walk::stopped;
            }
        }
        place.position = std::min(std::max(place.position, batch.next_offset()), place.end);
    }
    return Walk::done;
}

Result<std::size_t> Consumer::poll(std::int64_t timeout_ms, const Visit& visit) {
    auto& state = *state_;
    auto& clock = state.client.runtime().env().clock;
    if (state.membership && state.membership->wants_release()) {
        if (state.on_revoke) state.on_revoke();
        if (state.config.auto_commit) (void)commit();
        state.membership->release();
    }
    state.adopt();
    if (state.membership && state.config.auto_commit) {
        const auto interval = io::Milliseconds(state.config.auto_commit_interval_ms);
        if (state.committed_at == io::Instant{}) state.committed_at = clock.now();
        if (clock.now() - state.committed_at >= interval) {
            (void)commit();
            state.committed_at = clock.now();
        }
    }
    auto fetched = state.fetcher->next(clock.in_ms(timeout_ms));
    if (!fetched) return std::size_t{0};
    if (!*fetched) return std::unexpected(std::move(*fetched).error());
    state.adopt();
    if ((*fetched)->number != state.number) return std::size_t{0};
    state.visited = 0;
    auto walked = state.walk(**fetched, visit);
    if (!walked) return std::unexpected(std::move(walked).error());
    if (*walked == State::Walk::stopped) state.fetcher->put_back(std::move(**fetched));
    return state.visited;
}

Result<void> Consumer::commit() {
    auto& state = *state_;
    std::vector<CommittedOffset> offsets;
    for (const auto& [partition, place] : state.places) {
        offsets.push_back({partition, place.position, "", {}});
    }
    if (offsets.empty()) return {};
    const auto committer = state.membership ? state.membership->committer() : Committer();
    auto outcomes = state.client.runtime().wait<std::vector<Outcome>>([&] {
        return commit_offsets(state.client.cluster(), state.config.group_id, committer,
                              std::move(offsets));
    });
    if (!outcomes) return std::unexpected(std::move(outcomes).error());
    for (const auto& outcome : *outcomes) {
        if (outcome.error) return std::unexpected(*outcome.error);
    }
    return {};
}

}  // namespace kcore::client
