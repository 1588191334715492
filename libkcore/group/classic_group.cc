#include "group/classic_group.h"

#include <algorithm>
#include <cassert>

#include "protocol/codec.h"
#include "protocol/data/consumer_protocol_subscription.h"

// Invariants
//  1. A generation is given once: it rises by one each time a rebalance ends, and never falls while
//     the group lives.
//  2. Empty means no members. Every other state has members or is about to become Empty.
//  3. The leader is a member, or there is none because there are no members.
//  4. A static instance id names exactly one member, and that member carries it.
//  5. Joins are parked only in PreparingRebalance, syncs only in CompletingRebalance.
//  6. known_by_[p] is the number of members that offer p; awaiting_join_ of those with a parked
//  join.
//  7. In Stable and Empty, what the log says of the group is what memory says.
//
// Transitions (a group that is not in memory answers as Dead)
//  Empty                -> PreparingRebalance    a member joins; starts the initial delay
//  Stable               -> PreparingRebalance    a member joins, leaves, expires, changes
//  protocols,
//                                                or the leader joins again
//  CompletingRebalance  -> PreparingRebalance    the same, or a member does not sync in time, or
//  the
//                                                assignment could not be stored
//  PreparingRebalance   -> CompletingRebalance   all have joined, or time is up: next generation
//  PreparingRebalance   -> Empty                 nobody is left: next generation, stored
//  CompletingRebalance  -> Stable                the leader brought the assignment, stored

namespace kcore::group {
namespace {

constexpr std::int16_t kNewestSubscription = 3;

// The topics of a consumer's subscription; false when the bytes are none.
bool add_topics(BytesView metadata, std::set<std::string>& topics) {
    if (metadata.size() < sizeof(std::int16_t)) return false;
    const auto version = load_be<std::int16_t>(metadata.data());
    if (version < 0) return false;
    // Later versions only append fields.
    protocol::ConsumerProtocolSubscription subscription;
    if (!protocol::decode_prefix(metadata.subspan(sizeof version),
                                 std::min(version, kNewestSubscription), subscription)) {
        return false;
    }
    topics.insert(subscription.topics.begin(), subscription.topics.end());
    return true;
}

}  // namespace

std::string_view state_name(GroupState state) {
    switch (state) {
        case GroupState::empty:
            return "Empty";
        case GroupState::preparing_rebalance:
            return "PreparingRebalance";
        case GroupState::completing_rebalance:
            return "CompletingRebalance";
        case GroupState::stable:
            return "Stable";
    }
    return "Unknown";
}

const Bytes& ClassicMember::metadata(std::string_view protocol) const {
    static const Bytes kNone;
    const auto found = std::ranges::find(protocols, protocol, &MemberProtocol::name);
    return found == protocols.end() ? kNone : found->metadata;
}

ClassicGroup::ClassicGroup(std::string id, std::int64_t wall_ms)
    : id_(std::move(id)), state_since_ms_(wall_ms) {}

ClassicMember* ClassicGroup::member(std::string_view id) {
    const auto found = members_.find(id);
    return found == members_.end() ? nullptr : &found->second;
}

const ClassicMember* ClassicGroup::member(std::string_view id) const {
    const auto found = members_.find(id);
    return found == members_.end() ? nullptr : &found->second;
}

const std::string* ClassicGroup::static_member(std::string_view instance_id) const {
    const auto found = static_members_.find(instance_id);
    return found == static_members_.end() ? nullptr : &found->second;
}

Errc ClassicGroup::check_member(std::string_view id,
                                const std::optional<std::string>& instance_id) const {
    if (instance_id) {
        const auto* owner = static_member(*instance_id);
        if (owner == nullptr) return Errc::unknown_member_id;
        if (*owner != id) return Errc::fenced_instance_id;
    }
    return members_.contains(id) ? Errc::none : Errc::unknown_member_id;
}

Timer* ClassicGroup::pending_timer(std::string_view id) {
    const auto found = pending_.find(id);
    return found == pending_.end() ? nullptr : &found->second;
}

void ClassicGroup::drop_pending(std::string_view id) {
    if (const auto found = pending_.find(id); found != pending_.end()) pending_.erase(found);
}

bool ClassicGroup::supports(const Joining& joining) const {
    if (is(GroupState::empty)) return !joining.protocol_type.empty() && !joining.protocols.empty();
    if (joining.protocol_type != protocol_type_) return false;
    return std::ranges::any_of(joining.protocols, [this](const MemberProtocol& p) {
        const auto known = known_by_.find(p.name);
        return known != known_by_.end() ? known->second == members_.size() : members_.empty();
    });
}

bool ClassicGroup::has_room_for(std::string_view id, std::int32_t max_size) const {
    const auto limit = static_cast<std::size_t>(max_size);
    switch (state_) {
        case GroupState::empty:
            return true;
        case GroupState::preparing_rebalance: {
            const auto* known = member(id);
            return (known != nullptr && known->join) || awaiting_join_ < limit;
        }
        case GroupState::completing_rebalance:
        case GroupState::stable:
            return members_.contains(id) || members_.size() < limit;
    }
    return false;
}

ClassicMember& ClassicGroup::add(ClassicMember member, const std::string& protocol_type) {
    assert(!members_.contains(member.id) && !member.join && !member.sync);
    if (members_.empty()) protocol_type_ = protocol_type;
    if (leader_.empty()) leader_ = member.id;
    if (member.instance_id) static_members_[*member.instance_id] = member.id;
    drop_pending(member.id);
    count_protocols(member, 1);
    auto id = member.id;
    return members_.emplace(std::move(id), std::move(member)).first->second;
}

ClassicMember ClassicGroup::remove(std::string_view id) {
    const auto found = members_.find(id);
    assert(found != members_.end());
    ClassicMember gone = std::move(found->second);
    members_.erase(found);
    count_protocols(gone, -1);
    if (gone.join) --awaiting_join_;
    if (gone.instance_id) static_members_.erase(*gone.instance_id);
    if (const auto sync = awaited_syncs_.find(gone.id); sync != awaited_syncs_.end()) {
        awaited_syncs_.erase(sync);
    }
    if (leader_ == gone.id) leader_ = members_.empty() ? std::string() : members_.begin()->first;
    return gone;
}

void ClassicGroup::update(ClassicMember& member, Joining joining) {
    count_protocols(member, -1);
    member.protocols = std::move(joining.protocols);
    count_protocols(member, 1);
    member.rebalance_timeout_ms = joining.rebalance_timeout_ms;
    member.session_timeout_ms = joining.session_timeout_ms;
}

ClassicMember& ClassicGroup::rename(const std::string& old_id, const std::string& new_id) {
    auto node = members_.extract(old_id);
    assert(!node.empty() && !members_.contains(new_id));
    node.key() = new_id;
    auto& member = members_.insert(std::move(node)).position->second;
    member.id = new_id;
    member.session = Timer();  // The old id's deadline finds nobody.
    if (member.instance_id) static_members_[*member.instance_id] = new_id;
    if (awaited_syncs_.erase(old_id) != 0) awaited_syncs_.insert(new_id);
    if (leader_ == old_id) leader_ = new_id;
    return member;
}

std::optional<Parked> ClassicGroup::park_join(ClassicMember& member, Parked parked) {
    auto before = take_join(member);
    member.join = parked;
    ++awaiting_join_;
    return before;
}

std::optional<Parked> ClassicGroup::take_join(ClassicMember& member) {
    if (member.join) --awaiting_join_;
    return std::exchange(member.join, std::nullopt);
}

std::int32_t ClassicGroup::rebalance_timeout_ms() const {
    std::int32_t longest = 0;
    for (const auto& [id, member] : members_) {
        longest = std::max(longest, member.rebalance_timeout_ms);
    }
    return longest;
}

std::optional<std::string> ClassicGroup::choose_protocol() const {
    const auto known_by_all = [this](const MemberProtocol& p) {
        return known_by_.at(p.name) == members_.size();
    };
    std::map<std::string_view, std::size_t> votes;
    for (const auto& [id, member] : members_) {
        const auto favourite = std::ranges::find_if(member.protocols, known_by_all);
        if (favourite != member.protocols.end()) ++votes[favourite->name];
    }
    const auto* leading = member(leader_);
    if (leading == nullptr) return std::nullopt;
    const MemberProtocol* chosen = nullptr;
    for (const auto& p : leading->protocols) {
        if (known_by_all(p) && (chosen == nullptr || votes[p.name] > votes[chosen->name])) {
            chosen = &p;
        }
    }
    return chosen == nullptr ? std::nullopt : std::optional(chosen->name);
}

bool ClassicGroup::elect_joined_leader() {
    const auto* leading = member(leader_);
    if (leading == nullptr) return false;
    if (leading->join) return true;
    const auto joined =
        std::ranges::find_if(members_, [](const auto& m) { return m.second.join.has_value(); });
    if (joined == members_.end()) return false;
    leader_ = joined->first;
    return true;
}

void ClassicGroup::enter(GroupState state, std::int64_t wall_ms) {
    state_ = state;
    state_since_ms_ = wall_ms;
}

void ClassicGroup::next_generation(std::int64_t wall_ms) {
    ++generation_;
    awaited_syncs_.clear();
    protocol_ = members_.empty() ? std::nullopt : choose_protocol();
    read_subscriptions();
    enter(members_.empty() ? GroupState::empty : GroupState::completing_rebalance, wall_ms);
}

bool ClassicGroup::is_subscribed(const std::string& topic) const {
    return topics_ ? topics_->contains(topic) : uses_consumer_protocol();
}

void ClassicGroup::restore(std::string protocol_type, std::int32_t generation,
                           std::optional<std::string> protocol, std::string leader,
                           std::int64_t state_since_ms, std::vector<ClassicMember> members) {
    protocol_type_ = std::move(protocol_type);
    generation_ = generation;
    protocol_ = std::move(protocol);
    for (auto& member : members) {
        if (!members_.contains(member.id)) add(std::move(member), std::string(protocol_type_));
    }
    if (members_.contains(leader)) leader_ = std::move(leader);
    state_ = members_.empty() ? GroupState::empty : GroupState::stable;
    state_since_ms_ = state_since_ms;
    read_subscriptions();
}

void ClassicGroup::count_protocols(const ClassicMember& member, int by) {
    for (const auto& p : member.protocols) {
        auto& count = known_by_[p.name];
        count = by > 0 ? count + 1 : count - 1;
        if (count == 0) known_by_.erase(p.name);
    }
}

void ClassicGroup::read_subscriptions() {
    topics_.reset();
    if (!uses_consumer_protocol()) return;
    std::set<std::string> topics;
    for (const auto& [id, member] : members_) {
        if (!protocol_ || !add_topics(member.metadata(*protocol_), topics)) return;
    }
    topics_ = std::move(topics);
}

}  // namespace kcore::group
