// JoinGroup: who is let in, under which id, and when that means a rebalance.

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "group/classic_protocol.h"
#include "group/records.h"

namespace kcore::group {
namespace {

using protocol::JoinGroupRequest;
using protocol::JoinGroupResponse;

constexpr std::int16_t kFirstWithRebalanceTimeout = 1;
constexpr std::int16_t kFirstWithMemberIdRequired = 4;
constexpr std::int16_t kFirstWithNullableProtocol = 7;
constexpr std::int16_t kFirstWithSkipAssignment = 9;

Joining joining_of(const JoinGroupRequest& request, std::int16_t version) {
    Joining joining;
    joining.protocol_type = request.protocol_type;
    joining.session_timeout_ms = request.session_timeout_ms;
    joining.rebalance_timeout_ms = version >= kFirstWithRebalanceTimeout
                                       ? request.rebalance_timeout_ms
                                       : request.session_timeout_ms;
    for (const auto& p : request.protocols) {
        const bool seen = std::ranges::count(joining.protocols, p.name, &MemberProtocol::name) > 0;
        if (!seen) joining.protocols.push_back({p.name, p.metadata});
    }
    return joining;
}

std::string uuid_text(const Uuid& id) {
    return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", id.high >> 32,
                       (id.high >> 16) & 0xFFFFU, id.high & 0xFFFFU, id.low >> 48,
                       id.low & 0xFFFF'FFFF'FFFFULL);
}

void answer(Effects& out, const Parked& parked, JoinGroupResponse response) {
    out.replies.push_back({parked.ticket, parked.version, std::move(response)});
}

}  // namespace

JoinGroupResponse join_error(Errc code, std::string member_id, std::int16_t version) {
    JoinGroupResponse response;
    response.error_code = static_cast<std::int16_t>(code);
    response.member_id = std::move(member_id);
    if (version >= kFirstWithNullableProtocol) response.protocol_name.reset();
    return response;
}

JoinGroupResponse join_answer(const ClassicGroup& group, const ClassicMember& member) {
    JoinGroupResponse response;
    response.generation_id = group.generation();
    response.protocol_type = group.protocol_type();
    response.protocol_name = group.protocol().value_or("");
    response.leader = group.leader();
    response.member_id = member.id;
    if (!group.is_leader(member.id)) return response;
    response.members.reserve(group.members().size());
    for (const auto& [id, each] : group.members()) {
        auto& entry = response.members.emplace_back();
        entry.member_id = id;
        entry.group_instance_id = each.instance_id;
        entry.metadata = each.metadata(*response.protocol_name);
    }
    return response;
}

void ClassicProtocol::join(ClassicGroup& group, const JoinGroupRequest& request,
                           const RequestContext& context, Now now, Ticket ticket, Effects& out) {
    const Parked parked{ticket, context.version};
    auto joining = joining_of(request, context.version);
    const bool is_new = request.member_id.empty();
    if (!group.has_room_for(request.member_id, settings_.max_size)) {
        group.drop_pending(request.member_id);
        if (group.member(request.member_id) != nullptr) {
            drop_member(group, request.member_id, out.replies);
        }
        answer(out, parked, join_error(Errc::group_max_size_reached, "", context.version));
        complete_if_joined(group, now, out);
    } else if (!group.supports(joining)) {
        answer(out, parked,
               join_error(Errc::inconsistent_group_protocol, request.member_id, context.version));
    } else if (is_new) {
        join_as_new(group, std::move(joining), request, context, now, ticket, out);
    } else {
        join_again(group, std::move(joining), request, context, now, ticket, out);
    }
}

void ClassicProtocol::join_as_new(ClassicGroup& group, Joining joining,
                                  const JoinGroupRequest& request, const RequestContext& context,
                                  Now now, Ticket ticket, Effects& out) {
    const Parked parked{ticket, context.version};
    const auto id = new_member_id(request, context);
    if (request.group_instance_id) {
        if (const auto* old_id = group.static_member(*request.group_instance_id)) {
            replace_static(group, std::move(joining), std::string(*old_id), id, parked, now, out);
            return;
        }
    } else if (context.version >= kFirstWithMemberIdRequired) {
        timers_.set(group.add_pending(id), now.steady_ms + joining.session_timeout_ms,
                    Timers::Kind::pending_member, group.id(), id);
        answer(out, parked, join_error(Errc::member_id_required, id, context.version));
        return;
    }
    ClassicMember member;
    member.id = id;
    member.instance_id = request.group_instance_id;
    member.client_id = context.client_id;
    member.client_host = context.client_host;
    admit(group, std::move(joining), std::move(member), parked, now, out);
}

void ClassicProtocol::join_again(ClassicGroup& group, Joining joining,
                                 const JoinGroupRequest& request, const RequestContext& context,
                                 Now now, Ticket ticket, Effects& out) {
    const Parked parked{ticket, context.version};
    if (group.is_pending(request.member_id)) {
        // A static member is never made to ask twice, so nobody honest comes here with both.
        if (request.group_instance_id) {
            answer(out, parked, join_error(Errc::unknown_server_error, "", context.version));
            return;
        }
        ClassicMember member;
        member.id = request.member_id;
        member.client_id = context.client_id;
        member.client_host = context.client_host;
        admit(group, std::move(joining), std::move(member), parked, now, out);
        return;
    }
    const auto code = group.check_member(request.member_id, request.group_instance_id);
    if (code != Errc::none) {
        answer(out, parked, join_error(code, request.member_id, context.version));
        return;
    }
    auto& member = *group.member(request.member_id);
    // Whoever only missed the answer gets it again; a leader in a stable group asks for a
    // rebalance.
    const bool is_current = member.protocols == joining.protocols &&
                            (group.is(GroupState::completing_rebalance) ||
                             (group.is(GroupState::stable) && !group.is_leader(member.id)));
    if (is_current) {
        answer(out, parked, join_answer(group, member));
    } else {
        rejoin(group, member, std::move(joining), parked, now, out);
    }
}

void ClassicProtocol::admit(ClassicGroup& group, Joining joining, ClassicMember member,
                            Parked parked, Now now, Effects& out) {
    member.protocols = std::move(joining.protocols);
    member.rebalance_timeout_ms = joining.rebalance_timeout_ms;
    member.session_timeout_ms = joining.session_timeout_ms;
    member.is_new = true;
    auto& added = group.add(std::move(member), joining.protocol_type);
    group.park_join(added, parked);
    if (group.is(GroupState::preparing_rebalance)) group.member_came_in_delay = true;
    timers_.set(added.session, now.steady_ms + kNewMemberTimeoutMs, Timers::Kind::session,
                group.id(), added.id);
    rebalance_or_complete(group, "a member joins", now, out);
}

void ClassicProtocol::rejoin(ClassicGroup& group, ClassicMember& member, Joining joining,
                             Parked parked, Now now, Effects& out) {
    group.update(member, std::move(joining));
    if (const auto before = group.park_join(member, parked)) {
        // The client gave that one up, or it would not ask again.
        answer(out, *before, join_error(Errc::rebalance_in_progress, member.id, before->version));
    }
    rebalance_or_complete(group, "a member joins again", now, out);
}

void ClassicProtocol::replace_static(ClassicGroup& group, Joining joining,
                                     const std::string& old_id, const std::string& new_id,
                                     Parked parked, Now now, Effects& out) {
    const auto old_leader = group.leader();
    auto& old_self = *group.member(old_id);
    if (const auto waiting = group.take_join(old_self)) {
        answer(out, *waiting, join_error(Errc::fenced_instance_id, old_id, waiting->version));
    }
    if (const auto waiting = std::exchange(old_self.sync, std::nullopt)) {
        out.replies.push_back(
            {waiting->ticket, waiting->version, sync_error(Errc::fenced_instance_id)});
    }
    const ClassicMember before = old_self;
    auto& member = group.rename(old_id, new_id);
    group.update(member, std::move(joining));
    touch(group, member, now);
    if (group.is(GroupState::stable) && group.choose_protocol() == group.protocol()) {
        persist_replaced(group, before, old_leader, new_id, parked, out);
        return;
    }
    group.park_join(member, parked);
    rebalance_or_complete(group, "a static member came back", now, out);
}

// The assignment stays valid, so nobody else hears of it: only the new id must be known to the log.
void ClassicProtocol::persist_replaced(ClassicGroup& group, const ClassicMember& before,
                                       const std::string& old_leader, const std::string& new_id,
                                       Parked parked, Effects& out) {
    auto response = join_answer(group, *group.member(new_id));
    if (parked.version >= kFirstWithSkipAssignment) {
        response.skip_assignment = group.is_leader(new_id);
    } else {
        // Without that field, a client that sees itself as leader would assign: it must not.
        response.leader = old_leader;
        response.members.clear();
    }
    persist(group, out);
    answer(out, parked, std::move(response));
    out.undo = [this, &group, before, new_id](Now now, Effects&) {
        auto& member = group.rename(new_id, before.id);
        group.update(member, {group.protocol_type(), before.protocols, before.rebalance_timeout_ms,
                              before.session_timeout_ms});
        touch(group, member, now);
    };
}

std::string ClassicProtocol::new_member_id(const JoinGroupRequest& request,
                                           const RequestContext& context) {
    const auto& name = request.group_instance_id ? *request.group_instance_id : context.client_id;
    return fmt::format("{}-{}", name, uuid_text(make_uuid_()));
}

}  // namespace kcore::group
