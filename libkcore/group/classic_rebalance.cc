// The course of a rebalance: waiting for joins, the new generation, waiting for the assignment; and
// what heartbeats, departures and deadlines do to it. The states stand in classic_group.cc.

#include <algorithm>
#include <cassert>
#include <utility>

#include "group/classic_protocol.h"
#include "group/records.h"

namespace kcore::group {
namespace {

using protocol::SyncGroupRequest;
using protocol::SyncGroupResponse;

void answer(std::vector<Reply>& replies, const Parked& parked, Response response) {
    replies.push_back({parked.ticket, parked.version, std::move(response)});
}

}  // namespace

SyncGroupResponse sync_error(Errc code) {
    SyncGroupResponse response;
    response.error_code = static_cast<std::int16_t>(code);
    return response;
}

SyncGroupResponse sync_answer(const ClassicGroup& group, const ClassicMember& member) {
    SyncGroupResponse response;
    response.protocol_type = group.protocol_type();
    response.protocol_name = group.protocol();
    response.assignment = member.assignment;
    return response;
}

ClassicProtocol::ClassicProtocol(const Settings& settings, Timers& timers,
                                 std::function<Uuid()> make_uuid, Logger logger)
    : settings_(settings),
      timers_(timers),
      make_uuid_(std::move(make_uuid)),
      logger_(std::move(logger)) {}

void ClassicProtocol::touch(ClassicGroup& group, ClassicMember& member, Now now) {
    timers_.set(member.session, now.steady_ms + member.session_timeout_ms, Timers::Kind::session,
                group.id(), member.id);
}

void ClassicProtocol::persist(const ClassicGroup& group, Effects& out) {
    auto record = group_record(group);
    if (record) {
        out.records.push_back(std::move(*record));
    } else {
        logger_.error("group={} cannot be stored: {}", group.id(), record.error().what);
        out.refusal = Errc::unknown_server_error;
    }
}

void ClassicProtocol::rebalance_or_complete(ClassicGroup& group, std::string_view reason, Now now,
                                            Effects& out) {
    if (group.is(GroupState::preparing_rebalance)) {
        complete_if_joined(group, now, out);
    } else {
        prepare_rebalance(group, reason, now, out);
    }
}

void ClassicProtocol::prepare_rebalance(ClassicGroup& group, std::string_view reason, Now now,
                                        Effects& out) {
    logger_.info("group={} generation={} rebalances: {}", group.id(), group.generation(), reason);
    if (group.is(GroupState::completing_rebalance)) {
        answer_syncs(group, Errc::rebalance_in_progress, now, out);
    }
    group.sync_timer.cancel();
    const bool is_first = group.is(GroupState::empty);
    group.enter(GroupState::preparing_rebalance, now.wall_ms);
    group.member_came_in_delay = false;
    if (is_first) {
        const std::int64_t delay_ms = settings_.initial_rebalance_delay_ms;
        group.initial_delay = {delay_ms,
                               std::max<std::int64_t>(group.rebalance_timeout_ms() - delay_ms, 0)};
        timers_.set(group.join_timer, now.steady_ms + delay_ms, Timers::Kind::join, group.id());
    } else if (group.all_joined()) {
        complete_join(group, now, out);
    } else {
        timers_.set(group.join_timer, now.steady_ms + group.rebalance_timeout_ms(),
                    Timers::Kind::join, group.id());
    }
}

// Members tend to start together: each one that came in the delay prolongs it, up to the rebalance
// timeout (KIP-134).
void ClassicProtocol::extend_or_complete(ClassicGroup& group, Now now, Effects& out) {
    auto& initial = *group.initial_delay;
    if (!group.member_came_in_delay || initial.remaining_ms == 0) {
        complete_join(group, now, out);
        return;
    }
    group.member_came_in_delay = false;
    const auto delay_ms =
        std::min<std::int64_t>(settings_.initial_rebalance_delay_ms, initial.remaining_ms);
    initial = {delay_ms, std::max<std::int64_t>(initial.remaining_ms - initial.delay_ms, 0)};
    timers_.set(group.join_timer, now.steady_ms + delay_ms, Timers::Kind::join, group.id());
}

void ClassicProtocol::complete_if_joined(ClassicGroup& group, Now now, Effects& out) {
    if (group.is(GroupState::preparing_rebalance) && group.all_joined() && !group.initial_delay) {
        complete_join(group, now, out);
    }
}

void ClassicProtocol::complete_join(ClassicGroup& group, Now now, Effects& out) {
    group.join_timer.cancel();
    group.initial_delay.reset();
    // Static members may be away for their whole session.
    std::vector<std::string> late;
    for (const auto& [id, member] : group.members()) {
        if (!member.join && !member.instance_id) late.push_back(id);
    }
    for (const auto& id : late) {
        logger_.info("group={} member={} did not join in time", group.id(), id);
        drop_member(group, id, out.replies);
    }
    if (!group.members().empty() && !group.elect_joined_leader()) {
        // Only static members are left, and none has come: wait until their sessions end.
        timers_.set(group.join_timer, now.steady_ms + group.rebalance_timeout_ms(),
                    Timers::Kind::join, group.id());
        return;
    }
    start_generation(group, now, out);
}

void ClassicProtocol::start_generation(ClassicGroup& group, Now now, Effects& out) {
    group.next_generation(now.wall_ms);
    logger_.info("group={} generation={} members={}", group.id(), group.generation(),
                 group.members().size());
    if (group.is(GroupState::empty)) {
        persist(group, out);
        return;
    }
    for (auto& [id, member] : group.members()) {
        if (const auto parked = group.take_join(member)) {
            answer(out.replies, *parked, join_answer(group, member));
        }
        member.is_new = false;
        touch(group, member, now);
        group.awaited_syncs().insert(id);
    }
    timers_.set(group.sync_timer, now.steady_ms + group.rebalance_timeout_ms(), Timers::Kind::sync,
                group.id());
}

// An error also takes back the assignments of the generation before.
void ClassicProtocol::answer_syncs(ClassicGroup& group, Errc code, Now now, Effects& out) {
    for (auto& [id, member] : group.members()) {
        if (code != Errc::none) member.assignment.clear();
        const auto parked = std::exchange(member.sync, std::nullopt);
        if (!parked) continue;
        answer(out.replies, *parked,
               code == Errc::none ? sync_answer(group, member) : sync_error(code));
        touch(group, member, now);
    }
}

void ClassicProtocol::sync(ClassicGroup& group, const SyncGroupRequest& request, Parked parked,
                           Now now, Effects& out) {
    const auto differs = [](const auto& asked, const auto& present) {
        return asked && present && *asked != *present;
    };
    auto code = group.check_member(request.member_id, request.group_instance_id);
    if (code == Errc::none && request.generation_id != group.generation()) {
        code = Errc::illegal_generation;
    } else if (code == Errc::none &&
               (differs(request.protocol_type, std::optional(group.protocol_type())) ||
                differs(request.protocol_name, group.protocol()))) {
        code = Errc::inconsistent_group_protocol;
    } else if (code == Errc::none && group.is(GroupState::preparing_rebalance)) {
        code = Errc::rebalance_in_progress;
    }
    if (code != Errc::none) return answer(out.replies, parked, sync_error(code));

    auto& member = *group.member(request.member_id);
    synced(group, member.id);
    if (group.is(GroupState::stable)) {
        touch(group, member, now);
        return answer(out.replies, parked, sync_answer(group, member));
    }
    // A second sync of the same member: its client gave the first one up.
    if (const auto before = std::exchange(member.sync, parked)) {
        answer(out.replies, *before, sync_error(Errc::rebalance_in_progress));
    }
    if (group.is_leader(member.id)) take_assignment(group, request, now, out);
}

void ClassicProtocol::take_assignment(ClassicGroup& group, const SyncGroupRequest& request, Now now,
                                      Effects& out) {
    for (auto& [id, member] : group.members()) member.assignment.clear();
    for (const auto& entry : request.assignments) {
        if (auto* member = group.member(entry.member_id)) member->assignment = entry.assignment;
    }
    group.enter(GroupState::stable, now.wall_ms);
    answer_syncs(group, Errc::none, now, out);
    persist(group, out);
    out.undo = [this, &group](Now later, Effects& more) {
        for (auto& [id, member] : group.members()) member.assignment.clear();
        prepare_rebalance(group, "its assignment could not be stored", later, more);
    };
}

void ClassicProtocol::synced(ClassicGroup& group, std::string_view member_id) {
    auto& awaited = group.awaited_syncs();
    if (const auto found = awaited.find(member_id); found != awaited.end()) awaited.erase(found);
    if (awaited.empty()) group.sync_timer.cancel();
}

Errc ClassicProtocol::heartbeat(ClassicGroup& group, const protocol::HeartbeatRequest& request,
                                Now now) {
    const auto code = group.check_member(request.member_id, request.group_instance_id);
    if (code != Errc::none) return code;
    if (request.generation_id != group.generation()) return Errc::illegal_generation;
    touch(group, *group.member(request.member_id), now);
    return group.is(GroupState::preparing_rebalance) ? Errc::rebalance_in_progress : Errc::none;
}

std::vector<Errc> ClassicProtocol::leave(
    ClassicGroup& group, const std::vector<protocol::LeaveGroupRequest::MemberIdentity>& leaving,
    Now now, Effects& out) {
    std::vector<Errc> codes;
    codes.reserve(leaving.size());
    for (const auto& who : leaving) {
        auto id = who.member_id;
        if (id.empty() && who.group_instance_id) {
            // An administrator removes a static member without knowing its id (KIP-345).
            if (const auto* owner = group.static_member(*who.group_instance_id)) id = *owner;
        }
        if (group.is_pending(id)) {
            group.drop_pending(id);
            codes.push_back(Errc::none);
            continue;
        }
        codes.push_back(group.check_member(id, who.group_instance_id));
        if (codes.back() != Errc::none) continue;
        logger_.info("group={} member={} leaves: {}", group.id(), id,
                     who.reason.value_or("no reason given"));
        drop_member(group, id, out.replies);
    }
    if (std::ranges::count(codes, Errc::none) > 0) {
        after_departure(group, "members leave", now, out);
    }
    return codes;
}

// Whatever was parked for the member is answered: its client may be alive and then starts anew.
void ClassicProtocol::drop_member(ClassicGroup& group, std::string_view member_id,
                                  std::vector<Reply>& replies) {
    const auto gone = group.remove(member_id);
    if (gone.join) {
        answer(replies, *gone.join, join_error(Errc::unknown_member_id, "", gone.join->version));
    }
    if (gone.sync) answer(replies, *gone.sync, sync_error(Errc::unknown_member_id));
}

void ClassicProtocol::after_departure(ClassicGroup& group, std::string_view reason, Now now,
                                      Effects& out) {
    if (!group.is(GroupState::empty)) rebalance_or_complete(group, reason, now, out);
}

void ClassicProtocol::on_deadline(ClassicGroup& group, const Timers::Event& event, Now now,
                                  Effects& out) {
    const auto is_due = [&](Timer* timer) {
        return timer != nullptr && timers_.fire(*timer, event, now.steady_ms);
    };
    switch (event.kind) {
        case Timers::Kind::session: {
            auto* member = group.member(event.member);
            if (member != nullptr && is_due(&member->session)) {
                expire_session(group, event.member, now, out);
            }
            break;
        }
        case Timers::Kind::pending_member:
            if (is_due(group.pending_timer(event.member))) {
                group.drop_pending(event.member);
                complete_if_joined(group, now, out);
            }
            break;
        case Timers::Kind::join:
            if (!is_due(&group.join_timer)) break;
            group.initial_delay ? extend_or_complete(group, now, out)
                                : complete_join(group, now, out);
            break;
        case Timers::Kind::sync:
            if (is_due(&group.sync_timer)) expire_syncs(group, now, out);
            break;
    }
}

void ClassicProtocol::expire_session(ClassicGroup& group, std::string_view member_id, Now now,
                                     Effects& out) {
    const auto& member = *group.member(member_id);
    // A parked request stands for heartbeats, except the first one of a member: see
    // kNewMemberTimeoutMs.
    if (!member.is_new && (member.join || member.sync)) return;
    logger_.info("group={} member={} sent no heartbeat in time", group.id(), member.id);
    drop_member(group, member_id, out.replies);
    after_departure(group, "a member's session ended", now, out);
}

void ClassicProtocol::expire_syncs(ClassicGroup& group, Now now, Effects& out) {
    const auto late = std::exchange(group.awaited_syncs(), {});
    for (const auto& id : late) {
        logger_.info("group={} member={} did not sync in time", group.id(), id);
        if (group.member(id) != nullptr) drop_member(group, id, out.replies);
    }
    prepare_rebalance(group, "members did not sync in time", now, out);
}

void ClassicProtocol::loaded(ClassicGroup& group, Now now, Effects& out) {
    for (auto& [id, member] : group.members()) touch(group, member, now);
    if (group.members().size() > static_cast<std::size_t>(settings_.max_size)) {
        prepare_rebalance(group, "it is above group.max.size", now, out);
    }
}

void ClassicProtocol::answer_all(ClassicGroup& group, Errc code, std::vector<Reply>& replies) {
    for (auto& [id, member] : group.members()) {
        if (const auto parked = group.take_join(member)) {
            answer(replies, *parked, join_error(code, id, parked->version));
        }
        if (const auto parked = std::exchange(member.sync, std::nullopt)) {
            answer(replies, *parked, sync_error(code));
        }
    }
}

}  // namespace kcore::group
