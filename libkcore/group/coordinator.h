#pragma once
// The group coordinator of one partition of __consumer_offsets: members, generations and offsets of
// its groups, as Apache Kafka's classic protocol has them. It decides only: records, replies and
// deadlines come out; Shard appends and answers.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/logger.h"
#include "base/uuid.h"
#include "group/classic_group.h"
#include "group/classic_protocol.h"
#include "group/foreign_groups.h"
#include "group/messages.h"
#include "group/offsets.h"
#include "group/settings.h"
#include "group/timers.h"

namespace kcore::group {

// A record of the log as it is read back.
struct LoadedRecord {
    BytesView key;
    std::optional<BytesView> value;  // Absent: a tombstone.
    std::int64_t offset = 0;
    std::optional<std::int64_t> producer;  // Of a transactional batch.
};

// Single-threaded; guarded by its Shard's mutex. Every ticket given to handle() is answered in
// exactly one Reply, of that call or of a later one.
class Coordinator {
public:
    Coordinator(Settings settings, std::function<Uuid()> make_uuid, Logger logger);

    // Rebuilding: every record of the log in order, then loaded() once. Records of kinds that are
    // not understood are skipped with a warning and stay in the log.
    void replay(const LoadedRecord& record);
    void end_transaction(std::int64_t producer, bool committed);
    void loaded(Now now);

    // Decides a request. Before the next call appended() or refused() follows, whenever the effects
    // hold records or a refusal.
    Effects handle(const Request& request, const RequestContext& context, Now now, Ticket ticket);

    // The first `count` records of `effects`, from `skip` on, stand in the log from `offset` on.
    void appended(const Effects& effects, std::size_t skip, std::size_t count, std::int64_t offset);
    // The log refused the records: the replies in `effects` become errors.
    void refused(Effects& effects, Errc code, Now now);

    // Does one thing that is due at `now`. To be called while next_deadline_ms() <= now.steady_ms.
    Effects on_time(Now now);
    std::int64_t next_deadline_ms() const;  // On the steady clock; kNever when nothing waits.

    // Topics that exist no more: their offsets go.
    Effects topics_deleted(const std::vector<std::string>& topics);

    // Leadership is lost: all that waits is answered with not_coordinator. The object is spent.
    std::vector<Reply> resign();

    // For tests and metrics.
    const ClassicGroup* group(std::string_view id) const;
    const Offsets& offsets() const { return offsets_; }
    std::size_t group_count() const { return groups_.size(); }

private:
    using Context = const RequestContext&;
    using Groups = std::map<std::string, ClassicGroup, std::less<>>;

    void decide(const protocol::JoinGroupRequest& request, Context, Now, Ticket, Effects& out);
    void decide(const protocol::SyncGroupRequest& request, Context, Now, Ticket, Effects& out);
    void decide(const protocol::HeartbeatRequest& request, Context, Now, Ticket, Effects& out);
    void decide(const protocol::LeaveGroupRequest& request, Context, Now, Ticket, Effects& out);
    void decide(const protocol::DescribeGroupsRequest& request, Context, Now, Ticket, Effects& out);
    void decide(const protocol::ListGroupsRequest& request, Context, Now, Ticket, Effects& out);
    void decide(const protocol::DeleteGroupsRequest& request, Context, Now, Ticket, Effects& out);
    void decide(const protocol::OffsetCommitRequest& request, Context, Now, Ticket, Effects& out);
    void decide(const FetchOffsets& request, Context, Now, Ticket, Effects& out);
    void decide(const protocol::OffsetDeleteRequest& request, Context, Now, Ticket, Effects& out);

    // coordinator_load.cc
    void replay_offset(const OffsetKey& key, const LoadedRecord& record);
    void replay_group(const std::string& id, const LoadedRecord& record);

    // coordinator.cc
    ClassicGroup* find(std::string_view id);
    ClassicGroup& create(const std::string& id, Now now);
    void create_logged(ClassicGroup& group, Effects& out);
    Errc release_foreign(const std::string& id, Effects& out);
    Errc remove_group(const std::string& id, Effects& out);

    // coordinator_offsets.cc
    Errc check_commit(const protocol::OffsetCommitRequest& request, std::int16_t version, Now now);
    Errc commit_one(const OffsetKey& key, CommittedOffset offset, Effects& out) const;
    Errc check_offset_delete(const std::string& group_id) const;
    Errc delete_one(const OffsetKey& key, const metadata::Image& image, Effects& out) const;

    // coordinator_expiry.cc
    void forget_offset(const OffsetKey& key, Effects& out) const;
    void forget_offsets(const std::string& group_id, Effects& out) const;
    void expire(const ClassicGroup& group, Now now, Effects& out) const;
    void sweep(Now now, Effects& out);

    Settings settings_;
    Logger logger_;
    Timers timers_;
    ClassicProtocol protocol_;
    Groups groups_;
    ForeignGroups foreign_;
    Offsets offsets_;
    bool is_loaded_ = false;
    std::set<std::int16_t> unknown_types_;  // Told of already.
    std::int64_t sweep_due_ms_ = kNever;
    std::optional<std::string> sweep_after_;  // The group a sweep under way has come to.
};

}  // namespace kcore::group
