// kbroker log repair: makes the files of a damaged log such that a broker takes them up again. What
// is cut out is kept beside them.

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/crc32c.h"
#include "broker/broker.h"
#include "broker/log_file.h"
#include "io/posix_disk.h"
#include "log/checkpoint.h"
#include "log/names.h"
#include "log/producer_state.h"
#include "log/recovery.h"
#include "record/batch.h"

namespace kcore::server {

namespace {

using cli::Json;
using cli::Kind;

constexpr std::string_view kDamagedSuffix = ".damaged";
constexpr std::size_t kCopyBytes = 1 << 20;

struct Row {
    std::string file;
    std::string problem;
    std::string action;
    bool is_done = false;
};

const std::vector<cli::Field<Row>> kRepairFields{
    {{"file", "FILE"}, [](const Row& r) { return Json(r.file); }},
    {{"problem", "PROBLEM"}, [](const Row& r) { return Json(r.problem); }},
    {{"action", "ACTION"}, [](const Row& r) { return Json(r.action); }},
    {{"done", "DONE", Kind::truth}, [](const Row& r) { return Json(r.is_done); }}};

// A run of whole batches in a file.
struct Stretch {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
};

struct Segment {
    std::string path;
    std::int64_t base = 0;
    std::uint64_t size = 0;
    std::vector<Stretch> whole;
    std::int64_t next_offset = 0;
    std::int32_t leader_epoch = -1;  // Of its last batch.
    std::int64_t next_base = -1;     // Of the segment behind it; -1: there is none.
    std::string problem;             // The first one; empty: the file is whole.
};

// Every valid batch of a file: damage between them is stepped over.
Result<Segment> read_segment(io::Disk& disk, const std::string& path, std::int64_t base) {
    Segment out;
    out.path = path;
    out.base = base;
    auto opened = disk.open(path, io::Open::read);
    if (!opened) return std::unexpected(std::move(opened).error());
    auto& file = **opened;
    const auto size = file.size();
    if (!size) return std::unexpected(size.error());
    out.size = *size;
    const auto visit = [&out](const log::BatchHeader& header, BytesView) -> Result<void> {
        out.leader_epoch = header.leader_epoch;
        return {};
    };
    log::ScanAt at;
    for (at.next_offset = base; at.position < *size;) {
        const auto begin = at.position;
        if (auto done = log::scan_on(file, at, *size, visit); !done) {
            return std::unexpected(std::move(done).error());
        }
        if (at.position > begin) out.whole.push_back({begin, at.position});
        if (at.what.empty()) break;
        if (out.problem.empty()) out.problem = std::exchange(at.what, {});
        at.what.clear();
        const auto next = log::find_valid_batch(file, at.position + 1, at.next_offset);
        if (!next) return std::unexpected(next.error());
        if (!*next) break;
        at.position = **next;
    }
    out.next_offset = at.next_offset;
    return out;
}

// A batch of no records, as compaction leaves them: it says that the offsets from where the segment
// ends up to the next one are known to be gone. Without it a recovery would take that one for the
// remains of something else.
Bytes filler(const Segment& segment) {
    Bytes out(record::kBatchHeaderBytes);
    auto* at = out.data();
    const auto gap = segment.next_base - segment.next_offset;
    store_be(at, segment.next_offset);
    store_be(at + record::kLengthAt,
             static_cast<std::int32_t>(record::kBatchHeaderBytes - record::kLogOverheadBytes));
    store_be(at + record::kLeaderEpochAt, segment.leader_epoch);
    store_be(at + record::kMagicAt, std::int8_t{2});
    store_be(at + record::kLastOffsetDeltaAt, static_cast<std::int32_t>(gap - 1));
    store_be(at + record::kBaseTimestampAt, record::kNoTimestamp);
    store_be(at + record::kMaxTimestampAt, record::kNoTimestamp);
    store_be(at + record::kProducerIdAt, std::int64_t{-1});
    store_be(at + record::kProducerEpochAt, std::int16_t{-1});
    store_be(at + record::kBaseSequenceAt, std::int32_t{-1});
    store_be(at + record::kCrcAt, crc32c(BytesView(out).subspan(record::kAttributesAt)));
    return out;
}

// The partition in one directory.
class Repair {
public:
    Repair(io::Disk& disk, std::string path, bool applies)
        : disk_(disk), path_(std::move(path)), applies_(applies) {}

    Result<std::vector<Row>> run() {
        auto entries = disk_.list(path_);
        if (!entries) return std::unexpected(std::move(entries).error());
        for (const auto& entry : *entries) {
            if (!entry.is_directory) names_.insert(entry.name);
        }
        if (auto done = repair_logs(); !done) return std::unexpected(std::move(done).error());
        if (auto done = repair_others(); !done) return std::unexpected(std::move(done).error());
        if (applies_ && !rows_.empty()) {
            if (auto done = disk_.sync_directory(path_); !done) {
                return std::unexpected(std::move(done).error());
            }
        }
        return std::move(rows_);
    }

private:
    std::string at(std::string_view name) const { return fmt::format("{}/{}", path_, name); }

    template <class Act>
    Result<void> act(const std::string& name, std::string problem, std::string action, Act&& act) {
        auto& row = rows_.emplace_back();
        row.file = at(name);
        row.problem = std::move(problem);
        row.action = std::move(action);
        if (!applies_) return {};
        if (auto done = act(); !done) return done;
        row.is_done = true;
        return {};
    }

    Result<void> repair_logs() {
        std::vector<Segment> segments;
        for (const auto& name : names_) {
            const auto base = log::parse_file_name(name, log::kLogSuffix);
            if (!base) continue;
            auto segment = read_segment(disk_, at(name), *base);
            if (!segment) return std::unexpected(std::move(segment).error());
            segments.push_back(std::move(*segment));
        }
        for (auto& segment : segments) {
            if (segment.problem.empty()) continue;
            if (&segment != &segments.back()) segment.next_base = (&segment + 1)->base;
            const bool is_last = &segment == &segments.back();
            if (auto done = repair_log(segment, is_last); !done) return done;
        }
        return {};
    }

    Result<void> repair_log(const Segment& segment, bool is_last) {
        const auto name = log::file_name(segment.base, log::kLogSuffix);
        const auto good_end = segment.whole.empty() ? 0 : segment.whole.front().end;
        const bool is_tail = segment.whole.empty() ||
                             (segment.whole.size() == 1 && segment.whole.front().begin == 0);
        auto done =
            is_tail && is_last
                ? act(name, segment.problem,
                      fmt::format("cut off {} bytes from position {} on; the end is offset {}",
                                  segment.size - good_end, good_end, segment.next_offset),
                      [&] { return cut(segment, good_end); })
                : act(name, segment.problem,
                      fmt::format("leave out {}; the file as it was is kept as {}{}",
                                  left_out(segment), name, kDamagedSuffix),
                      [&] { return rewrite(segment); });
        if (!done) return done;
        // They point into the file as it was; whoever opens the log makes them anew.
        for (const auto suffix : {log::kIndexSuffix, log::kTimeIndexSuffix}) {
            const auto index = log::file_name(segment.base, suffix);
            if (names_.erase(index) == 0) continue;
            auto removed = act(index, "its log changes", "remove it: the next start makes it anew",
                               [&] { return disk_.remove(at(index)); });
            if (!removed) return removed;
        }
        return {};
    }

    static std::string left_out(const Segment& segment) {
        std::string out;
        std::uint64_t from = 0;
        const auto add = [&](std::uint64_t to) {
            if (to > from) {
                out += fmt::format("{}bytes {}-{}", out.empty() ? "" : ", ", from, to - 1);
            }
        };
        for (const auto& stretch : segment.whole) {
            add(stretch.begin);
            from = stretch.end;
        }
        add(segment.size);
        return out;
    }

    Result<void> cut(const Segment& segment, std::uint64_t to) {
        auto file = disk_.open(segment.path, io::Open::write);
        if (!file) return std::unexpected(std::move(file).error());
        if (auto done = (*file)->truncate(to); !done) return done;
        return (*file)->sync();
    }

    // The new file is whole and durable before it takes the name.
    Result<void> rewrite(const Segment& segment) {
        const auto temporary = segment.path + std::string(log::kTmpSuffix);
        if (auto done = copy(segment, temporary); !done) return done;
        auto done = disk_.rename(segment.path, segment.path + std::string(kDamagedSuffix));
        if (!done) return done;
        return disk_.rename(temporary, segment.path);
    }

    Result<void> copy(const Segment& segment, const std::string& to) {
        auto from = disk_.open(segment.path, io::Open::read);
        if (!from) return std::unexpected(std::move(from).error());
        auto out = disk_.open(to, io::Open::create);
        if (!out) return std::unexpected(std::move(out).error());
        if (auto done = (*out)->truncate(0); !done) return done;
        std::uint64_t written = 0;
        Bytes buffer;
        for (const auto& stretch : segment.whole) {
            for (auto position = stretch.begin; position < stretch.end;) {
                buffer.resize(std::min<std::uint64_t>(stretch.end - position, kCopyBytes));
                const auto read = (*from)->read(position, buffer);
                if (!read) return std::unexpected(read.error());
                if (*read == 0) return fail(Errc::kafka_storage_error, to + ": cut short");
                const auto part = BytesView(buffer).first(*read);
                if (auto done = (*out)->write(written, part); !done) return done;
                position += *read;
                written += *read;
            }
        }
        if (segment.next_base > segment.next_offset) {
            if (auto done = (*out)->write(written, BytesView(filler(segment))); !done) return done;
        }
        return (*out)->sync();
    }

    Result<void> repair_others() {
        for (const auto& name : names_) {
            const auto kind = kind_of(name);
            if (!kind || *kind == FileKind::log) continue;
            auto file = read_log_file(disk_, at(name));
            if (!file) return fail(Errc::kafka_storage_error, file.error());
            const auto problem = problem_of(*file);
            if (problem.empty()) continue;
            const bool is_cut = *kind == FileKind::txn_index;
            auto done = is_cut ? act(name, problem, "cut off the entry that is not whole",
                                     [&] { return cut_entries(*file); })
                               : act(name, problem, "remove it: the next start makes it anew",
                                     [&] { return disk_.remove(at(name)); });
            if (!done) return done;
        }
        return {};
    }

    Result<void> cut_entries(const LogFile& file) {
        auto opened = disk_.open(file.path, io::Open::write);
        if (!opened) return std::unexpected(std::move(opened).error());
        const auto size = file.bytes.size();
        if (auto done = (*opened)->truncate(size - size % kTxnEntryBytes); !done) return done;
        return (*opened)->sync();
    }

    static constexpr std::size_t kTxnEntryBytes = 34;

    std::string problem_of(const LogFile& file) const {
        switch (file.kind) {
            case FileKind::index:
            case FileKind::time_index: {
                const std::size_t entry = file.kind == FileKind::index ? 8 : 12;
                if (file.bytes.size() % entry == 0) return "";
                return fmt::format("its size is no multiple of {}", entry);
            }
            case FileKind::txn_index:
                if (file.bytes.size() % kTxnEntryBytes == 0) return "";
                return fmt::format("its size is no multiple of {}", kTxnEntryBytes);
            case FileKind::producers: {
                const auto state = log::ProducerState::from_snapshot(file.bytes);
                return state ? "" : state.error().what;
            }
            case FileKind::log:
                break;
        }
        return "";
    }

    io::Disk& disk_;
    const std::string path_;
    const bool applies_;
    std::set<std::string> names_;
    std::vector<Row> rows_;
};

std::string folder_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == path.npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

// The lock of the log directory that a partition's directory lies in, where it is one.
Result<std::unique_ptr<io::PathLock>> lock_out_brokers(io::Disk& disk, const std::string& path) {
    const auto lock = folder_of(path) + "/.lock";
    const auto there = disk.stat(lock);
    if (!there) return std::unexpected(there.error());
    if (!*there) return nullptr;
    auto held = disk.lock(lock);
    if (held) return held;
    return fail(Errc::kafka_storage_error,
                fmt::format("{}: a broker is running on it; stop it first", folder_of(path)));
}

}  // namespace

cli::Sheet repair_fields() { return cli::make_sheet("repairs", kRepairFields, {}); }

int repair_log(const Options& options) {
    cli::Console console(options.common);
    const auto disk = io::make_posix_disk();
    std::vector<Row> rows;
    for (auto path : options.words) {
        while (path.size() > 1 && path.ends_with('/')) path.pop_back();
        const auto entry = disk->stat(path);
        if (!entry) return console.fail({path, entry.error()});
        if (!*entry || !(*entry)->is_directory) {
            return console.usage(fmt::format("{} is no partition's directory", path));
        }
        const auto lock = lock_out_brokers(*disk, path);
        if (!lock) return console.fail({path, lock.error()});
        auto found = Repair(*disk, path, options.applies).run();
        if (!found) return console.fail({path, found.error()});
        std::ranges::move(*found, std::back_inserter(rows));
    }
    console.show(cli::make_sheet("repairs", kRepairFields, rows));
    if (rows.empty()) console.notice("nothing to repair");
    if (rows.empty() || options.applies) return cli::kDone;
    console.notice("nothing was changed: --apply does it");
    return cli::kPending;
}

}  // namespace kcore::server
