#include "group/coordinator.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "group/records.h"

namespace kcore::group {
namespace {

using namespace protocol;

constexpr std::int16_t kDescribeTellsUnknown = 6;
constexpr std::int16_t kLeaveInBatches = 3;
constexpr std::int16_t kSyncNamesProtocol = 5;

bool same_text(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, [](unsigned char x, unsigned char y) {
        const auto lower = [](unsigned char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; };
        return lower(x) == lower(y);
    });
}

bool passes(const std::vector<std::string>& filter, std::string_view value) {
    return filter.empty() ||
           std::ranges::any_of(filter, [&](const auto& f) { return same_text(f, value); });
}

DescribeGroupsResponse::DescribedGroup described(const ClassicGroup& group) {
    DescribeGroupsResponse::DescribedGroup out;
    out.group_id = group.id();
    out.group_state = state_name(group.state());
    out.protocol_type = group.protocol_type();
    // Before the group is stable, members may not have agreed on a protocol.
    const bool is_stable = group.is(GroupState::stable);
    if (is_stable) out.protocol_data = group.protocol().value_or("");
    for (const auto& [id, member] : group.members()) {
        auto& entry = out.members.emplace_back();
        entry.member_id = id;
        entry.group_instance_id = member.instance_id;
        entry.client_id = member.client_id;
        entry.client_host = member.client_host;
        if (is_stable) entry.member_metadata = member.metadata(out.protocol_data);
        entry.member_assignment = member.assignment;
    }
    return out;
}

DescribeGroupsResponse::DescribedGroup unknown_group(const std::string& id, std::int16_t version) {
    DescribeGroupsResponse::DescribedGroup out;
    out.group_id = id;
    out.group_state = "Dead";
    if (version >= kDescribeTellsUnknown) {
        out.error_code = wire(Errc::group_id_not_found);
        out.error_message = fmt::format("Group {} not found.", id);
    }
    return out;
}

}  // namespace

Coordinator::Coordinator(Settings settings, std::function<Uuid()> make_uuid, Logger logger)
    : settings_(settings),
      logger_(std::move(logger)),
      protocol_(settings_, timers_, std::move(make_uuid), logger_) {}

Effects Coordinator::handle(const Request& request, const RequestContext& context, Now now,
                            Ticket ticket) {
    Effects out;
    std::visit([&](const auto& r) { decide(r, context, now, ticket, out); }, request);
    return out;
}

ClassicGroup* Coordinator::find(std::string_view id) {
    const auto found = groups_.find(id);
    return found == groups_.end() ? nullptr : &found->second;
}

const ClassicGroup* Coordinator::group(std::string_view id) const {
    const auto found = groups_.find(id);
    return found == groups_.end() ? nullptr : &found->second;
}

ClassicGroup& Coordinator::create(const std::string& id, Now now) {
    return groups_.try_emplace(id, id, now.wall_ms).first->second;
}

// The log must know the group before its first generation does, or a name given out could be lost.
void Coordinator::create_logged(ClassicGroup& group, Effects& out) {
    if (auto record = group_record(group)) {
        out.records.push_back(std::move(*record));
    } else {
        out.refusal = Errc::unknown_server_error;
    }
    out.undo = [this, id = group.id()](Now, Effects& more) {
        const auto found = groups_.find(id);
        if (found == groups_.end()) return;
        protocol_.answer_all(found->second, Errc::coordinator_not_available, more.replies);
        groups_.erase(found);
    };
}

// A name that an empty group of another protocol has may be taken over: its records go. Not a share
// group's, whose state is also kept elsewhere.
Errc Coordinator::release_foreign(const std::string& id, Effects& out) {
    const auto* foreign = foreign_.find(id);
    if (foreign == nullptr) return Errc::none;
    if (!foreign->is_empty()) return Errc::non_empty_group;
    if (foreign->protocol == ForeignKey::Protocol::share) return Errc::group_deletion_failed;
    for (const auto& key : foreign->keys) out.records.push_back({key, std::nullopt});
    return Errc::none;
}

void Coordinator::decide(const JoinGroupRequest& request, Context context, Now now, Ticket ticket,
                         Effects& out) {
    const auto fail_with = [&](Errc code) {
        out.replies.push_back(
            {ticket, context.version, join_error(code, request.member_id, context.version)});
    };
    if (request.group_id.empty()) return fail_with(Errc::invalid_group_id);
    if (request.session_timeout_ms < settings_.min_session_timeout_ms ||
        request.session_timeout_ms > settings_.max_session_timeout_ms) {
        return fail_with(Errc::invalid_session_timeout);
    }
    auto* group = find(request.group_id);
    if (foreign_.find(request.group_id) != nullptr &&
        release_foreign(request.group_id, out) != Errc::none) {
        return fail_with(Errc::inconsistent_group_protocol);
    }
    const bool is_created = group == nullptr;
    if (is_created && !request.member_id.empty()) {
        out.records.clear();
        return fail_with(Errc::unknown_member_id);
    }
    if (is_created) group = &create(request.group_id, now);
    // What is left of the other group is applied like any tombstone.
    out.applies_records = !out.records.empty();
    protocol_.join(*group, request, context, now, ticket, out);
    if (is_created) create_logged(*group, out);
}

void Coordinator::decide(const SyncGroupRequest& request, Context context, Now now, Ticket ticket,
                         Effects& out) {
    auto* group = find(request.group_id);
    auto code = Errc::none;
    if (context.version >= kSyncNamesProtocol &&
        (!request.protocol_type || !request.protocol_name)) {
        code = Errc::inconsistent_group_protocol;
    } else if (request.group_id.empty()) {
        code = Errc::invalid_group_id;
    } else if (group == nullptr) {
        code = Errc::unknown_member_id;
    }
    if (code != Errc::none) {
        out.replies.push_back({ticket, context.version, sync_error(code)});
    } else {
        protocol_.sync(*group, request, {ticket, context.version}, now, out);
    }
}

void Coordinator::decide(const HeartbeatRequest& request, Context context, Now now, Ticket ticket,
                         Effects& out) {
    auto* group = find(request.group_id);
    auto code = Errc::unknown_member_id;
    if (request.group_id.empty()) {
        code = Errc::invalid_group_id;
    } else if (group != nullptr) {
        code = protocol_.heartbeat(*group, request, now);
    }
    HeartbeatResponse response;
    response.error_code = wire(code);
    out.replies.push_back({ticket, context.version, std::move(response)});
}

void Coordinator::decide(const LeaveGroupRequest& request, Context context, Now now, Ticket ticket,
                         Effects& out) {
    LeaveGroupResponse response;
    auto leaving = request.members;
    if (context.version < kLeaveInBatches) {
        leaving.assign(1, {});
        leaving.front().member_id = request.member_id;
    }
    auto* group = find(request.group_id);
    std::vector<Errc> codes(leaving.size(), Errc::unknown_member_id);
    if (group != nullptr) codes = protocol_.leave(*group, leaving, now, out);
    if (request.group_id.empty()) {
        response.error_code = wire(Errc::invalid_group_id);
    } else if (context.version < kLeaveInBatches) {
        response.error_code = wire(codes.front());
    } else {
        for (std::size_t i = 0; i < leaving.size(); ++i) {
            auto& entry = response.members.emplace_back();
            entry.member_id = leaving[i].member_id;
            entry.group_instance_id = leaving[i].group_instance_id;
            entry.error_code = wire(codes[i]);
        }
    }
    out.replies.push_back({ticket, context.version, std::move(response)});
}

void Coordinator::decide(const DescribeGroupsRequest& request, Context context, Now, Ticket ticket,
                         Effects& out) {
    DescribeGroupsResponse response;
    for (const auto& id : request.groups) {
        const auto* known = foreign_.find(id) != nullptr ? nullptr : group(id);
        response.groups.push_back(known == nullptr ? unknown_group(id, context.version)
                                                   : described(*known));
    }
    out.replies.push_back({ticket, context.version, std::move(response)});
}

void Coordinator::decide(const ListGroupsRequest& request, Context context, Now, Ticket ticket,
                         Effects& out) {
    ListGroupsResponse response;
    const auto add = [&](const std::string& id, std::string_view protocol_type,
                         std::string_view state, std::string_view type) {
        if (!passes(request.states_filter, state) || !passes(request.types_filter, type)) return;
        auto& entry = response.groups.emplace_back();
        entry.group_id = id;
        entry.protocol_type = protocol_type;
        entry.group_state = state;
        entry.group_type = type;
    };
    for (const auto& [id, group] : groups_) {
        if (foreign_.find(id) != nullptr) continue;
        add(id, group.protocol_type(), state_name(group.state()), "classic");
    }
    foreign_.for_each([&](const std::string& id, const ForeignGroup& group) {
        add(id, group.type_name(), group.state_name(), group.type_name());
    });
    out.replies.push_back({ticket, context.version, std::move(response)});
}

void Coordinator::decide(const DeleteGroupsRequest& request, Context context, Now, Ticket ticket,
                         Effects& out) {
    DeleteGroupsResponse response;
    std::set<std::string_view> seen;
    for (const auto& id : request.groups_names) {
        if (!seen.insert(id).second) continue;
        auto& result = response.results.emplace_back();
        result.group_id = id;
        result.error_code = wire(remove_group(id, out));
    }
    out.atomic = false;
    out.applies_records = true;
    out.replies.push_back({ticket, context.version, std::move(response)});
}

// Offsets first: a log that ends between them still has a group to delete.
Errc Coordinator::remove_group(const std::string& id, Effects& out) {
    if (foreign_.find(id) != nullptr) {
        const auto code = release_foreign(id, out);
        if (code == Errc::none) forget_offsets(id, out);
        return code;
    }
    const auto* group = find(id);
    if (group == nullptr) return Errc::group_id_not_found;
    if (!group->is(GroupState::empty)) return Errc::non_empty_group;
    auto tombstone = group_tombstone(id);
    if (!tombstone) return Errc::unknown_server_error;
    forget_offsets(id, out);
    out.records.push_back(std::move(*tombstone));
    return Errc::none;
}

void Coordinator::appended(const Effects& effects, std::size_t skip, std::size_t count,
                           std::int64_t offset) {
    if (!effects.applies_records) return;
    for (std::size_t i = skip; i < skip + count; ++i) {
        const auto& record = effects.records[i];
        LoadedRecord loaded;
        if (record.key) loaded.key = *record.key;
        if (record.value) loaded.value = BytesView(*record.value);
        loaded.offset = offset + static_cast<std::int64_t>(i - skip);
        replay(loaded);
    }
}

void Coordinator::refused(Effects& effects, Errc code, Now now) {
    const auto told = append_error(code);
    for (auto& reply : effects.replies) refuse(reply, told);
    effects.records.clear();
    effects.refusal.reset();
    if (auto undo = std::exchange(effects.undo, nullptr)) undo(now, effects);
}

std::vector<Reply> Coordinator::resign() {
    std::vector<Reply> replies;
    for (auto& [id, group] : groups_) {
        protocol_.answer_all(group, Errc::not_coordinator, replies);
    }
    return replies;
}

}  // namespace kcore::group
