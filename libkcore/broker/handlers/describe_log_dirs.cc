// DescribeLogDirs: what lies in this broker's log directories, and how much room they have.

#include <map>
#include <set>
#include <string>

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
using Filter = std::optional<std::set<TopicPartition>>;

Filter filter_of(const DescribeLogDirsRequest& body) {
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

Directory describe(log::LogDir& directory, const Filter& filter,
                   const std::vector<replication::Partitions::Placed>& placed) {
    Directory out;
    out.log_dir = directory.path();
    out.is_cordoned = directory.use() == log::LogDir::Use::cordoned;
    if (directory.is_offline()) {
        out.error_code = static_cast<std::int16_t>(Errc::kafka_storage_error);
        return out;
    }
    put_space(directory, out);
    std::map<std::string, std::map<std::int32_t, std::int64_t>> sizes;
    for (const auto& [partition, where] : placed) {
        if (where != &directory || (filter && !filter->contains(partition->name()))) continue;
        const auto size = partition->with_log([](log::Log& log) -> Result<std::int64_t> {
            return static_cast<std::int64_t>(log.size_bytes());
        });
        if (size) sizes[partition->name().topic][partition->name().partition] = *size;
    }
    for (const auto& [topic, partitions] : sizes) {
        auto& added = out.topics.emplace_back();
        added.name = topic;
        for (const auto& [number, size] : partitions) {
            auto& one = added.partitions.emplace_back();
            one.partition_index = number;
            one.partition_size = size;
        }
    }
    return out;
}

}  // namespace

Outcome describe_log_dirs(Request& request) {
    const auto body = request.decode<DescribeLogDirsRequest>();
    if (!body) return request.malformed(body.error());
    const auto filter = filter_of(*body);
    const auto placed = request.services.partitions->all_placed();
    DescribeLogDirsResponse out;
    for (const auto& directory : request.services.log_dirs->all()) {
        if (!directory->takes_partitions()) continue;
        out.results.push_back(describe(*directory, filter, placed));
    }
    for (const auto& failed : request.services.log_dirs->failed()) {
        auto& added = out.results.emplace_back();
        added.log_dir = failed.path;
        added.error_code = static_cast<std::int16_t>(Errc::kafka_storage_error);
    }
    return request.answer(out);
}

}  // namespace kcore::broker
