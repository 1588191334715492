#include "topics/scripts/described_topic.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "cli/ask.h"

namespace kcore::topics {

namespace {

using cli::Json;
using Configs = std::vector<client::ConfigEntry>;

std::string ids(const Json& brokers) {
    std::string out;
    for (const auto& id : brokers) out += (out.empty() ? "" : ",") + id.dump();
    return out;
}

// Eligible leader replicas: clusters that have none of that kind say nothing.
std::string ids_if_known(const Json& partition, const char* field) {
    if (!partition.contains(field) || partition[field].is_null()) return "N/A";
    return ids(partition[field]);
}

// The topics of an answer of DescribeTopicPartitions, which comes in pages.
Result<void> add_pages(cli::Session& session, Json request, std::map<std::string, Json>& out) {
    for (;;) {
        auto answer = cli::ask(session, "DescribeTopicPartitions", request);
        if (!answer) return std::unexpected(std::move(answer).error());
        for (auto& topic : (*answer)["topics"]) {
            const auto name = topic["name"].get<std::string>();
            const auto [found, is_new] = out.try_emplace(name, topic);
            if (is_new) continue;
            for (auto& one : topic["partitions"]) {
                found->second["partitions"].push_back(std::move(one));
            }
        }
        if ((*answer)["nextCursor"].is_null()) return {};
        request["cursor"] = (*answer)["nextCursor"];
    }
}

// By name. Brokers before 3.8 know only Metadata, which says the same without eligible leaders.
Result<std::map<std::string, Json>> look(cli::Session& session,
                                         const std::vector<std::string>& names, std::int64_t page) {
    std::map<std::string, Json> out;
    auto topics = Json::array();
    for (const auto& name : names) topics.push_back({{"name", name}});
    const Json request{{"topics", topics}, {"responsePartitionLimit", page}, {"cursor", nullptr}};
    auto done = add_pages(session, request, out);
    if (done) return out;
    if (done.error().code != Errc::unsupported_version) {
        return std::unexpected(std::move(done).error());
    }
    auto answer = cli::ask(session, "Metadata", {{"topics", topics}});
    if (!answer) return std::unexpected(std::move(answer).error());
    for (auto& topic : (*answer)["topics"]) out[topic["name"].get<std::string>()] = topic;
    return out;
}

class Printer {
public:
    Printer(const DescribeFlags& flags, std::map<TopicPartition, client::Reassignment> moves)
        : flags_(flags), moves_(std::move(moves)) {
        for (const auto& [name, is_given] : flags.of_partitions()) only_partitions_ |= is_given;
    }

    std::string print(const Json& topic, const Configs& configs) {
        name_ = topic["name"].get<std::string>();
        auto partitions = topic["partitions"].get<std::vector<Json>>();
        std::ranges::sort(partitions, {}, [](const Json& one) { return index_of(one); });
        std::string out;
        if (!only_partitions_) out += header(topic, partitions, configs);
        if (flags_.only_overrides) return out;
        for (const auto& one : partitions) {
            if (!only_partitions_ || is_wanted(one, configs)) out += line(one);
        }
        return out;
    }

private:
    static std::int32_t index_of(const Json& partition) {
        return partition["partitionIndex"].get<std::int32_t>();
    }

    const client::Reassignment* move_of(const Json& partition) const {
        const auto found = moves_.find({name_, index_of(partition)});
        return found == moves_.end() ? nullptr : &found->second;
    }

    // Without those that are being added.
    std::size_t replicas_of(const Json& partition) const {
        const auto* move = move_of(partition);
        return partition["replicaNodes"].size() - (move == nullptr ? 0 : move->adding.size());
    }

    std::string header(const Json& topic, const std::vector<Json>& partitions,
                       const Configs& configs) const {
        std::string overrides;
        for (const auto& entry : configs) {
            if (entry.source == client::ConfigSource::default_config) continue;
            overrides += fmt::format("{}{}={}", overrides.empty() ? "" : ",", entry.name,
                                     entry.value.value_or("null"));
        }
        if (flags_.only_overrides && overrides.empty()) return "";
        return fmt::format(
            "Topic: {}\tTopicId: {}\tPartitionCount: {}\tReplicationFactor: {}\tConfigs: {}\n",
            name_, topic.value("topicId", ""), partitions.size(),
            partitions.empty() ? 0 : replicas_of(partitions.front()), overrides);
    }

    bool is_wanted(const Json& partition, const Configs& configs) const {
        const auto isr = partition["isrNodes"].size();
        const auto least =
            std::ranges::find(configs, "min.insync.replicas", &client::ConfigEntry::name);
        std::int64_t min_isr = 1;
        if (least != configs.end() && least->value)
            (void)cli::parse_integer(*least->value, min_isr);
        const auto in_sync = static_cast<std::int64_t>(isr);
        return (flags_.under_replicated && isr < replicas_of(partition)) ||
               (flags_.unavailable && partition["leaderId"].get<std::int32_t>() < 0) ||
               (flags_.under_min_isr && in_sync < min_isr) ||
               (flags_.at_min_isr && in_sync == min_isr);
    }

    std::string line(const Json& partition) const {
        const auto leader = partition["leaderId"].get<std::int32_t>();
        auto out =
            fmt::format("\tTopic: {}\tPartition: {}\tLeader: {}\tReplicas: {}\tIsr: {}", name_,
                        index_of(partition), leader < 0 ? "none" : std::to_string(leader),
                        ids(partition["replicaNodes"]), ids(partition["isrNodes"]));
        if (const auto* move = move_of(partition)) {
            out += fmt::format("\tAdding Replicas: {}\tRemoving Replicas: {}",
                               fmt::join(move->adding, ","), fmt::join(move->removing, ","));
        }
        return out + fmt::format("\tElr: {}\tLastKnownElr: {}\n",
                                 ids_if_known(partition, "eligibleLeaderReplicas"),
                                 ids_if_known(partition, "lastKnownElr"));
    }

    const DescribeFlags& flags_;
    const std::map<TopicPartition, client::Reassignment> moves_;
    std::string name_;
    bool only_partitions_ = false;
};

}  // namespace

Result<std::string> describe(cli::Session& session, const std::vector<std::string>& names,
                             const DescribeFlags& flags) {
    if (names.empty()) return "";
    auto topics = look(session, names, flags.page);
    if (!topics) return std::unexpected(std::move(topics).error());
    auto configs = session.admin().describe_configs(client::ResourceType::topic, names, false);
    if (!configs) return std::unexpected(std::move(configs).error());
    std::map<TopicPartition, client::Reassignment> moves;
    // Who may not see what moves sees the rest.
    if (auto moving = session.admin().reassignments()) {
        for (auto& one : *moving) moves.emplace(one.partition, std::move(one));
    }
    Printer printer(flags, std::move(moves));
    std::string out;
    for (const auto& [name, topic] : *topics) {
        if (auto error = cli::error_of(topic)) return std::unexpected(std::move(*error));
        const auto found = std::ranges::find(*configs, name, &client::ResourceConfigs::name);
        out += printer.print(topic, found == configs->end() ? Configs() : found->entries);
    }
    return out;
}

}  // namespace kcore::topics
