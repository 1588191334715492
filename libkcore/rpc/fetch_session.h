#pragma once
// One incremental fetch session with a broker (KIP-227): after the first request only what changed
// is asked for, and only what has news is answered. For consumers and for followers.
// Single-threaded.

#include <cstdint>
#include <map>
#include <vector>

#include "base/topic_partition.h"
#include "base/uuid.h"
#include "protocol/api/fetch.h"

namespace kcore::rpc {

// What is asked of one partition.
struct FetchPart {
    Uuid topic_id;
    std::int64_t offset = 0;
    std::int32_t leader_epoch = -1;
    std::int32_t max_bytes = 0;
    std::int32_t last_fetched_epoch = -1;
    std::int64_t log_start = -1;  // A follower's own.

    friend bool operator==(const FetchPart&, const FetchPart&) = default;
};
using FetchParts = std::map<TopicPartition, FetchPart>;

class FetchSession {
public:
    // Writes session and partitions into the request: all of `wanted`, or what changed since the
    // last request.
    void fill(protocol::FetchRequest& request, FetchParts wanted);

    // False: the broker refused the session and the next request begins a new one.
    bool answered(const protocol::FetchResponse& response);

    // No answer came: what the broker knows of the session is not known.
    void lost() { epoch_ = 0; }

private:
    void fill_changes(protocol::FetchRequest& request, const FetchParts& wanted) const;

    std::int32_t id_ = 0;     // 0: none.
    std::int32_t epoch_ = 0;  // Of the next request; 0 begins a session.
    FetchParts parts_;        // As the broker knows them.
};

}  // namespace kcore::rpc
