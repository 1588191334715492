#include "controller/topics.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "controller/assignment.h"
#include "controller/configs.h"
#include "controller/topic_names.h"

namespace kcore::controller {
namespace {

using AskedTopic = protocol::CreateTopicsRequest::CreatableTopic;
using CreatedAnswer = protocol::CreateTopicsResponse::CreatableTopicResult;
using metadata::ResourceType;

constexpr std::string_view kMetadataTopic = "__cluster_metadata";
constexpr std::int32_t kUnset = -1;

CreatedAnswer refused(const std::string& name, const Error& error) {
    CreatedAnswer answer;
    answer.name = name;
    answer.error_code = static_cast<std::int16_t>(error.code);
    answer.error_message = text_of(error);
    answer.configs.emplace();
    return answer;
}

// Names as metrics see them, of topics whose names could collide.
std::map<std::string, std::string> collisions(const metadata::Image& image) {
    std::map<std::string, std::string> names;
    image.topics_by_name.for_each([&](const std::string& name, const metadata::TopicPtr&) {
        if (may_collide(name)) names.emplace(unify_name(name), name);
    });
    return names;
}

Result<void> check_name(const State& state, const std::string& name,
                        const std::map<std::string, std::string>& taken) {
    if (name == kMetadataTopic) {
        return fail(Errc::invalid_request,
                    "Creation of internal topic __cluster_metadata is prohibited.");
    }
    if (auto legal = check_topic_name(name); !legal) return legal;
    if (state.image->topic(name) != nullptr) {
        return fail(Errc::topic_already_exists, fmt::format("Topic '{}' already exists.", name));
    }
    if (!may_collide(name)) return {};
    const auto at = taken.find(unify_name(name));
    if (at == taken.end()) return {};
    return fail(Errc::invalid_topic_exception,
                fmt::format("Topic '{}' collides with existing topic: {}", name, at->second));
}

// Of repeated settings the last one counts.
Result<ConfigMap> configs_of(const State& state, const AskedTopic& asked) {
    ConfigMap configs;
    for (const auto& config : asked.configs) {
        if (!config.value) {
            return fail(Errc::invalid_config,
                        "Null value not supported for topic configs: " + config.name);
        }
        configs[config.name] = *config.value;
    }
    if (auto ok = state.rules.check(*state.image, {ResourceType::topic, asked.name}, configs);
        !ok) {
        return std::unexpected(ok.error());
    }
    return configs;
}

Result<std::vector<Replicas>> assigned_by_hand(const State& state, const AskedTopic& asked) {
    if (asked.replication_factor != kUnset) {
        return fail(
            Errc::invalid_request,
            "A manual partition assignment was specified, but replication factor was not set "
            "to -1.");
    }
    if (asked.num_partitions != kUnset) {
        return fail(
            Errc::invalid_request,
            "A manual partition assignment was specified, but numPartitions was not set to -1.");
    }
    std::map<std::int32_t, Replicas> by_number;
    std::optional<std::size_t> replicas;
    for (const auto& a : asked.assignments) {
        if (by_number.contains(a.partition_index)) {
            return fail(Errc::invalid_replica_assignment,
                        fmt::format("Found multiple manual partition assignments for partition {}",
                                    a.partition_index));
        }
        if (auto ok = check_replicas(state, a.broker_ids, replicas); !ok) {
            return std::unexpected(ok.error());
        }
        replicas = a.broker_ids.size();
        by_number[a.partition_index] = a.broker_ids;
    }
    std::vector<Replicas> all;
    for (auto& [number, brokers] : by_number) {
        if (number != static_cast<std::int32_t>(all.size())) {
            return fail(Errc::invalid_replica_assignment,
                        "partitions should be a consecutive 0-based integer sequence");
        }
        all.push_back(std::move(brokers));
    }
    return all;
}

Result<std::vector<Replicas>> assignment_of(const State& state, const AskedTopic& asked) {
    if (!asked.assignments.empty()) return assigned_by_hand(state, asked);
    if (asked.replication_factor < kUnset || asked.replication_factor == 0) {
        return fail(Errc::invalid_replication_factor,
                    "Replication factor must be larger than 0, or -1 to use the default value.");
    }
    if (asked.num_partitions < kUnset || asked.num_partitions == 0) {
        return fail(Errc::invalid_partitions,
                    "Number of partitions was set to an invalid non-positive value.");
    }
    const auto& settings = state.settings;
    const auto partitions =
        asked.num_partitions == kUnset ? settings.partitions_default : asked.num_partitions;
    const auto replicas = asked.replication_factor == kUnset ? settings.replication_factor_default
                                                             : asked.replication_factor;
    return place_replicas(state, partitions, replicas);
}

void fill_configs(const State& state, const ConfigMap& configs, CreatedAnswer& answer) {
    answer.configs.emplace();
    for (const auto& effective : state.rules.effective(*state.image, configs)) {
        auto& shown = answer.configs->emplace_back();
        shown.name = effective.key->name;
        shown.is_sensitive = effective.key->is_sensitive();
        shown.value.reset();
        if (!shown.is_sensitive && !effective.value.is_null())
            shown.value = effective.value.to_text();
        // What was set is shown as it was written.
        const auto set = configs.find(effective.key->name);
        if (shown.value && set != configs.end()) shown.value = set->second;
        shown.config_source = static_cast<std::int8_t>(effective.source);
    }
}

// What the rules for new topics judge.
ConfigMap described(const AskedTopic& asked, const ConfigMap& configs,
                    const std::vector<Replicas>& assignment) {
    auto values = configs;
    values["name"] = asked.name;
    values["partitions"] = std::to_string(assignment.size());
    values["replication.factor"] = std::to_string(assignment.front().size());
    return values;
}

Result<CreatedAnswer> create_one(const State& state, const AskedTopic& asked, const Moment& moment,
                                 std::vector<metadata::Record>& out) {
    const auto configs = configs_of(state, asked);
    if (!configs) return std::unexpected(configs.error());
    const auto assignment = assignment_of(state, asked);
    if (!assignment) return std::unexpected(assignment.error());
    auto allowed =
        check_policy(state.settings.create_policy, described(asked, *configs, *assignment));
    if (!allowed) return std::unexpected(allowed.error());

    protocol::TopicRecord topic;
    topic.name = asked.name;
    topic.topic_id = state.new_uuid();
    std::vector<metadata::Record> records{{topic, 0}};
    std::ranges::move(config_records(state, {ResourceType::topic, asked.name}, *configs),
                      std::back_inserter(records));
    for (std::size_t i = 0; i < assignment->size(); ++i) {
        auto partition =
            new_partition(state, topic.topic_id, static_cast<std::int32_t>(i), (*assignment)[i]);
        if (!partition) return std::unexpected(partition.error());
        records.push_back(std::move(*partition));
    }
    if (auto ok = moment.take(static_cast<std::int64_t>(assignment->size())); !ok) {
        return std::unexpected(ok.error());
    }
    CreatedAnswer answer;
    answer.name = asked.name;
    answer.error_message.reset();
    answer.topic_id = topic.topic_id;
    answer.num_partitions = static_cast<std::int32_t>(assignment->size());
    answer.replication_factor = static_cast<std::int16_t>(assignment->front().size());
    fill_configs(state, *configs, answer);
    std::ranges::move(records, std::back_inserter(out));
    return answer;
}

std::int64_t partitions_of(const State& state, const AskedTopic& asked) {
    if (!asked.assignments.empty()) return static_cast<std::int64_t>(asked.assignments.size());
    return asked.num_partitions == kUnset ? state.settings.partitions_default
                                          : std::max(asked.num_partitions, 0);
}

}  // namespace

Decision<protocol::CreateTopicsResponse> create_topics(const State& state,
                                                       const protocol::CreateTopicsRequest& request,
                                                       const Moment& moment) {
    Decision<protocol::CreateTopicsResponse> decision;
    const auto taken = collisions(*state.image);
    std::map<std::string_view, int> counts;
    for (const auto& asked : request.topics) ++counts[asked.name];

    std::int64_t partitions = 0;
    for (const auto& asked : request.topics) partitions += partitions_of(state, asked);
    std::set<std::string_view> answered;
    for (const auto& asked : request.topics) {
        if (!answered.insert(asked.name).second) continue;
        const auto decide = [&]() -> Result<CreatedAnswer> {
            if (request.timeout_ms <= 0) return fail(Errc::request_timed_out, "");
            if (counts[asked.name] > 1) return fail(Errc::invalid_request, "Duplicate topic name.");
            if (auto ok = check_name(state, asked.name, taken); !ok)
                return std::unexpected(ok.error());
            if (partitions > kNewPartitionsMax) {
                return fail(Errc::policy_violation,
                            "Excessively large number of partitions per request.");
            }
            return create_one(state, asked, moment, decision.records);
        };
        auto answer = decide();
        decision.response.topics.push_back(answer ? std::move(*answer)
                                                  : refused(asked.name, answer.error()));
    }
    if (request.validate_only) decision.records.clear();
    return decision;
}

}  // namespace kcore::controller
