#include "replication/fetcher.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace kcore::replication {

bool Fetcher::follow(PartitionRef partition, std::int32_t leader_epoch) {
    const auto name = partition->name();
    const auto known = followed_.find(name);
    if (known != followed_.end() && known->second.partition == partition &&
        known->second.leader_epoch == leader_epoch) {
        return false;
    }
    const auto end = partition->log_end(leader_epoch);
    if (!end) {  // The image has moved on, and says more soon.
        leave(name);
        return false;
    }
    names_[partition->topic_id()] = name.topic;
    followed_.insert_or_assign(name, Followed{std::move(partition), leader_epoch, *end, 0});
    return true;
}

void Fetcher::leave(const TopicPartition& name) {
    const auto known = followed_.find(name);
    if (known == followed_.end()) return;
    const auto id = known->second.partition->topic_id();
    followed_.erase(known);
    const auto is_same = [&](const auto& one) { return one.second.partition->topic_id() == id; };
    if (std::ranges::none_of(followed_, is_same)) names_.erase(id);
}

rpc::FetchPart Fetcher::part_of(const Followed& followed) const {
    rpc::FetchPart part;
    part.topic_id = followed.partition->topic_id();
    part.offset = followed.end.offset;
    part.leader_epoch = followed.leader_epoch;
    part.max_bytes = options_.partition_bytes_max;
    part.last_fetched_epoch = followed.end.epoch;
    part.log_start = followed.partition->offsets().log_start;
    return part;
}

std::optional<protocol::FetchRequest> Fetcher::next(std::int64_t broker_epoch,
                                                    std::int64_t now_ms) {
    rpc::FetchParts parts;
    for (const auto& [name, followed] : followed_) {
        if (followed.not_before_ms <= now_ms) parts.emplace(name, part_of(followed));
    }
    asked_ = parts;
    if (parts.empty()) return std::nullopt;
    protocol::FetchRequest request;
    request.replica_state.replica_id = options_.broker_id;
    request.replica_state.replica_epoch = broker_epoch;
    request.max_wait_ms = options_.wait_max_ms;
    request.min_bytes = options_.bytes_min;
    request.max_bytes = options_.bytes_max;
    session_.fill(request, std::move(parts));
    return request;
}

std::int64_t Fetcher::wake_at_ms() const {
    auto first = std::numeric_limits<std::int64_t>::max();
    for (const auto& [name, followed] : followed_) first = std::min(first, followed.not_before_ms);
    return first;
}

std::vector<Repair> Fetcher::answered(const protocol::FetchResponse& answer, std::int64_t now_ms,
                                      std::int64_t wall_ms) {
    std::vector<Repair> repairs;
    if (!session_.answered(answer)) return repairs;
    for (const auto& topic : answer.responses) {
        const auto name = names_.find(topic.topic_id);
        const auto& topic_name = name == names_.end() ? topic.topic : name->second;
        for (const auto& partition : topic.partitions) {
            const TopicPartition key{topic_name, partition.partition_index};
            const auto asked = asked_.find(key);
            const auto known = followed_.find(key);
            if (asked == asked_.end() || known == followed_.end()) continue;
            auto& followed = known->second;
            const bool is_old = asked->second.leader_epoch != followed.leader_epoch ||
                                asked->second.offset != followed.end.offset;
            if (is_old) continue;
            auto repair = take(followed, partition, now_ms, wall_ms);
            if (repair) repairs.push_back(std::move(*repair));
        }
    }
    return repairs;
}

std::optional<Repair> Fetcher::take(Followed& followed, const Answer& answer, std::int64_t now_ms,
                                    std::int64_t wall_ms) {
    const auto code = errc_from_wire(answer.error_code);
    if (code == Errc::offset_out_of_range) {
        return Repair{followed.partition, followed.leader_epoch, std::nullopt};
    }
    if (code != Errc::none) {
        logger_.info("not fetched partition={} epoch={} error={}",
                     followed.partition->name().to_string(), followed.leader_epoch,
                     errc_name(code));
        wait(followed, now_ms);
        return std::nullopt;
    }
    if (answer.diverging_epoch.end_offset >= 0) {
        return Repair{
            followed.partition, followed.leader_epoch,
            log::EpochEnd{answer.diverging_epoch.epoch, answer.diverging_epoch.end_offset}};
    }
    Fetched fetched{answer.records.bytes, answer.high_watermark, answer.log_start_offset};
    went(followed, followed.partition->replicate(followed.leader_epoch, fetched, wall_ms), now_ms);
    return std::nullopt;
}

void Fetcher::wait(Followed& followed, std::int64_t now_ms) const {
    followed.not_before_ms = now_ms + options_.backoff_ms;
}

void Fetcher::went(Followed& followed, const Result<LogEnd>& outcome, std::int64_t now_ms) const {
    if (outcome) {
        followed.end = *outcome;
        return;
    }
    // Another epoch is on its way here. Else: it may have been a passing fault.
    const auto code = outcome.error().code;
    if (code != Errc::fenced_leader_epoch && code != Errc::not_leader_or_follower) {
        logger_.warn("not replicated partition={} error={} reason=\"{}\"",
                     followed.partition->name().to_string(), errc_name(code), outcome.error().what);
    }
    wait(followed, now_ms);
    const auto end = followed.partition->log_end(followed.leader_epoch);
    if (end) followed.end = *end;
}

void Fetcher::repaired(const Repair& repair, const Result<LogEnd>& outcome, std::int64_t now_ms) {
    const auto known = followed_.find(repair.partition->name());
    const bool is_old = known == followed_.end() || known->second.partition != repair.partition ||
                        known->second.leader_epoch != repair.leader_epoch;
    if (is_old) return;
    if (outcome) {
        logger_.info("cut partition={} epoch={} end={}", repair.partition->name().to_string(),
                     repair.leader_epoch, outcome->offset);
    }
    went(known->second, outcome, now_ms);
}

}  // namespace kcore::replication
