#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "topics/rows.h"
#include "topics/topics.h"

namespace kcore::topics {

namespace {

std::string name_by(const std::string& by, const client::ReplicaSize& one) {
    if (by == "broker") return std::to_string(one.broker);
    if (by == "dir") return fmt::format("{}:{}", one.broker, one.directory);
    if (by == "partition") return one.partition.to_string();
    return one.partition.topic;
}

}  // namespace

int sizes(Session& session, const Options& options) {
    auto& console = session.console();
    std::optional<std::string> topic;
    if (!options.names.empty()) topic = options.names.front();
    auto all = session.admin().replica_sizes(topic);
    if (!all) return console.fail({topic.value_or(""), all.error()});
    if (topic && all->empty()) {
        return console.fail({*topic, no_such_topic()});
    }
    std::map<std::string, SizeRow> found;
    for (const auto& one : *all) {
        const auto name = name_by(options.by, one);
        auto& row = found[name];
        row.name = name;
        ++row.replicas;
        row.size_bytes += one.size_bytes;
    }
    std::vector<SizeRow> rows;
    for (auto& [name, row] : found) rows.push_back(std::move(row));
    if (options.sort_by_size) {
        std::ranges::stable_sort(rows, std::ranges::greater(), &SizeRow::size_bytes);
    }
    return console.show(cli::make_sheet("sizes", size_fields(), rows));
}

}  // namespace kcore::topics
