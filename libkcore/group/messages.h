#pragma once
// What goes into a coordinator and comes out of it: requests with who asks, the records a decision
// appends, and the replies it owes.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/errc.h"
#include "metadata/image.h"
#include "protocol/api/delete_groups.h"
#include "protocol/api/describe_groups.h"
#include "protocol/api/heartbeat.h"
#include "protocol/api/join_group.h"
#include "protocol/api/leave_group.h"
#include "protocol/api/list_groups.h"
#include "protocol/api/offset_commit.h"
#include "protocol/api/offset_delete.h"
#include "protocol/api/offset_fetch.h"
#include "protocol/api/sync_group.h"
#include "rsm/replicated_log.h"

namespace kcore::group {

// Timers run on the steady clock; records and retention carry the time of day.
struct Now {
    std::int64_t steady_ms = 0;
    std::int64_t wall_ms = 0;
};

// As it stands in an answer.
inline std::int16_t wire(Errc code) { return static_cast<std::int16_t>(code); }

inline constexpr std::int64_t kNever = INT64_MAX;

// Who waits for an answer; chosen by the caller, unique among those waiting.
using Ticket = std::uint64_t;

// OffsetFetch asks for several groups, which may live in different shards.
struct FetchOffsets {
    protocol::OffsetFetchRequest::OffsetFetchRequestGroup group;
    bool require_stable = false;
};
using FetchedOffsets = protocol::OffsetFetchResponse::OffsetFetchResponseGroup;

// Requests that name several groups (describe, delete) hold those of one shard.
using Request =
    std::variant<protocol::JoinGroupRequest, protocol::SyncGroupRequest, protocol::HeartbeatRequest,
                 protocol::LeaveGroupRequest, protocol::DescribeGroupsRequest,
                 protocol::ListGroupsRequest, protocol::DeleteGroupsRequest,
                 protocol::OffsetCommitRequest, FetchOffsets, protocol::OffsetDeleteRequest>;

using Response = std::variant<protocol::JoinGroupResponse, protocol::SyncGroupResponse,
                              protocol::HeartbeatResponse, protocol::LeaveGroupResponse,
                              protocol::DescribeGroupsResponse, protocol::ListGroupsResponse,
                              protocol::DeleteGroupsResponse, protocol::OffsetCommitResponse,
                              FetchedOffsets, protocol::OffsetDeleteResponse>;

struct RequestContext {
    std::int16_t version = 0;
    std::string client_id;
    std::string client_host;   // As members show it: "/127.0.0.1".
    metadata::ImagePtr image;  // Not null for commits, fetches and deletes of offsets.
};

struct Reply {
    Ticket ticket = 0;
    std::int16_t version = 0;
    Response response;
};

// Records go to the log as one batch (in pieces when not atomic), replies once it is committed.
struct Effects {
    std::vector<rsm::Record> records;
    std::vector<Reply> replies;
    bool atomic = true;
    bool applies_records = false;  // The decision is in memory only after appended().
    std::optional<Errc> refusal;   // A record could not be made: as if the log had refused it.
    std::function<void(Now, Effects&)> undo;  // Takes back what memory already holds.
};

// The answer to a request that is not decided here: not coordinator, still loading.
Response error_response(const Request& request, std::int16_t version, Errc code);

// Turns the answer of a decision that did not reach the log into an error; parts that had failed
// already keep their own.
void refuse(Reply& reply, Errc code);

// What clients are told when the log refuses an append with `code`.
Errc append_error(Errc code);

// OffsetFetch in the shape of v1 to v7 holds one group.
std::vector<FetchOffsets> split(const protocol::OffsetFetchRequest& request, std::int16_t version);
protocol::OffsetFetchResponse join_answers(const protocol::OffsetFetchRequest& request,
                                           std::vector<FetchedOffsets> groups,
                                           std::int16_t version);

}  // namespace kcore::group
