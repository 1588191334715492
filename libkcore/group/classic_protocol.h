#pragma once
// The classic rebalance protocol: what a join, a sync, a heartbeat, a leave or a deadline does to
// one group. Knows nothing of offsets, nor of the other groups.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/logger.h"
#include "base/uuid.h"
#include "group/classic_group.h"
#include "group/messages.h"
#include "group/settings.h"
#include "group/timers.h"

namespace kcore::group {

// Lives inside a Coordinator. Adds to `out` the records and replies of what it decides; the request
// itself has been checked for a group id, its group exists.
class ClassicProtocol {
public:
    ClassicProtocol(const Settings& settings, Timers& timers, std::function<Uuid()> make_uuid,
                    Logger logger);

    void join(ClassicGroup& group, const protocol::JoinGroupRequest& request,
              const RequestContext& context, Now now, Ticket ticket, Effects& out);
    void sync(ClassicGroup& group, const protocol::SyncGroupRequest& request, Parked parked,
              Now now, Effects& out);
    Errc heartbeat(ClassicGroup& group, const protocol::HeartbeatRequest& request, Now now);
    // One code for each member of the request.
    std::vector<Errc> leave(ClassicGroup& group,
                            const std::vector<protocol::LeaveGroupRequest::MemberIdentity>& leaving,
                            Now now, Effects& out);

    // A member is alive: its session starts anew.
    void touch(ClassicGroup& group, ClassicMember& member, Now now);
    // Does what a deadline of the group asks for, if its timer is due indeed.
    void on_deadline(ClassicGroup& group, const Timers::Event& event, Now now, Effects& out);
    // The group came from the log: sessions start, and it shrinks if it has grown too big.
    void loaded(ClassicGroup& group, Now now, Effects& out);
    // The group goes away, or this coordinator does.
    void answer_all(ClassicGroup& group, Errc code, std::vector<Reply>& replies);

private:
    using JoinGroupRequest = protocol::JoinGroupRequest;

    // classic_join.cc
    void join_as_new(ClassicGroup& group, Joining joining, const JoinGroupRequest& request,
                     const RequestContext& context, Now now, Ticket ticket, Effects& out);
    void join_again(ClassicGroup& group, Joining joining, const JoinGroupRequest& request,
                    const RequestContext& context, Now now, Ticket ticket, Effects& out);
    void admit(ClassicGroup& group, Joining joining, ClassicMember member, Parked parked, Now now,
               Effects& out);
    void replace_static(ClassicGroup& group, Joining joining, const std::string& old_id,
                        const std::string& new_id, Parked parked, Now now, Effects& out);
    void persist_replaced(ClassicGroup& group, const ClassicMember& before,
                          const std::string& old_leader, const std::string& new_id, Parked parked,
                          Effects& out);
    void rejoin(ClassicGroup& group, ClassicMember& member, Joining joining, Parked parked, Now now,
                Effects& out);
    std::string new_member_id(const JoinGroupRequest& request, const RequestContext& context);

    // classic_rebalance.cc
    void rebalance_or_complete(ClassicGroup& group, std::string_view reason, Now now, Effects& out);
    void prepare_rebalance(ClassicGroup& group, std::string_view reason, Now now, Effects& out);
    void extend_or_complete(ClassicGroup& group, Now now, Effects& out);
    void complete_if_joined(ClassicGroup& group, Now now, Effects& out);
    void complete_join(ClassicGroup& group, Now now, Effects& out);
    void start_generation(ClassicGroup& group, Now now, Effects& out);
    void answer_syncs(ClassicGroup& group, Errc code, Now now, Effects& out);
    void take_assignment(ClassicGroup& group, const protocol::SyncGroupRequest& request, Now now,
                         Effects& out);
    void synced(ClassicGroup& group, std::string_view member_id);
    void expire_session(ClassicGroup& group, std::string_view member_id, Now now, Effects& out);
    void expire_syncs(ClassicGroup& group, Now now, Effects& out);
    void drop_member(ClassicGroup& group, std::string_view member_id, std::vector<Reply>& replies);
    void after_departure(ClassicGroup& group, std::string_view reason, Now now, Effects& out);
    void persist(const ClassicGroup& group, Effects& out);

    const Settings& settings_;
    Timers& timers_;
    std::function<Uuid()> make_uuid_;
    Logger logger_;
};

// The answers of join and sync, as the versions shape them.
protocol::JoinGroupResponse join_error(Errc code, std::string member_id, std::int16_t version);
protocol::JoinGroupResponse join_answer(const ClassicGroup& group, const ClassicMember& member);
protocol::SyncGroupResponse sync_answer(const ClassicGroup& group, const ClassicMember& member);
protocol::SyncGroupResponse sync_error(Errc code);

}  // namespace kcore::group
