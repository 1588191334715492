// The records round the committed offsets of a group.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/bytes.h"
#include "cli/read.h"
#include "cli/seek_back.h"
#include "cli/text.h"
#include "groups/groups.h"
#include "groups/target.h"

namespace kcore::groups {

namespace {

using cli::Json;
using cli::Kind;

struct PeekRow {
    TopicPartition partition;
    std::int64_t offset = 0;
    std::string place;  // "read", or "next" from the committed offset on
    std::int64_t timestamp_ms = -1;
    std::optional<std::string> key;
    std::optional<std::string> value;
};

// Text as it is; other bytes as hex, so that a table stays one.
Json readable(const std::optional<std::string>& bytes) {
    if (!bytes) return {};
    if (cli::is_utf8(*bytes)) return *bytes;
    std::string hex = "0x";
    cli::append_hex(hex, as_bytes(*bytes));
    return hex;
}

std::string shortened(const Json& value) {
    static constexpr std::size_t kShown = 60;
    const auto text = value.get<std::string>();
    if (text.size() <= kShown) return text;
    auto end = kShown;  // Not within a character.
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    return text.substr(0, end) + "...";
}

const std::vector<cli::Field<PeekRow>> kPeekFields{
    {{"topic", "TOPIC"}, [](const PeekRow& r) { return Json(r.partition.topic); }},
    {{"partition", "PARTITION", Kind::number},
     [](const PeekRow& r) { return Json(r.partition.partition); }},
    {{"offset", "OFFSET", Kind::number}, [](const PeekRow& r) { return Json(r.offset); }},
    {{"place", "PLACE"}, [](const PeekRow& r) { return Json(r.place); }},
    {{"ts", "TIME", Kind::time_ms}, [](const PeekRow& r) { return Json(r.timestamp_ms); }},
    {{"key", "KEY", Kind::text, cli::Show::always, {}, shortened},
     [](const PeekRow& r) { return readable(r.key); }},
    {{"value", "VALUE", Kind::text, cli::Show::always, {}, shortened},
     [](const PeekRow& r) { return readable(r.value); }}};

Result<Offsets> offsets_at(Session& session, const Offsets& of, std::int64_t timestamp) {
    std::vector<client::OffsetQuery> queries;
    for (const auto& [partition, offset] : of) queries.push_back({partition, timestamp});
    auto answers = session.admin().offsets(std::move(queries), true);
    if (!answers) return std::unexpected(std::move(answers).error());
    Offsets out;
    for (const auto& answer : *answers) {
        if (answer.error) return std::unexpected(*answer.error);
        out[answer.partition] = answer.offset;
    }
    return out;
}

std::optional<std::string> copy(const std::optional<BytesView>& bytes) {
    return bytes ? std::optional(std::string(as_text(*bytes))) : std::nullopt;
}

// Before and behind `committed`, by records and not by offsets, which may be missing.
Result<std::vector<PeekRow>> read(Session& session, const Offsets& committed,
                                  const Options& options) {
    auto begins = offsets_at(session, committed, client::kEarliest);
    auto ends = offsets_at(session, committed, client::kLatest);
    if (!begins || !ends) return std::unexpected((begins ? ends : begins).error());
    auto middle = committed;
    for (auto& [partition, offset] : middle) {
        offset = std::clamp(offset, begins->at(partition), ends->at(partition));
    }
    auto starts = middle;
    for (auto& [partition, offset] : starts) {
        offset = std::max(begins->at(partition), offset - options.before);
    }
    auto found = cli::seek_back(session.client(), options.before, *begins, middle, starts);
    if (!found) return std::unexpected(std::move(found).error());
    std::vector<PeekRow> rows;
    for (const auto& [partition, start] : starts) {
        std::int64_t next = 0;
        auto done = cli::read_ranges(
            session.client(), {{partition, start, ends->at(partition)}},
            [&](const client::ConsumedRecord& record) {
                const bool is_next = record.offset >= middle.at(partition);
                if (is_next && ++next > options.after) return false;
                rows.push_back({partition, record.offset, is_next ? "next" : "read",
                                record.timestamp_ms, copy(record.key), copy(record.value)});
                return true;
            });
        if (!done) return std::unexpected(std::move(done).error());
    }
    return rows;
}

}  // namespace

cli::Sheet peek_fields() { return cli::make_sheet<PeekRow>("records", kPeekFields, {}); }

int peek(Session& session, const Options& options) {
    auto& console = session.console();
    const auto& group = options.names.front();
    auto committed = session.admin().committed(group);
    if (!committed) return console.fail({group, committed.error()});
    Offsets chosen;
    for (const auto& one : *committed) {
        if (one.offset >= 0 && is_chosen(options, one.partition)) {
            chosen[one.partition] = one.offset;
        }
    }
    if (chosen.empty()) {
        return console.fail({group, Error(Errc::group_id_not_found, "nothing is committed")});
    }
    auto rows = read(session, chosen, options);
    if (!rows) return console.fail({group, rows.error()});
    return console.show(cli::make_sheet("records", kPeekFields, *rows));
}

}  // namespace kcore::groups
