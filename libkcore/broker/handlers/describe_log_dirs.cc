// DescribeLogDirs: what lies in this broker's log directories, and how much room they have.

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "broker/handlers/handlers.h"
#include "broker/request.h"
#include "broker/services.h"
#include "protocol/api/describe_log_dirs.h"
#include "replication/partitions.h"

namespace kcore::broker {

namespace {

using protocol::DescribeLogDirsRequest;
using protocol::DescribeLogDirsResponse;
using Directory = DescribeLogDirsResponse::DescribeLogDirsResult;

// Nothing: every partition.
using PartitionFilter = std::optional<std::set<TopicPartition>>;

PartitionFilter filter_of(const DescribeLogDirsRequest& body) {
    if (!body.topics) return std::nullopt;
    std::set<TopicPartition> out;
    for (const auto& topic : *body.topics) {
        for (const auto partition : topic.partitions) out.insert({topic.topic, partition});
    }
    return out;
}

void put_space(log::LogDir& directory, Directory& out) {
    const auto space = directory.storage().disk().space(directory.path());
    if (!space) return;
    out.total_bytes = static_cast<std::int64_t>(space->total_bytes);
    out.usable_bytes = static_cast<std::int64_t>(space->usable_bytes);
}

// By topic.
using Replica = DescribeLogDirsResponse::DescribeLogDirsPartition;
using Replicas = std::map<std::string, std::vector<Replica>>;

Replicas replicas_in(log::LogDir& directory, const PartitionFilter& filter,
                     const Services& services) {
    Replicas out;
    const auto is_wanted = [&](const TopicPartition& name) {
        return !filter || filter->contains(name);
    };
    for (const auto& [partition, where] : services.partitions->all_placed()) {
        const auto& name = partition->name();
        if (where != &directory || !is_wanted(name)) continue;
        const auto size = partition->with_log([](log::Log& log) -> Result<std::int64_t> {
            return static_cast<std::int64_t>(log.size_bytes());
        });
        if (!size) continue;
        auto& one = out[name.topic].emplace_back();
        one.partition_index = name.partition;
        one.partition_size = *size;
    }
    for (const auto& moving : services.moves->all()) {
        const auto& name = moving.partition;
        const auto partition = services.partitions->find(name.topic, name.partition);
        if (moving.to != &directory || !is_wanted(name) || !partition) continue;
        auto& one = out[name.topic].emplace_back();
        one.partition_index = name.partition;
        one.partition_size = moving.size_bytes;
        one.offset_lag = std::max<std::int64_t>(partition->offsets().log_end - moving.log_end, 0);
        one.is_future_key = true;
    }
    for (auto& [topic, replicas] : out) {
        std::ranges::sort(replicas, {}, &Replica::partition_index);
    }
    return out;
}

Directory describe(log::LogDir& directory, const PartitionFilter& filter,
                   const Services& services) {
    Directory out;
    out.log_dir = directory.path();
    out.is_cordoned = directory.use() == log::LogDir::Use::cordoned;
    if (directory.is_offline()) {
        out.error_code = static_cast<std::int16_t>(Errc::kafka_storage_error);
        return out;
    }
    put_space(directory, out);
    for (auto& [topic, replicas] : replicas_in(directory, filter, services)) {
        auto& added = out.topics.emplace_back();
        added.name = topic;
        added.partitions = std::move(replicas);
    }
    return out;
}

}  // namespace

Outcome describe_log_dirs(Request& request) {
    const auto body = request.decode<DescribeLogDirsRequest>();
    if (!body) return request.malformed(body.error());
    const auto filter = filter_of(*body);
    DescribeLogDirsResponse out;
    for (const auto& directory : request.services.log_dirs->all()) {
        if (!directory->takes_partitions()) continue;
        out.results.push_back(describe(*directory, filter, request.services));
    }
    for (const auto& failed : request.services.log_dirs->failed()) {
        auto& added = out.results.emplace_back();
        added.log_dir = failed.path;
        added.error_code = static_cast<std::int16_t>(Errc::kafka_storage_error);
    }
    return request.answer(out);
}

}  // namespace kcore::broker
