// What is in a topic: keys, sizes, times, codecs, and how evenly it is spread.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <unordered_set>

#include "base/bytes.h"
#include "cli/bounds.h"
#include "cli/histogram.h"
#include "cli/interrupt.h"
#include "cli/read.h"
#include "topics/topics.h"

namespace kcore::topics {

namespace {

using cli::Json;
using cli::Kind;
using cli::Show;

constexpr std::array<std::string_view, 5> kCodecs{"none", "gzip", "snappy", "lz4", "zstd"};

struct Analysis {
    std::string name;  // A partition, or the topic for all of them.
    std::int64_t records = 0;
    std::int64_t null_keys = 0;
    std::int64_t null_values = 0;
    std::int64_t headers = 0;
    std::int64_t bytes = 0;  // Of keys and values, uncompressed.
    std::int64_t first_ms = -1;
    std::int64_t last_ms = -1;
    cli::Histogram sizes;
    std::unordered_set<std::uint64_t> keys;  // Their hashes.
    std::map<std::string, std::int64_t> codecs;

    void add(const client::ConsumedRecord& record) {
        const auto key = record.key ? record.key->size() : 0;
        const auto value = record.value ? record.value->size() : 0;
        ++records;
        if (record.key) {
            keys.insert(std::hash<std::string_view>{}(as_text(*record.key)));
        } else {
            ++null_keys;
        }
        if (!record.value) ++null_values;
        headers += static_cast<std::int64_t>(record.headers.size());
        bytes += static_cast<std::int64_t>(key + value);
        sizes.add(static_cast<std::int64_t>(key + value));
        if (record.timestamp_ms >= 0) {
            first_ms = first_ms < 0 ? record.timestamp_ms : std::min(first_ms, record.timestamp_ms);
            last_ms = std::max(last_ms, record.timestamp_ms);
        }
        const bool is_known = record.codec < kCodecs.size();
        ++codecs[std::string(is_known ? kCodecs[record.codec] : "unknown")];
    }
};

Json size_at(const Analysis& row, double percent) { return row.sizes.percentile(percent); }

const std::vector<cli::Field<Analysis>>& analysis_fields() {
    using Row = Analysis;
    static const std::vector<cli::Field<Row>> out{
        {{"name", "NAME"}, [](const Row& r) { return Json(r.name); }},
        {{"records", "RECORDS", Kind::number}, [](const Row& r) { return Json(r.records); }},
        {{"bytes", "BYTES", Kind::bytes}, [](const Row& r) { return Json(r.bytes); }},
        {{"keys", "KEYS", Kind::number}, [](const Row& r) { return Json(r.keys.size()); }},
        {{"null_keys", "NULL-KEYS", Kind::number}, [](const Row& r) { return Json(r.null_keys); }},
        {{"null_values", "NULL-VALUES", Kind::number},
         [](const Row& r) { return Json(r.null_values); }},
        {{"headers", "HEADERS", Kind::number, Show::wide},
         [](const Row& r) { return Json(r.headers); }},
        {{"size_p50", "P50", Kind::bytes}, [](const Row& r) { return size_at(r, 50); }},
        {{"size_p99", "P99", Kind::bytes}, [](const Row& r) { return size_at(r, 99); }},
        {{"size_max", "MAX", Kind::bytes}, [](const Row& r) { return Json(r.sizes.max()); }},
        {{"first_ts", "FROM", Kind::time_ms}, [](const Row& r) { return Json(r.first_ms); }},
        {{"last_ts", "TO", Kind::time_ms}, [](const Row& r) { return Json(r.last_ms); }},
        {{"codecs", "CODECS", Kind::map}, [](const Row& r) { return Json(r.codecs); }}};
    return out;
}

}  // namespace

cli::Sheet analysis_sheet() { return cli::make_sheet<Analysis>("analyses", analysis_fields(), {}); }

int analyze(Session& session, const Options& options) {
    cli::catch_interrupts();
    auto& console = session.console();
    const auto& name = options.names.front();
    auto topic = existing(session, name);
    if (!topic) return console.fail({name, topic.error()});
    cli::Wanted wanted;
    for (const auto& one : topic->partitions) wanted.partitions.push_back({name, one.index});
    wanted.ends_now = true;
    if (options.records_max > 0) {
        wanted.range.start = {cli::Position::Kind::from_end, options.records_max};
    }
    auto ranges = cli::resolve(session.client(), wanted);
    if (!ranges) return console.fail({name, ranges.error()});
    std::vector<Analysis> rows(topic->partitions.size() + 1);
    for (std::size_t i = 0; i + 1 < rows.size(); ++i) rows[i].name = fmt::format("{}-{}", name, i);
    rows.back().name = name;
    auto read = cli::read_ranges(session.client(), std::move(*ranges),
                                 [&](const client::ConsumedRecord& record) {
                                     rows[static_cast<std::size_t>(record.partition)].add(record);
                                     rows.back().add(record);
                                     return true;
                                 });
    if (!read) return console.fail({name, read.error()});
    console.show(cli::make_sheet("analyses", analysis_fields(), rows));
    return cli::interrupted() ? cli::kInterrupted : cli::kDone;
}

}  // namespace kcore::topics
