#include "client/consumer.h"

#include <fmt/format.h>

#include <utility>

#include "client/cluster.h"
#include "client/fetcher.h"
#include "client/membership.h"
#include "client/reader.h"
#include "client/runtime.h"

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
        : client(c),
          config(c.config().consumer),
          fetcher(std::make_unique<Fetcher>(c.cluster())),
          reader({.checks_crcs = config.check_crcs}) {}

    void adopt();

    Client& client;
    const ConsumerConfig config;
    std::unique_ptr<Fetcher> fetcher;
    std::unique_ptr<Membership> membership;
    std::function<void()> on_revoke;
    std::uint64_t number = 0;  // Of the assignment that `reader` has.
    Reader reader;
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
    reader.assign(fetcher->assignments());
}

std::uint64_t Consumer::assignment_number() {
    state_->adopt();
    return state_->number;
}

std::vector<TopicPartition> Consumer::assignment() {
    state_->adopt();
    std::vector<TopicPartition> out;
    for (const auto& [partition, place] : state_->reader.places()) out.push_back(partition);
    return out;
}

std::optional<std::int64_t> Consumer::position(const TopicPartition& partition) {
    const auto* place = state_->reader.find(partition);
    if (place == nullptr) return std::nullopt;
    return place->position;
}

void Consumer::set_end(const TopicPartition& partition, std::int64_t end) {
    auto* const place = state_->reader.find(partition);
    if (place == nullptr) return;
    place->end = end;
    state_->fetcher->set_end(partition, end);
}

bool Consumer::is_finished() { return state_->reader.is_finished(); }

bool Consumer::is_settled() { return !state_->membership || state_->membership->is_settled(); }

void Consumer::show_control_records(bool show) { state_->reader.show_control_records(show); }

bool Consumer::is_drained() { return !state_->fetcher->has_fetched(); }

// --- Reading

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
    auto walked = state.reader.walk(**fetched, visit);
    if (!walked) return std::unexpected(std::move(walked).error());
    if (walked->is_stopped) state.fetcher->put_back(std::move(**fetched));
    return walked->visited;
}

Result<void> Consumer::commit() {
    auto& state = *state_;
    std::vector<CommittedOffset> offsets;
    for (const auto& [partition, place] : state.reader.places()) {
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
