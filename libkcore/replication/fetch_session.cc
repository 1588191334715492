#include "replication/fetch_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace kcore::replication {

namespace {

using protocol::FetchRequest;
using protocol::FetchResponse;

constexpr std::int32_t kInitialEpoch = 0;
constexpr std::int32_t kFinalEpoch = -1;
// A session used within this time is never evicted for another's sake.
constexpr auto kEvictableAfter = std::chrono::minutes(2);

std::int32_t next_epoch(std::int32_t epoch) {
    return epoch == std::numeric_limits<std::int32_t>::max() ? 1 : epoch + 1;
}

FetchPartition partition_of(const FetchRequest::FetchTopic& topic,
                            const FetchRequest::FetchPartition& wanted, bool uses_ids,
                            const TopicName& name_of) {
    FetchPartition out;
    out.topic_id = uses_ids ? topic.topic_id : Uuid{};
    out.topic = uses_ids ? name_of(topic.topic_id).value_or("") : topic.topic;
    out.partition = wanted.partition;
    out.offset = wanted.fetch_offset;
    out.bytes_max = wanted.partition_max_bytes;
    out.current_leader_epoch = wanted.current_leader_epoch;
    out.last_fetched_epoch = wanted.last_fetched_epoch;
    out.log_start_offset = wanted.log_start_offset;
    return out;
}

// Names a partition inside one session, where all topics go by id or all by name.
struct Key {
    Uuid topic_id;
    std::string_view topic;
    std::int32_t partition;
    friend bool operator==(const Key&, const Key&) = default;
};

struct KeyHash {
    std::size_t operator()(const Key& k) const {
        return std::hash<Uuid>{}(k.topic_id) * 31 + std::hash<std::string_view>{}(k.topic) * 7 +
               static_cast<std::size_t>(k.partition);
    }
};

Key key_of(const FetchPartition& p) {
    const bool by_id = !p.topic_id.is_zero();
    return {p.topic_id, by_id ? std::string_view() : std::string_view(p.topic), p.partition};
}

}  // namespace

class FetchSession {
public:
    FetchSession(std::int32_t session_id, bool ids, std::vector<FetchPartition> wanted)
        : id(session_id), uses_ids(ids) {
        for (auto& partition : wanted) put(std::move(partition));
    }

    // Adds or replaces; what the reader was told of it stays.
    void put(FetchPartition wanted) {
        const auto found = index_.find(key_of(wanted));
        if (found == index_.end()) {
            partitions_.push_back(std::move(wanted));
            index_.emplace(key_of(partitions_.back()), std::prev(partitions_.end()));
            return;
        }
        auto& held = *found->second;
        wanted.told_high_watermark = held.told_high_watermark;
        wanted.told_log_start_offset = held.told_log_start_offset;
        if (wanted.topic.empty()) wanted.topic = held.topic;
        const auto at = found->second;
        index_.erase(found);  // Its key views the name that is replaced.
        *at = std::move(wanted);
        index_.emplace(key_of(*at), at);
    }

    void forget(const Key& key) {
        const auto found = index_.find(key);
        if (found == index_.end()) return;
        const auto at = found->second;
        index_.erase(found);
        partitions_.erase(at);
    }

    // A topic that was unknown when it was asked for may have come since.
    void resolve_names(const TopicName& name_of) {
        for (auto& p : partitions_) {
            if (p.topic.empty()) p.topic = name_of(p.topic_id).value_or("");
        }
    }

    std::vector<FetchPartition> wanted() const { return {partitions_.begin(), partitions_.end()}; }
    bool empty() const { return partitions_.empty(); }

    // Whether the answer must carry this partition; remembers what it says.
    bool is_news(const Key& key, const FetchResponse::PartitionData& data) {
        const auto found = index_.find(key);
        if (found == index_.end()) return true;
        auto& held = *found->second;
        bool news = !data.records.is_null &&
                    (!data.records.bytes.empty() || data.records.external_bytes > 0);
        const bool with_data = news;
        news |= std::exchange(held.told_high_watermark, data.high_watermark) != data.high_watermark;
        news |= std::exchange(held.told_log_start_offset, data.log_start_offset) !=
                data.log_start_offset;
        news |= data.preferred_read_replica >= 0 || data.diverging_epoch.end_offset >= 0;
        if (data.error_code != 0) {
            held.told_high_watermark = -1;  // An error is news every time.
            news = true;
        }
        // Those with data go behind the others, so that no partition starves the rest.
        if (with_data) partitions_.splice(partitions_.end(), partitions_, found->second);
        return news;
    }

    const std::int32_t id;
    const bool uses_ids;
    std::mutex mutex;  // Over what follows: two connections may claim the same session.
    std::int32_t epoch = next_epoch(kInitialEpoch);
    io::Instant last_used;  // Guarded by FetchSessions.

private:
    std::list<FetchPartition> partitions_;
    std::unordered_map<Key, std::list<FetchPartition>::iterator, KeyHash> index_;
};

FetchSessions::FetchSessions(std::size_t slots, io::Clock& clock, io::Random& random)
    : slots_(slots), clock_(clock), random_(random) {}

std::size_t FetchSessions::size() const {
    const std::lock_guard lock(mutex_);
    return by_id_.size();
}

Result<FetchPlan> FetchSessions::begin(const FetchRequest& request, bool uses_ids,
                                       const TopicName& name_of) {
    if (request.session_epoch == kInitialEpoch || request.session_epoch == kFinalEpoch) {
        return begin_full(request, uses_ids, name_of);
    }
    return begin_incremental(request, uses_ids, name_of);
}

FetchPlan FetchSessions::begin_full(const FetchRequest& request, bool uses_ids,
                                    const TopicName& name_of) {
    FetchPlan plan;
    for (const auto& topic : request.topics) {
        for (const auto& wanted : topic.partitions) {
            plan.partitions.push_back(partition_of(topic, wanted, uses_ids, name_of));
        }
    }
    if (plan.partitions.size() > 1) {  // Of a partition named twice the last entry counts.
        plan.partitions = FetchSession(0, uses_ids, std::move(plan.partitions)).wanted();
    }
    const std::lock_guard lock(mutex_);
    if (request.session_id != 0) remove_locked(request.session_id);
    if (request.session_epoch == kFinalEpoch || !make_room_locked()) return plan;

    std::int32_t id = 0;
    while (id == 0 || by_id_.contains(id)) {
        id = static_cast<std::int32_t>(random_.next() & 0x7fffffffU);
    }
    plan.session = std::make_shared<FetchSession>(id, uses_ids, plan.partitions);
    plan.session->last_used = clock_.now();
    plan.session_id = id;
    by_id_.emplace(id, recent_.insert(recent_.end(), plan.session));
    return plan;
}

Result<FetchPlan> FetchSessions::begin_incremental(const FetchRequest& request, bool uses_ids,
                                                   const TopicName& name_of) {
    FetchPlan plan;
    const std::lock_guard registry_lock(mutex_);
    const auto found = by_id_.find(request.session_id);
    if (found == by_id_.end()) {
        return fail(Errc::fetch_session_id_not_found,
                    fmt::format("fetch session {} is unknown", request.session_id));
    }
    plan.session = *found->second;
    plan.session->last_used = clock_.now();
    recent_.splice(recent_.end(), recent_, found->second);

    auto& session = *plan.session;
    const std::lock_guard lock(session.mutex);
    if (session.epoch != request.session_epoch) {
        return fail(Errc::invalid_fetch_session_epoch,
                    fmt::format("fetch session {}: epoch {} where {} is next", session.id,
                                request.session_epoch, session.epoch));
    }
    if (session.uses_ids != uses_ids) {
        return fail(Errc::fetch_session_topic_id_error,
                    fmt::format("fetch session {} began with topic {}", session.id,
                                session.uses_ids ? "ids" : "names"));
    }
    for (const auto& topic : request.topics) {
        for (const auto& wanted : topic.partitions) {
            session.put(partition_of(topic, wanted, uses_ids, name_of));
        }
    }
    for (const auto& topic : request.forgotten_topics_data) {
        const auto name = uses_ids ? std::string_view() : std::string_view(topic.topic);
        const auto id = uses_ids ? topic.topic_id : Uuid{};
        for (const auto partition : topic.partitions) session.forget({id, name, partition});
    }
    if (session.empty()) {  // Nothing left to remember: the reader is told so by session id 0.
        remove_locked(session.id);
        plan.session = nullptr;
        return plan;
    }
    session.epoch = next_epoch(session.epoch);
    session.resolve_names(name_of);
    plan.session_id = session.id;
    plan.incremental = true;
    plan.partitions = session.wanted();
    return plan;
}

void FetchSessions::finish(const FetchPlan& plan, FetchResponse& answer) {
    answer.session_id = plan.session_id;
    if (!plan.session) return;
    auto& session = *plan.session;
    const std::lock_guard lock(session.mutex);
    for (auto& topic : answer.responses) {
        const auto name = session.uses_ids ? std::string_view() : std::string_view(topic.topic);
        const auto id = session.uses_ids ? topic.topic_id : Uuid{};
        std::erase_if(topic.partitions, [&](const FetchResponse::PartitionData& data) {
            const bool news = session.is_news({id, name, data.partition_index}, data);
            return plan.incremental && !news;
        });
    }
    std::erase_if(answer.responses, [](const auto& topic) { return topic.partitions.empty(); });
}

// The longest unused session gives way when it has been idle long enough.
bool FetchSessions::make_room_locked() {
    if (by_id_.size() < slots_) return true;
    if (recent_.empty()) return false;
    const auto& oldest = recent_.front();
    if (clock_.now() - oldest->last_used < kEvictableAfter) return false;
    remove_locked(oldest->id);
    return true;
}

void FetchSessions::remove_locked(std::int32_t id) {
    const auto found = by_id_.find(id);
    if (found == by_id_.end()) return;
    recent_.erase(found->second);
    by_id_.erase(found);
}

}  // namespace kcore::replication
