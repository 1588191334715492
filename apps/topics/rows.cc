#include "topics/rows.h"

#include <algorithm>

#include "cli/quantity.h"

namespace kcore::topics {

namespace {

using cli::Json;
using cli::Kind;
using cli::Show;

Json configs_json(const TopicRow& row) {
    auto out = Json::object();
    for (const auto& config : row.configs) {
        out[config.name] = {{"value", cli::optional_json(config.value)}, {"source", "topic"}};
    }
    return out;
}

std::string short_id(const Json& id) {
    const auto text = id.get<std::string>();
    return text.size() > 5 ? text.substr(0, 5) + "\xe2\x80\xa6" : text;
}

TopicRow to_row(const client::TopicView& topic) {
    TopicRow row;
    row.topic = topic.name;
    row.id = topic.id.is_zero() ? "" : topic.id.to_string();
    row.is_internal = topic.is_internal;
    row.partition_count = static_cast<std::int64_t>(topic.partitions.size());
    row.status = "healthy";
    for (const auto& partition : topic.partitions) {
        auto& one = row.partitions.emplace_back();
        one.topic = topic.name;
        one.partition = partition.index;
        one.leader = partition.leader;
        one.leader_epoch = partition.leader_epoch;
        one.replicas = partition.replicas;
        one.isr = partition.isr;
        one.status = partition.leader < 0                               ? "no leader"
                     : partition.isr.size() < partition.replicas.size() ? "under-replicated"
                                                                        : "ok";
        row.replication_factor =
            std::max(row.replication_factor, static_cast<std::int64_t>(partition.replicas.size()));
        if (one.status == "no leader") row.status = "unavailable";
        if (one.status == "under-replicated" && row.status == "healthy") row.status = one.status;
    }
    if (topic.error != Errc::none) {
        row.error = Error(topic.error, std::string(error_info(topic.error).message));
        row.status = "error";
    }
    return row;
}

using Index = std::map<TopicPartition, PartitionRow*>;

Result<void> add_offsets(client::Admin& admin, const Index& index) {
    for (const auto timestamp : {client::kEarliest, client::kLatest}) {
        std::vector<client::OffsetQuery> queries;
        for (const auto& [name, row] : index) {
            if (row->leader >= 0) queries.push_back({name, timestamp});
        }
        auto answers = admin.offsets(std::move(queries), false);
        if (!answers) return std::unexpected(std::move(answers).error());
        for (const auto& answer : *answers) {
            auto& row = *index.at(answer.partition);
            if (answer.error) {
                row.error = answer.error;
                row.status = "error";
            } else {
                (timestamp == client::kEarliest ? row.start : row.end) = answer.offset;
            }
        }
    }
    return {};
}

// The size of a partition is its leader's; of a leaderless one the largest replica's.
Result<void> add_sizes(client::Admin& admin, const Index& index, std::optional<std::string> topic) {
    auto sizes = admin.replica_sizes(std::move(topic));
    if (!sizes) return std::unexpected(std::move(sizes).error());
    for (const auto& size : *sizes) {
        const auto found = index.find(size.partition);
        if (found == index.end() || size.is_future) continue;
        auto& row = *found->second;
        if (size.broker == row.leader) row.size_bytes = size.size_bytes;
        if (row.leader < 0) row.size_bytes = std::max(row.size_bytes.value_or(0), size.size_bytes);
    }
    return {};
}

Result<void> add_configs(client::Admin& admin, std::vector<TopicRow>& rows) {
    std::vector<std::string> names;
    std::map<std::string, TopicRow*> index;
    for (auto& row : rows) {
        if (row.error) continue;
        names.push_back(row.topic);
        index[row.topic] = &row;
    }
    if (names.empty()) return {};
    auto configs = admin.describe_configs(client::ResourceType::topic, std::move(names), false);
    if (!configs) return std::unexpected(std::move(configs).error());
    for (const auto& resource : *configs) {
        const auto found = index.find(resource.name);
        if (found == index.end()) continue;
        for (const auto& entry : resource.entries) {
            auto& row = *found->second;
            if (entry.source == client::ConfigSource::topic) row.configs.push_back(entry);
            if (entry.name == "min.insync.replicas" && entry.value) {
                (void)cli::parse_integer(*entry.value, row.min_isr);
            }
        }
    }
    return {};
}

void add_sums(TopicRow& row) {
    for (const auto& partition : row.partitions) {
        if (partition.error && row.status != "unavailable") row.status = "error";
        if (partition.start && partition.end) {
            row.records = row.records.value_or(0) + *partition.end - *partition.start;
        }
        if (partition.size_bytes) {
            row.size_bytes = row.size_bytes.value_or(0) + *partition.size_bytes;
        }
    }
}

}  // namespace

const std::vector<cli::Field<PartitionRow>>& partition_fields() {
    using Row = PartitionRow;
    static const std::vector<cli::Field<Row>> fields{
        {{"topic", "TOPIC", Kind::text, Show::wide}, [](const Row& r) { return Json(r.topic); }},
        {{"partition", "PARTITION", Kind::number}, [](const Row& r) { return Json(r.partition); }},
        {{"leader", "LEADER", Kind::number},
         [](const Row& r) { return r.leader < 0 ? Json() : Json(r.leader); }},
        {{"leader_epoch", "EPOCH", Kind::number},
         [](const Row& r) { return r.leader_epoch < 0 ? Json() : Json(r.leader_epoch); }},
        {{"replicas", "REPLICAS", Kind::list}, [](const Row& r) { return Json(r.replicas); }},
        {{"isr", "ISR", Kind::list}, [](const Row& r) { return Json(r.isr); }},
        {{"start_offset", "START", Kind::number},
         [](const Row& r) { return cli::optional_json(r.start); }},
        {{"end_offset", "END", Kind::number},
         [](const Row& r) { return cli::optional_json(r.end); }},
        {{"size_bytes", "SIZE", Kind::bytes},
         [](const Row& r) { return cli::optional_json(r.size_bytes); }},
        {{"status", "STATUS", Kind::status}, [](const Row& r) { return Json(r.status); }},
        {{"error", "ERROR", Kind::text, Show::wide},
         [](const Row& r) { return cli::error_json(r.error); }}};
    return fields;
}

const std::vector<cli::Field<TopicRow>>& topic_fields() {
    using Row = TopicRow;
    static const std::vector<cli::Field<Row>> fields{
        {{"topic", "TOPIC"}, [](const Row& r) { return Json(r.topic); }},
        {{"id", "ID", Kind::text, Show::wide}, [](const Row& r) { return Json(r.id); }},
        {{"partition_count", "PARTITIONS", Kind::number},
         [](const Row& r) { return Json(r.partition_count); }},
        {{"replication_factor", "RF", Kind::number},
         [](const Row& r) { return Json(r.replication_factor); }},
        {{"records", "RECORDS", Kind::number},
         [](const Row& r) { return cli::optional_json(r.records); }},
        {{"size_bytes", "SIZE", Kind::bytes},
         [](const Row& r) { return cli::optional_json(r.size_bytes); }},
        {{"internal", "INTERNAL", Kind::truth, Show::wide},
         [](const Row& r) { return Json(r.is_internal); }},
        {{"status", "STATUS", Kind::status, Show::wide},
         [](const Row& r) { return Json(r.status); }},
        {{"configs", "OVERRIDES", Kind::map}, configs_json},
        {{"error", "ERROR", Kind::text, Show::wide},
         [](const Row& r) { return cli::error_json(r.error); }}};
    return fields;
}

const std::vector<cli::Field<TopicRow>>& describe_fields() {
    static const std::vector<cli::Field<TopicRow>> fields = [] {
        auto out = topic_fields();
        for (auto& field : out) {
            if (field.column.field == "status") field.column.show = Show::always;
            if (field.column.field != "id") continue;
            field.column.show = Show::always;
            field.column.cell = short_id;
        }
        auto nested = cli::columns_of(partition_fields());
        out.push_back(
            {{"partitions", "", Kind::rows, Show::always, std::move(nested)},
             [](const TopicRow& r) { return cli::nested_rows(partition_fields(), r.partitions); }});
        return out;
    }();
    return fields;
}

const std::vector<cli::Field<OffsetRow>>& offset_fields() {
    using Row = OffsetRow;
    static const std::vector<cli::Field<Row>> fields{
        {{"topic", "TOPIC"}, [](const Row& r) { return Json(r.topic); }},
        {{"partition", "PARTITION", Kind::number}, [](const Row& r) { return Json(r.partition); }},
        {{"at", "AT"}, [](const Row& r) { return Json(r.at); }},
        {{"offset", "OFFSET", Kind::number},
         [](const Row& r) { return cli::optional_json(r.offset); }},
        {{"timestamp", "TIMESTAMP", Kind::time_ms, Show::wide},
         [](const Row& r) { return cli::optional_json(r.timestamp); }},
        {{"error", "ERROR", Kind::text, Show::wide},
         [](const Row& r) { return cli::error_json(r.error); }}};
    return fields;
}

const std::vector<cli::Field<SizeRow>>& size_fields() {
    using Row = SizeRow;
    static const std::vector<cli::Field<Row>> fields{
        {{"name", "NAME"}, [](const Row& r) { return Json(r.name); }},
        {{"replicas", "REPLICAS", Kind::number}, [](const Row& r) { return Json(r.replicas); }},
        {{"size_bytes", "SIZE", Kind::bytes}, [](const Row& r) { return Json(r.size_bytes); }}};
    return fields;
}

std::vector<cli::Failure> partition_failures(const std::vector<TopicRow>& rows) {
    std::vector<cli::Failure> out;
    for (const auto& row : rows) {
        for (const auto& one : row.partitions) {
            if (!one.error) continue;
            out.emplace_back(TopicPartition{row.topic, one.partition}.to_string(), *one.error);
        }
    }
    return out;
}

Result<std::vector<TopicRow>> gather(client::Admin& admin, const client::ClusterView& view,
                                     std::vector<std::string> names, const Gather& what) {
    std::vector<TopicRow> rows;
    std::ranges::sort(names);
    for (const auto& name : names) {
        if (const auto* topic = view.find(name)) {
            rows.push_back(to_row(*topic));
            continue;
        }
        auto& row = rows.emplace_back();
        row.topic = name;
        row.status = "error";
        row.error = Error(Errc::unknown_topic_or_partition, "there is no such topic");
    }
    Index index;
    for (auto& row : rows) {
        for (auto& partition : row.partitions) index[{row.topic, partition.partition}] = &partition;
    }
    if (index.empty()) return rows;
    if (what.offsets) {
        if (auto done = add_offsets(admin, index); !done) return std::unexpected(done.error());
    }
    if (what.sizes) {
        const auto one = rows.size() == 1 ? std::optional(rows[0].topic) : std::nullopt;
        if (auto done = add_sizes(admin, index, one); !done) return std::unexpected(done.error());
    }
    if (what.configs) {
        if (auto done = add_configs(admin, rows); !done) return std::unexpected(done.error());
    }
    for (auto& row : rows) add_sums(row);
    return rows;
}

}  // namespace kcore::topics
