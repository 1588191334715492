// kbroker log verify: whether files of a log are whole, and whether its indexes fit it.

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "broker/broker.h"
#include "broker/log_file.h"
#include "io/posix_disk.h"
#include "log/producer_state.h"

namespace kcore::server {

namespace {

using cli::Json;
using cli::Kind;

struct Verdict {
    std::string file;
    std::int64_t entries = 0;  // Batches, of a log.
    std::int64_t records = 0;
    std::optional<std::int64_t> first_offset;
    std::optional<std::int64_t> last_offset;
    std::string problem;
};

const std::vector<cli::Field<Verdict>> kVerifyFields{
    {{"file", "FILE"}, [](const Verdict& v) { return Json(v.file); }},
    {{"entries", "ENTRIES", Kind::number}, [](const Verdict& v) { return Json(v.entries); }},
    {{"records", "RECORDS", Kind::number}, [](const Verdict& v) { return Json(v.records); }},
    {{"first_offset", "FIRST", Kind::number},
     [](const Verdict& v) { return cli::optional_json(v.first_offset); }},
    {{"last_offset", "LAST", Kind::number},
     [](const Verdict& v) { return cli::optional_json(v.last_offset); }},
    {{"problem", "PROBLEM"},
     [](const Verdict& v) { return v.problem.empty() ? Json() : Json(v.problem); }}};

// The last offset of the batch at a position.
using Batches = std::map<std::int64_t, std::int64_t>;

// Walks a log; the first problem ends the walk.
class LogWalk {
public:
    LogWalk(const LogFile& file, Verdict& verdict) : file_(file), verdict_(verdict) {}

    Batches run() {
        record::BatchScanner scanner(file_.bytes);
        auto found = scanner.next();
        for (; found == record::Scan::batch; found = scanner.next()) {
            if (!take(scanner.position(), scanner.batch())) return std::move(batches_);
        }
        if (found == record::Scan::corrupt) problem(scanner.position(), scanner.error().what);
        if (found == record::Scan::partial) {
            problem(scanner.position(), "the rest is no whole batch");
        }
        return std::move(batches_);
    }

private:
    bool take(std::size_t position, const record::AnyBatch& batch) {
        if (auto whole = batch.check(); !whole) return problem(position, whole.error().what);
        const auto after = verdict_.last_offset.value_or(file_.base_offset - 1);
        if (batch.base_offset() <= after) {
            return problem(position,
                           fmt::format("offset {} comes after {}", batch.base_offset(), after));
        }
        const auto count = [this](const record::RecordView&) { ++verdict_.records; };
        auto read = record::for_each_record(batch, decompressor_, count);
        if (!read) return problem(position, read.error().what);
        if (!verdict_.first_offset) verdict_.first_offset = batch.base_offset();
        verdict_.last_offset = batch.last_offset();
        batches_[static_cast<std::int64_t>(position)] = batch.last_offset();
        ++verdict_.entries;
        return true;
    }

    bool problem(std::size_t position, const std::string& what) {
        verdict_.problem = fmt::format("position {}: {}", position, what);
        return false;
    }

    const LogFile& file_;
    Verdict& verdict_;
    record::Decompressor decompressor_;
    Batches batches_;
};

std::string index_problem(const LogFile& index, const Batches& batches, Verdict& verdict) {
    if (index.bytes.size() % 8 != 0) return "its size is no multiple of 8";
    for (std::size_t at = 0; at < index.bytes.size(); at += 8) {
        const auto relative = load_be<std::int32_t>(index.bytes.data() + at);
        const auto position = load_be<std::int32_t>(index.bytes.data() + at + 4);
        if (relative == 0 && position == 0) break;
        const auto offset = index.base_offset + relative;
        if (verdict.last_offset && offset <= *verdict.last_offset) {
            return fmt::format("offset {} comes after {}", offset, *verdict.last_offset);
        }
        const auto batch = batches.find(position);
        if (batch == batches.end()) {
            return fmt::format("offset {}: no batch begins at {}", offset, position);
        }
        if (offset > batch->second) {
            return fmt::format("offset {} is not in the batch at {}", offset, position);
        }
        if (!verdict.first_offset) verdict.first_offset = offset;
        verdict.last_offset = offset;
        ++verdict.entries;
    }
    return "";
}

std::string time_index_problem(const LogFile& index, Verdict& verdict) {
    if (index.bytes.size() % 12 != 0) return "its size is no multiple of 12";
    auto latest = INT64_MIN;
    for (std::size_t at = 0; at < index.bytes.size(); at += 12) {
        const auto timestamp = load_be<std::int64_t>(index.bytes.data() + at);
        const auto offset = index.base_offset + load_be<std::int32_t>(index.bytes.data() + at + 8);
        if (timestamp == 0 && offset == index.base_offset) break;
        if (timestamp < latest)
            return fmt::format("timestamp {} comes after {}", timestamp, latest);
        latest = timestamp;
        if (!verdict.first_offset) verdict.first_offset = offset;
        verdict.last_offset = offset;
        ++verdict.entries;
    }
    return "";
}

std::string other_problem(const LogFile& file, Verdict& verdict) {
    if (file.kind == FileKind::time_index) return time_index_problem(file, verdict);
    if (file.kind == FileKind::txn_index) {
        verdict.entries = static_cast<std::int64_t>(file.bytes.size() / 34);
        return file.bytes.size() % 34 == 0 ? "" : "its size is no multiple of 34";
    }
    const auto state = log::ProducerState::from_snapshot(file.bytes);
    if (!state) return state.error().what;
    verdict.entries = static_cast<std::int64_t>(state->producers().size());
    return "";
}

}  // namespace

cli::Sheet verify_fields() { return cli::make_sheet("files", kVerifyFields, {}); }

int verify_log(const Options& options) {
    cli::Console console(options.common);
    const auto disk = io::make_posix_disk();
    auto paths = find_log_files(*disk, options.words);
    if (!paths) return console.usage(paths.error());
    // An index is judged by the log beside it, so that comes first.
    std::ranges::stable_sort(*paths, {}, [](const std::string& path) { return *kind_of(path); });
    std::map<std::string, Batches> logs;
    std::vector<Verdict> rows;
    for (const auto& path : *paths) {
        auto file = read_log_file(*disk, path);
        if (!file) return console.usage(file.error());
        auto& verdict = rows.emplace_back();
        verdict.file = path;
        const auto stem = path.substr(0, path.rfind('.'));
        if (file->kind == FileKind::log) {
            logs[stem] = LogWalk(*file, verdict).run();
        } else if (file->kind == FileKind::index && !logs.contains(stem)) {
            verdict.problem = "its log is not among the files: nothing to judge it by";
        } else if (file->kind == FileKind::index) {
            verdict.problem = index_problem(*file, logs.at(stem), verdict);
        } else {
            verdict.problem = other_problem(*file, verdict);
        }
    }
    std::ranges::sort(rows, {}, &Verdict::file);
    console.show(cli::make_sheet("files", kVerifyFields, rows));
    const bool is_whole =
        std::ranges::all_of(rows, [](const Verdict& v) { return v.problem.empty(); });
    return is_whole ? cli::kDone : cli::kConditionFails;
}

}  // namespace kcore::server
