// Sizes, and waiting for a topic to be there.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "cli/interrupt.h"
#include "cli/sheet.h"
#include "cli/terminal.h"
#include "io/posix.h"
#include "topics/topics.h"

namespace kcore::topics {

namespace {

using cli::Json;
using cli::Kind;

constexpr std::int64_t kLookUs = 200'000;
constexpr std::int64_t kWaitMs = 10'000;

struct SizeRow {
    std::string name;  // Of what is counted: a topic, partition, broker or directory.
    std::int64_t replicas = 0;
    std::int64_t size_bytes = 0;
};

const std::vector<cli::Field<SizeRow>> kSizeFields{
    {{"name", "NAME"}, [](const SizeRow& r) { return Json(r.name); }},
    {{"replicas", "REPLICAS", Kind::number}, [](const SizeRow& r) { return Json(r.replicas); }},
    {{"size_bytes", "SIZE", Kind::bytes}, [](const SizeRow& r) { return Json(r.size_bytes); }}};

std::string name_by(const std::string& by, const client::ReplicaSize& one) {
    if (by == "broker") return std::to_string(one.broker);
    if (by == "dir") return fmt::format("{}:{}", one.broker, one.directory);
    if (by == "partition") return one.partition.to_string();
    return one.partition.topic;
}

// Whether the topic is there, and with --in-sync whether every replica is.
bool is_ready(const client::ClusterView& view, const std::string& name, bool in_sync) {
    const auto* topic = view.find(name);
    if (topic == nullptr || topic->error != Errc::none || topic->partitions.empty()) return false;
    return std::ranges::all_of(topic->partitions, [&](const client::PartitionView& one) {
        return one.leader >= 0 && (!in_sync || one.isr.size() == one.replicas.size());
    });
}

}  // namespace

int sizes(const Options& options) {
    Session session(options);
    auto& console = session.console();
    if (options.common.output == "help") {
        console.show(cli::make_sheet<SizeRow>("sizes", kSizeFields, {}));
        return cli::kDone;
    }
    if (!session.open()) return cli::kUsage;
    std::optional<std::string> topic;
    if (!options.names.empty()) topic = options.names.front();
    auto all = session.admin().replica_sizes(topic);
    if (!all) return console.fail({topic.value_or(""), all.error()});
    if (topic && all->empty()) {
        return console.fail(
            {*topic, Error(Errc::unknown_topic_or_partition, "there is no such topic")});
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
    console.show(cli::make_sheet("sizes", kSizeFields, rows));
    return cli::kDone;
}

int wait(const Options& options) {
    cli::catch_interrupts();
    Session session(options);
    auto& console = session.console();
    if (!session.open()) return cli::kUsage;
    io::PosixClock clock;
    const auto limit = options.common.timeout_ms >= 0 ? options.common.timeout_ms : kWaitMs;
    const auto deadline = clock.in_ms(limit);
    for (;;) {
        auto view = session.admin().metadata(options.names);
        if (!view) return console.fail({"", view.error()});
        const auto missing = std::ranges::find_if_not(options.names, [&](const std::string& name) {
            return is_ready(**view, name, options.in_sync);
        });
        if (missing == options.names.end()) return cli::kDone;
        if (cli::interrupted()) return cli::kInterrupted;
        if (clock.now() >= deadline) {
            console.notice(
                fmt::format("{} is not {}", *missing, options.in_sync ? "in sync" : "there"));
            return cli::kTimeRanOut;
        }
        cli::pause_us(kLookUs);
    }
}

}  // namespace kcore::topics
