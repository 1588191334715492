#pragma once
// What ktopics knows of topics, gathered from several calls, and its rows.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/sheet.h"
#include "client/admin.h"

namespace kcore::topics {

struct PartitionRow {
    std::string topic;
    std::int32_t partition = 0;
    std::int32_t leader = -1;
    std::int32_t leader_epoch = -1;
    std::vector<std::int32_t> replicas;
    std::vector<std::int32_t> isr;
    std::optional<std::int64_t> start;
    std::optional<std::int64_t> end;
    std::optional<std::int64_t> size_bytes;
    std::string status;
    std::optional<Error> error;
};

struct TopicRow {
    std::string topic;
    std::string id;
    bool is_internal = false;
    std::int64_t partition_count = 0;
    std::int64_t replication_factor = 0;
    std::optional<std::int64_t> records;
    std::optional<std::int64_t> size_bytes;
    std::int64_t min_isr = 1;  // min.insync.replicas
    std::string status;
    std::vector<client::ConfigEntry> configs;  // Set on the topic.
    std::vector<PartitionRow> partitions;
    std::optional<Error> error;
};

const std::vector<cli::Field<PartitionRow>>& partition_fields();
const std::vector<cli::Field<TopicRow>>& topic_fields();     // As list shows them.
const std::vector<cli::Field<TopicRow>>& describe_fields();  // With partitions.
// As describe --section shows them.
cli::Sheet describe_sheet(const std::string& section, const std::vector<TopicRow>& rows);

struct OffsetRow {
    std::string topic;
    std::int32_t partition = 0;
    std::string at;
    std::optional<std::int64_t> offset;
    std::optional<std::int64_t> timestamp;
    std::optional<Error> error;
};
const std::vector<cli::Field<OffsetRow>>& offset_fields();

struct SizeRow {
    std::string name;  // Of what is counted: a topic, partition, broker or directory.
    std::int64_t replicas = 0;
    std::int64_t size_bytes = 0;
};
const std::vector<cli::Field<SizeRow>>& size_fields();

struct Gather {
    bool offsets = true;
    bool sizes = true;
    bool configs = true;
};

// Of the partitions that could not be asked.
std::vector<cli::Failure> partition_failures(const std::vector<TopicRow>& rows);

// By name. A topic that is not there is a row with its error.
Result<std::vector<TopicRow>> gather(client::Admin& admin, const client::ClusterView& view,
                                     std::vector<std::string> names, const Gather& what);

}  // namespace kcore::topics
