#pragma once
// One classic group: its members, state and generation, and the rules that need nothing else. What
// happens on a request or a deadline is decided in ClassicProtocol.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/errc.h"
#include "group/messages.h"
#include "group/timers.h"

namespace kcore::group {

enum class GroupState : std::uint8_t {
    empty,
    preparing_rebalance,
    completing_rebalance,
    stable,
};
std::string_view state_name(GroupState state);  // As on the wire: "PreparingRebalance".

// A request whose answer comes later.
struct Parked {
    Ticket ticket = 0;
    std::int16_t version = 0;
};

struct MemberProtocol {
    std::string name;
    Bytes metadata;  // Opaque, but for the topics in a consumer's.
    friend bool operator==(const MemberProtocol&, const MemberProtocol&) = default;
};
using MemberProtocols = std::vector<MemberProtocol>;  // In order of preference.

// What a JoinGroup says of its member.
struct Joining {
    std::string protocol_type;
    MemberProtocols protocols;
    std::int32_t rebalance_timeout_ms = 0;
    std::int32_t session_timeout_ms = 0;
};

struct ClassicMember {
    std::string id;
    std::optional<std::string> instance_id;  // Static members (KIP-345).
    std::string client_id;
    std::string client_host;
    std::int32_t rebalance_timeout_ms = 0;
    std::int32_t session_timeout_ms = 0;
    MemberProtocols protocols;
    Bytes assignment;
    std::optional<Parked> join;  // Set through the group, which counts them.
    std::optional<Parked> sync;
    bool is_new = false;  // Has not been in a generation.
    Timer session;

    const Bytes& metadata(std::string_view protocol) const;  // Empty when it does not know it.
};

class ClassicGroup {
public:
    using Members = std::map<std::string, ClassicMember, std::less<>>;

    ClassicGroup(std::string id, std::int64_t wall_ms);

    const std::string& id() const { return id_; }
    GroupState state() const { return state_; }
    bool is(GroupState state) const { return state_ == state; }
    std::int64_t state_since_ms() const { return state_since_ms_; }  // -1: not known.
    std::int32_t generation() const { return generation_; }
    const std::string& protocol_type() const {
        return protocol_type_;
    }  // Empty: never had members.
    const std::optional<std::string>& protocol() const { return protocol_; }
    const std::string& leader() const { return leader_; }  // Empty: none.
    bool is_leader(std::string_view member) const { return !leader_.empty() && leader_ == member; }

    const Members& members() const { return members_; }
    Members& members() { return members_; }
    ClassicMember* member(std::string_view id);
    const ClassicMember* member(std::string_view id) const;
    const std::string* static_member(std::string_view instance_id) const;  // Its member id.
    // fenced_instance_id or unknown_member_id when the ids do not name a member.
    Errc check_member(std::string_view id, const std::optional<std::string>& instance_id) const;

    // Members that were given an id (KIP-394) and have yet to join with it.
    bool is_pending(std::string_view id) const { return pending_.contains(id); }
    Timer& add_pending(const std::string& id) { return pending_[id]; }
    bool has_pending() const { return !pending_.empty(); }
    Timer* pending_timer(std::string_view id);
    void drop_pending(std::string_view id);

    // A newcomer may join: its type fits and it knows a protocol that all members know.
    bool supports(const Joining& joining) const;
    // There is room for `id` under group.max.size.
    bool has_room_for(std::string_view id, std::int32_t max_size) const;

    ClassicMember& add(ClassicMember member, const std::string& protocol_type);
    ClassicMember remove(std::string_view id);  // A member of the group.
    void update(ClassicMember& member, Joining joining);
    // The member keeps everything but its id; the leader stays leader.
    ClassicMember& rename(const std::string& old_id, const std::string& new_id);

    // Give back the request that was parked there before.
    std::optional<Parked> park_join(ClassicMember& member, Parked parked);
    std::optional<Parked> take_join(ClassicMember& member);

    std::size_t awaiting_join() const { return awaiting_join_; }
    bool all_joined() const { return awaiting_join_ == members_.size() && pending_.empty(); }
    std::int32_t rebalance_timeout_ms() const;  // The longest of its members; 0 without any.

    // The protocol that all know and most prefer; among equals the leader's first. Nothing when
    // there is none.
    std::optional<std::string> choose_protocol() const;

    // True when the leader has joined or another member that has can take its place.
    bool elect_joined_leader();
    void enter(GroupState state, std::int64_t wall_ms);
    void next_generation(std::int64_t wall_ms);

    // Members that have the generation but did not ask for their assignment.
    std::set<std::string, std::less<>>& awaited_syncs() { return awaited_syncs_; }

    bool uses_consumer_protocol() const { return protocol_type_ == "consumer"; }
    // Nothing when the members' subscriptions cannot be read.
    const std::optional<std::set<std::string>>& subscribed_topics() const { return topics_; }
    bool is_subscribed(const std::string& topic) const;  // True as well when it cannot be told.

    // As the log has it.
    void restore(std::string protocol_type, std::int32_t generation,
                 std::optional<std::string> protocol, std::string leader,
                 std::int64_t state_since_ms, std::vector<ClassicMember> members);

    Timer join_timer;
    Timer sync_timer;
    // The wait for more members after the first one, and what may still be added to it.
    struct InitialDelay {
        std::int64_t delay_ms = 0;
        std::int64_t remaining_ms = 0;
    };
    std::optional<InitialDelay> initial_delay;
    bool member_came_in_delay = false;

private:
    void count_protocols(const ClassicMember& member, int by);
    void read_subscriptions();

    std::string id_;
    GroupState state_ = GroupState::empty;
    std::int64_t state_since_ms_;
    std::int32_t generation_ = 0;
    std::string protocol_type_;
    std::optional<std::string> protocol_;
    std::string leader_;
    Members members_;
    std::map<std::string, std::string, std::less<>> static_members_;  // Instance id to member id.
    std::map<std::string, Timer, std::less<>> pending_;
    std::map<std::string, std::size_t, std::less<>> known_by_;  // Protocol to members.
    std::set<std::string, std::less<>> awaited_syncs_;
    std::size_t awaiting_join_ = 0;
    std::optional<std::set<std::string>> topics_;
};

}  // namespace kcore::group
