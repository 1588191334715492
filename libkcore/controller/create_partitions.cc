// CreatePartitions: a topic grows; what it has stays as it is.

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "controller/assignment.h"
#include "controller/topics.h"

namespace kcore::controller {
namespace {

using AskedCount = protocol::CreatePartitionsRequest::CreatePartitionsTopic;

std::int64_t growth(const State& state, const AskedCount& asked) {
    const auto* topic = state.image->topic(asked.name);
    if (topic == nullptr) return 0;
    return std::max<std::int64_t>(0, std::int64_t{asked.count} - topic->partition_count());
}

Result<std::vector<Replicas>> assignment_of(const State& state, const metadata::Topic& topic,
                                            const AskedCount& asked, std::int32_t more) {
    const auto replicas =
        topic.partitions.empty() ? std::size_t{1} : topic.partitions[0]->replicas.size();
    if (!asked.assignments) return place_replicas(state, more, static_cast<std::int16_t>(replicas));
    if (asked.assignments->size() != static_cast<std::size_t>(more)) {
        return fail(
            Errc::invalid_replica_assignment,
            fmt::format("Attempted to add {} additional partition(s), but only {} assignment(s) "
                        "were specified.",
                        more, asked.assignments->size()));
    }
    std::vector<Replicas> all;
    for (const auto& assignment : *asked.assignments) {
        if (auto ok = check_replicas(state, assignment.broker_ids, replicas); !ok) {
            return std::unexpected(ok.error());
        }
        all.push_back(assignment.broker_ids);
    }
    return all;
}

Result<void> check_count(const metadata::Topic& topic, std::int32_t count) {
    const auto now = topic.partition_count();
    if (count == now) {
        return fail(Errc::invalid_partitions,
                    fmt::format("Topic already has {} partition(s).", now));
    }
    if (count < now) {
        return fail(Errc::invalid_partitions,
                    fmt::format("The topic {} currently has {} partition(s); {} would not be an "
                                "increase.",
                                topic.name, now, count));
    }
    return {};
}

Result<void> grow(const State& state, const AskedCount& asked, const Moment& moment,
                  std::vector<metadata::Record>& out) {
    const auto* topic = state.image->topic(asked.name);
    if (topic == nullptr) return fail(Errc::unknown_topic_or_partition, "");
    if (auto ok = check_count(*topic, asked.count); !ok) return ok;
    const auto now = topic->partition_count();
    const auto assignment = assignment_of(state, *topic, asked, asked.count - now);
    if (!assignment) return std::unexpected(assignment.error());
    std::vector<metadata::Record> records;
    for (std::size_t i = 0; i < assignment->size(); ++i) {
        auto record =
            new_partition(state, topic->id, now + static_cast<std::int32_t>(i), (*assignment)[i]);
        if (!record) return std::unexpected(record.error());
        records.push_back(std::move(*record));
    }
    if (auto ok = moment.take(std::ssize(records)); !ok) return ok;
    std::ranges::move(records, std::back_inserter(out));
    return {};
}

}  // namespace

Decision<protocol::CreatePartitionsResponse> create_partitions(
    const State& state, const protocol::CreatePartitionsRequest& request, const Moment& moment) {
    Decision<protocol::CreatePartitionsResponse> decision;
    std::map<std::string_view, int> counts;
    std::int64_t total = 0;
    for (const auto& asked : request.topics) {
        ++counts[asked.name];
        total += growth(state, asked);
    }
    std::set<std::string_view> answered;
    for (const auto& asked : request.topics) {
        if (!answered.insert(asked.name).second) continue;
        const auto decide = [&]() -> Result<void> {
            if (request.timeout_ms <= 0) return fail(Errc::request_timed_out, "");
            if (counts[asked.name] > 1) return fail(Errc::invalid_request, "Duplicate topic name.");
            if (total > kNewPartitionsMax) {
                return fail(Errc::policy_violation,
                            "Excessively large number of additional partitions per request.");
            }
            return grow(state, asked, moment, decision.records);
        };
        auto& answer = decision.response.results.emplace_back();
        answer.name = asked.name;
        if (const auto done = decide(); !done) {
            answer.error_code = static_cast<std::int16_t>(done.error().code);
            answer.error_message = text_of(done.error());
        }
    }
    if (request.validate_only) decision.records.clear();
    return decision;
}

}  // namespace kcore::controller
