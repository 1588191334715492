#pragma once
// Incremental fetch sessions (KIP-227): the server remembers which partitions a reader wants and
// what it was told of them last, so that requests and answers carry only what changed.

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/topic_partition.h"
#include "io/clock.h"
#include "io/random.h"
#include "protocol/api/fetch.h"

namespace kcore::replication {

// One partition as a fetch wants it.
struct FetchPartition {
    Uuid topic_id;      // Zero when the reader names topics (before version 13).
    std::string topic;  // Empty while the id is unknown here.
    std::int32_t partition = 0;
    std::int64_t offset = 0;
    std::int32_t bytes_max = 0;
    std::int32_t current_leader_epoch = -1;
    std::int32_t last_fetched_epoch = -1;
    std::int64_t log_start_offset = -1;  // The follower's own.

    // What the last answer of the session said.
    std::int64_t told_high_watermark = -1;
    std::int64_t told_log_start_offset = -1;
};

using TopicName = std::function<std::optional<std::string>(Uuid)>;

class FetchSession;

// What one request asks for, with the session it belongs to (if any).
struct FetchPlan {
    std::shared_ptr<FetchSession> session;  // None: a sessionless fetch.
    std::int32_t session_id = 0;            // To be answered.
    bool incremental = false;               // Leave out partitions without news.
    std::vector<FetchPartition> partitions;
};

// Thread-safe.
class FetchSessions {
public:
    FetchSessions(std::size_t slots, io::Clock& clock, io::Random& random);

    // Takes the session fields of `request` (versions that lack them read as no session).
    //   fetch_session_id_not_found, invalid_fetch_session_epoch, fetch_session_topic_id_error
    Result<FetchPlan> begin(const protocol::FetchRequest& request, bool uses_ids,
                            const TopicName& name_of);

    // Drops from `answer` what the session's reader knows already, and remembers the rest.
    void finish(const FetchPlan& plan, protocol::FetchResponse& answer);

    std::size_t size() const;

private:
    using Recent = std::list<std::shared_ptr<FetchSession>>;  // Least recently used first.

    FetchPlan begin_full(const protocol::FetchRequest& request, bool uses_ids,
                         const TopicName& name_of);
    Result<FetchPlan> begin_incremental(const protocol::FetchRequest& request, bool uses_ids,
                                        const TopicName& name_of);
    bool make_room_locked();
    void remove_locked(std::int32_t id);

    const std::size_t slots_;
    io::Clock& clock_;
    io::Random& random_;
    mutable std::mutex mutex_;
    std::unordered_map<std::int32_t, Recent::iterator> by_id_;
    Recent recent_;
};

}  // namespace kcore::replication
