#include "client/membership.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "client/group_protocol.h"
#include "protocol/api/heartbeat.h"
#include "protocol/api/leave_group.h"
#include "protocol/api/sync_group.h"

namespace kcore::client {

namespace {

constexpr std::int64_t kSlackMs = 5'000;

bool is_about_member(Errc code) {
    return code == Errc::unknown_member_id || code == Errc::illegal_generation;
}

bool join_may_pass(Errc code) {
    return is_retriable(code) || code == Errc::network_exception ||
           code == Errc::request_timed_out || code == Errc::broker_not_available ||
           code == Errc::rebalance_in_progress || is_about_member(code);
}

std::vector<TopicPartition> without(const std::vector<TopicPartition>& all,
                                    const std::vector<TopicPartition>& these) {
    std::vector<TopicPartition> out;
    std::ranges::copy_if(all, std::back_inserter(out), [&](const TopicPartition& one) {
        return std::ranges::find(these, one) == these.end();
    });
    return out;
}

// What a member says of itself to the assignor of this name.
Subscriber subscriber_of(const protocol::JoinGroupResponse::JoinGroupResponseMember& member,
                         Subscription said, std::string_view assignor) {
    Subscriber out{member.member_id, member.group_instance_id.value_or(""), std::move(said.topics)};
    if (assignor == "sticky") {
        if (auto data = decode_sticky_data(said.user_data)) {
            out.owned = std::move(data->had);
            out.generation = data->generation;
        }
        return out;
    }
    out.owned = std::move(said.owned);
    out.generation = said.generation;
    if (out.generation < 0 && said.user_data.size() == sizeof(std::int32_t)) {
        out.generation = load_be<std::int32_t>(said.user_data.data());
    }
    return out;
}

}  // namespace

Membership::Membership(Cluster& cluster, Fetcher& fetcher, std::vector<std::string> topics)
    : cluster_(cluster),
      fetcher_(fetcher),
      topics_(std::move(topics)),
      is_cooperative_(cluster.config().consumer.assignors ==
                      std::vector<std::string>{"cooperative-sticky"}),
      wake_(cluster.env().loop),
      wake_remote_(wake_.remote()),
      ended_(cluster.env().loop) {
    me_.instance_id = cluster.config().consumer.group_instance_id;
}

bool Membership::wants_release() {
    const std::lock_guard lock(mutex_);
    return is_revoking_;
}

void Membership::release() {
    {
        const std::lock_guard lock(mutex_);
        fetcher_.change(std::exchange(revoking_, {}), {});
        is_revoking_ = false;
    }
    wake_remote_.notify();
}

Committer Membership::committer() {
    const std::lock_guard lock(mutex_);
    return me_;
}

bool Membership::is_settled() {
    const std::lock_guard lock(mutex_);
    return is_settled_;
}

std::vector<TopicPartition> Membership::owned() {
    std::vector<TopicPartition> out;
    for (const auto& one : fetcher_.assignments()) out.push_back(one.what.partition);
    return out;
}

void Membership::settle(bool is_settled) {
    const std::lock_guard lock(mutex_);
    is_settled_ = is_settled;
}

// The group gave its partitions away already: nothing can be committed.
void Membership::forget_member() {
    {
        const std::lock_guard lock(mutex_);
        me_.member_id.clear();
        me_.generation = -1;
    }
    fetcher_.assign({});
}

asio::awaitable<void> Membership::run() {
    is_running_ = true;
    for (int attempt = 1; !is_stopping_;) {
        auto joined = co_await join();
        if (is_stopping_) break;
        if (!joined) {
            const auto code = joined.error().code;
            if (is_about_member(code)) forget_member();
            if (!join_may_pass(code)) {
                fetcher_.fail(std::move(joined).error());
                break;
            }
            co_await cluster_.pause(attempt++, io::kNever);
            continue;
        }
        attempt = 1;
        if (std::exchange(must_rejoin_, false)) continue;
        settle(true);
        fetcher_.wake_reader();
        const auto code = co_await stay();
        settle(false);
        if (is_stopping_) break;
        if (is_about_member(code)) {
            forget_member();
        } else if (code == Errc::rebalance_in_progress) {
            auto gone = is_cooperative_ ? std::vector<TopicPartition>() : owned();
            co_await hand_back(std::move(gone));
        } else {
            fetcher_.fail(refused(code, std::nullopt, cluster_.config().consumer.group_id).error());
            break;
        }
    }
    is_running_ = false;
    ended_.notify();
}

asio::awaitable<void> Membership::stop() {
    is_stopping_ = true;
    wake_.notify();
    const auto patience = cluster_.env().clock.in_ms(kSlackMs);
    co_await leave();  // Ends a join that waits, too.
    while (is_running_) {
        const bool told = co_await ended_.wait_until(patience);
        if (!told) break;
    }
    co_await leave();  // With the id that it was given meanwhile.
}

// --- Joining

io::Async<Membership::Joined> Membership::join_once(std::int32_t node, io::Deadline deadline) {
    const auto& config = cluster_.config().consumer;
    protocol::JoinGroupRequest request;
    request.group_id = config.group_id;
    request.session_timeout_ms = static_cast<std::int32_t>(config.session_timeout_ms);
    request.rebalance_timeout_ms = static_cast<std::int32_t>(config.rebalance_timeout_ms);
    request.member_id = committer().member_id;
    if (!config.group_instance_id.empty()) request.group_instance_id = config.group_instance_id;
    request.protocol_type = "consumer";
    for (const auto& assignor : config.assignors) {
        auto& protocol = request.protocols.emplace_back();
        protocol.name = assignor;
        protocol.metadata = subscription(assignor);
    }
    auto peer = cluster_.channel(node, Lane::group);
    if (!peer) co_return std::unexpected(std::move(peer).error());
    auto answer = co_await (*peer)->call<Joined>(std::move(request), deadline);
    co_return answer;
}

Bytes Membership::subscription(const std::string& assignor) {
    Subscription out;
    out.topics = topics_;
    out.rack = cluster_.config().consumer.rack;
    out.generation = had_generation_;
    if (is_cooperative_) out.owned = owned();
    if (assignor == "cooperative-sticky") out.user_data = encode_cooperative_data(had_generation_);
    if (assignor == "sticky" && had_generation_ >= 0) {
        out.user_data = encode_sticky_data(had_, had_generation_);
    }
    return encode_subscription(out);
}

io::Async<void> Membership::join() {
    const auto& config = cluster_.config().consumer;
    const auto look = cluster_.env().clock.in_ms(cluster_.config().api_timeout_ms);
    auto node = co_await cluster_.coordinator(config.group_id, look);
    if (!node) co_return std::unexpected(std::move(node).error());
    for (;;) {
        const auto deadline = cluster_.env().clock.in_ms(config.rebalance_timeout_ms + kSlackMs);
        auto joined = co_await join_once(*node, deadline);
        if (!joined) co_return std::unexpected(std::move(joined).error());
        const auto code = errc_from_wire(joined->error_code);
        if (code == Errc::none || code == Errc::member_id_required) {
            const std::lock_guard lock(mutex_);
            me_.member_id = joined->member_id;
            if (code == Errc::none) me_.generation = joined->generation_id;
        }
        if (is_stopping_) co_return fail(Errc::unknown_member_id, "the consumer is closed");
        if (code == Errc::member_id_required) continue;
        if (code != Errc::none) co_return refused(code, std::nullopt, config.group_id);
        auto synced = co_await sync(std::move(*joined), *node);
        co_return synced;
    }
}

// As the leader of the group.
io::Async<Shares> Membership::share_out(Joined joined) {
    const auto assignor = joined.protocol_name.value_or("");
    const auto assign = assignor_by_name(assignor);
    if (assign == nullptr) {
        co_return fail(Errc::inconsistent_group_protocol,
                       fmt::format("{}: the group chose assignor {}, which is not known",
                                   cluster_.config().consumer.group_id, assignor));
    }
    std::vector<Subscriber> members;
    std::vector<std::string> topics;
    for (const auto& member : joined.members) {
        auto said = decode_subscription(member.metadata);
        if (!said) co_return std::unexpected(std::move(said).error());
        topics.insert(topics.end(), said->topics.begin(), said->topics.end());
        members.push_back(subscriber_of(member, std::move(*said), assignor));
    }
    const auto look = cluster_.env().clock.in_ms(cluster_.config().api_timeout_ms);
    std::ranges::sort(topics);
    topics.erase(std::unique(topics.begin(), topics.end()), topics.end());
    auto asked = topics;
    auto view = co_await cluster_.refresh(std::move(asked), look);
    if (!view) co_return std::unexpected(std::move(view).error());
    PartitionCounts counts;
    for (const auto& topic : topics) {
        const auto* known = (*view)->find(topic);
        if (known == nullptr || known->error != Errc::none) continue;
        counts[topic] = static_cast<std::int32_t>(known->partitions.size());
    }
    co_return assign(std::move(members), counts);
}

// The leader shares the partitions out; everyone learns its own.
io::Async<void> Membership::sync(Joined joined, std::int32_t node) {
    const auto& config = cluster_.config().consumer;
    protocol::SyncGroupRequest request;
    request.group_id = config.group_id;
    request.generation_id = joined.generation_id;
    request.member_id = joined.member_id;
    if (!config.group_instance_id.empty()) request.group_instance_id = config.group_instance_id;
    request.protocol_type = "consumer";
    request.protocol_name = joined.protocol_name;
    const auto generation = joined.generation_id;
    if (joined.leader == joined.member_id && !joined.skip_assignment) {
        auto shares = co_await share_out(std::move(joined));
        if (!shares) co_return std::unexpected(std::move(shares).error());
        for (const auto& [member, partitions] : *shares) {
            auto& one = request.assignments.emplace_back();
            one.member_id = member;
            one.assignment = encode_assignment(partitions);
        }
    }
    const auto deadline = cluster_.env().clock.in_ms(config.rebalance_timeout_ms + kSlackMs);
    auto peer = cluster_.channel(node, Lane::group);
    if (!peer) co_return std::unexpected(std::move(peer).error());
    auto answer = co_await (*peer)->call<protocol::SyncGroupResponse>(std::move(request), deadline);
    if (!answer) co_return std::unexpected(std::move(answer).error());
    const auto code = errc_from_wire(answer->error_code);
    if (code != Errc::none) co_return refused(code, std::nullopt, config.group_id);
    auto partitions = decode_assignment(answer->assignment);
    if (!partitions) co_return std::unexpected(std::move(partitions).error());
    had_ = *partitions;
    had_generation_ = generation;
    auto adopted = co_await adopt(std::move(*partitions));
    co_return adopted;
}

// Lets go what is not ours any more, if anything, and begins what is new.
io::Async<void> Membership::adopt(std::vector<TopicPartition> partitions) {
    const auto before = owned();
    auto gone = without(before, partitions);
    if (!gone.empty()) {
        must_rejoin_ = true;
        co_await hand_back(std::move(gone));
    }
    auto added = without(partitions, before);
    auto begun = co_await begin(std::move(added));
    co_return begun;
}

// From the committed offsets on, or as auto.offset.reset says.
io::Async<void> Membership::begin(std::vector<TopicPartition> partitions) {
    const auto& config = cluster_.config().consumer;
    if (partitions.empty()) {
        fetcher_.change({}, {});
        co_return Result<void>();
    }
    auto committed = co_await fetch_committed(cluster_, config.group_id);
    if (!committed) co_return std::unexpected(std::move(committed).error());
    std::vector<Assignment> assignments;
    std::vector<OffsetQuery> queries;
    for (const auto& partition : partitions) {
        const auto found = std::ranges::find(*committed, partition, &CommittedOffset::partition);
        if (found != committed->end() && found->offset >= 0) {
            assignments.push_back({partition, found->offset, kNoEnd});
        } else if (config.offset_reset == OffsetReset::none) {
            co_return fail(Errc::offset_out_of_range,
                           fmt::format("{}: nothing is committed", partition.to_string()));
        } else {
            const bool to_end = config.offset_reset == OffsetReset::latest;
            queries.push_back({partition, to_end ? kLatest : kEarliest});
        }
    }
    if (!queries.empty()) {
        auto answers =
            co_await list_offsets(cluster_, std::move(queries), config.is_read_committed);
        if (!answers) co_return std::unexpected(std::move(answers).error());
        for (const auto& answer : *answers) {
            if (answer.error) co_return std::unexpected(*answer.error);
            assignments.push_back({answer.partition, answer.offset, kNoEnd});
        }
    }
    fetcher_.change({}, std::move(assignments));
    co_return Result<void>();
}

// --- Staying

io::Async<Errc> Membership::heartbeat() {
    const auto& config = cluster_.config().consumer;
    const auto deadline = cluster_.env().clock.in_ms(config.session_timeout_ms);
    auto node = co_await cluster_.coordinator(config.group_id, deadline);
    if (!node) co_return std::unexpected(std::move(node).error());
    const auto me = committer();
    protocol::HeartbeatRequest request;
    request.group_id = config.group_id;
    request.generation_id = me.generation;
    request.member_id = me.member_id;
    if (!me.instance_id.empty()) request.group_instance_id = me.instance_id;
    auto answer = co_await cluster_.call<protocol::HeartbeatResponse>(*node, Lane::group,
                                                                      std::move(request), deadline);
    if (!answer) co_return std::unexpected(std::move(answer).error());
    co_return errc_from_wire(answer->error_code);
}

// Until something happens that ends the stay.
asio::awaitable<Errc> Membership::stay() {
    const auto& config = cluster_.config().consumer;
    auto last_heard = cluster_.env().clock.now();
    for (;;) {
        const auto next = cluster_.env().clock.in_ms(config.heartbeat_interval_ms);
        co_await wake_.wait_until(next);
        if (is_stopping_) co_return Errc::none;
        const auto now = cluster_.env().clock.now();
        if (now - last_heard > io::Milliseconds(config.session_timeout_ms)) {
            co_return Errc::unknown_member_id;
        }
        const auto code = co_await heartbeat();
        if (!code) continue;
        if (*code == Errc::none) last_heard = now;
        const bool goes_on =
            *code == Errc::none || (is_retriable(*code) && *code != Errc::rebalance_in_progress);
        if (!goes_on) co_return *code;
    }
}

// The consumer commits and releases in poll(); one that does not poll loses its turn.
asio::awaitable<void> Membership::hand_back(std::vector<TopicPartition> partitions) {
    if (partitions.empty()) co_return;
    const auto& config = cluster_.config().consumer;
    {
        const std::lock_guard lock(mutex_);
        revoking_ = std::move(partitions);
        is_revoking_ = true;
    }
    fetcher_.wake_reader();
    const auto deadline = cluster_.env().clock.in_ms(config.rebalance_timeout_ms);
    while (wants_release() && !is_stopping_) {
        const auto next = cluster_.env().clock.in_ms(config.heartbeat_interval_ms);
        co_await wake_.wait_until(std::min(next, deadline));
        const bool is_late = cluster_.env().clock.now() >= deadline;
        if (is_late) release();
        if (!wants_release() || is_stopping_) break;
        const auto code = co_await heartbeat();
        if (code && is_about_member(*code)) release();
    }
}

asio::awaitable<void> Membership::leave() {
    const auto& config = cluster_.config().consumer;
    const auto me = committer();
    if (me.member_id.empty() || !me.instance_id.empty()) co_return;
    if (std::exchange(left_, me.member_id) == me.member_id) co_return;
    const auto deadline = cluster_.env().clock.in_ms(kSlackMs);
    auto node = co_await cluster_.coordinator(config.group_id, deadline);
    if (!node) co_return;
    auto peer = cluster_.channel(*node, Lane::calls);
    if (!peer) co_return;
    const auto& info = protocol::LeaveGroupRequest::info();
    auto version = co_await (*peer)->version_for(info, deadline);
    if (!version) co_return;
    protocol::LeaveGroupRequest request;
    request.group_id = config.group_id;
    if (*version >= 3) {
        request.members.emplace_back().member_id = me.member_id;
    } else {
        request.member_id = me.member_id;
    }
    // Whatever it answers: the session ends anyway.
    const auto answer =
        co_await (*peer)->call<protocol::LeaveGroupResponse>(std::move(request), deadline);
    (void)answer;
}

}  // namespace kcore::client
