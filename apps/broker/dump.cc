// kbroker log dump: what lies in files of a log, as rows.

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "broker/broker.h"
#include "broker/log_file.h"
#include "cli/record_line.h"
#include "cli/text.h"
#include "io/posix_disk.h"
#include "log/producer_state.h"
#include "record/control.h"

namespace kcore::server {

namespace {

using cli::Json;
using cli::Kind;
using cli::Show;

struct BatchRow {
    std::string file;
    std::size_t position = 0;
    record::AnyBatch batch;
};

// Of batches of magic 2; absent in older ones.
template <class T, T (record::BatchView::*get)() const>
Json of_v2(const BatchRow& row) {
    if (!row.batch.is_v2()) return nullptr;
    return Json((row.batch.v2().*get)());
}

Json codec(const BatchRow& row) {
    const auto codec = row.batch.is_v2() ? row.batch.v2().codec() : row.batch.legacy().codec();
    return codec ? Json(record::codec_name(*codec)) : Json("unknown");
}

using View = record::BatchView;

const std::vector<cli::Field<BatchRow>> kBatchFields{
    {{"file", "FILE", Kind::text, Show::wide}, [](const BatchRow& r) { return Json(r.file); }},
    {{"position", "POSITION", Kind::number}, [](const BatchRow& r) { return Json(r.position); }},
    {{"size_bytes", "SIZE", Kind::number}, [](const BatchRow& r) { return Json(r.batch.size()); }},
    {{"base_offset", "BASE-OFFSET", Kind::number},
     [](const BatchRow& r) { return Json(r.batch.base_offset()); }},
    {{"last_offset", "LAST-OFFSET", Kind::number},
     [](const BatchRow& r) { return Json(r.batch.last_offset()); }},
    {{"count", "COUNT", Kind::number}, &of_v2<std::int32_t, &View::count>},
    {{"leader_epoch", "EPOCH", Kind::number}, &of_v2<std::int32_t, &View::leader_epoch>},
    {{"max_timestamp", "MAX-TIMESTAMP", Kind::time_ms},
     [](const BatchRow& r) { return Json(r.batch.max_timestamp()); }},
    {{"compression", "COMPRESSION"}, &codec},
    {{"producer_id", "PRODUCER", Kind::number}, &of_v2<std::int64_t, &View::producer_id>},
    {{"producer_epoch", "PRODUCER-EPOCH", Kind::number, Show::wide},
     &of_v2<std::int16_t, &View::producer_epoch>},
    {{"base_sequence", "SEQUENCE", Kind::number, Show::wide},
     &of_v2<std::int32_t, &View::base_sequence>},
    {{"transactional", "TXN", Kind::truth}, &of_v2<bool, &View::is_transactional>},
    {{"control", "CONTROL", Kind::truth}, &of_v2<bool, &View::is_control>},
    {{"magic", "MAGIC", Kind::number, Show::wide},
     [](const BatchRow& r) { return Json(static_cast<int>(r.batch.magic())); }},
    {{"valid", "VALID", Kind::truth},
     [](const BatchRow& r) { return Json(r.batch.check().has_value()); }}};

struct RecordRow {
    std::int64_t offset = 0;
    std::int64_t timestamp = 0;
    Json key;
    Json value;
    Json headers = Json::array();
    Json decoded;
    Json control;
};

const std::vector<cli::Field<RecordRow>> kRecordFields{
    {{"offset", "OFFSET", Kind::number}, [](const RecordRow& r) { return Json(r.offset); }},
    {{"ts", "TIMESTAMP", Kind::time_ms}, [](const RecordRow& r) { return Json(r.timestamp); }},
    {{"key", "KEY", Kind::text, Show::always}, [](const RecordRow& r) { return r.key; }},
    {{"value", "VALUE"}, [](const RecordRow& r) { return r.value; }},
    {{"headers", "HEADERS", Kind::list, Show::wide}, [](const RecordRow& r) { return r.headers; }},
    {{"control", "CONTROL"}, [](const RecordRow& r) { return r.control; }},
    {{"decoded", "DECODED"}, [](const RecordRow& r) { return r.decoded; }}};

// Text as it is, other bytes as {"base64": ...}.
Json shown(const std::optional<BytesView>& bytes) {
    if (!bytes) return nullptr;
    const auto text = as_text(*bytes);
    if (cli::is_utf8(text)) return text;
    std::string encoded;
    cli::append_base64(encoded, *bytes);
    return {{"base64", std::move(encoded)}};
}

Json control_name(const record::RecordView& record) {
    static constexpr std::array<std::string_view, 7> kNames{
        "abort",           "commit",        "leader change", "snapshot header",
        "snapshot footer", "kraft version", "kraft voters"};
    const auto type = record::control_type(record);
    if (!type) return type.error().what;
    if (!*type) return "unknown";
    return kNames[static_cast<std::size_t>(**type)];
}

RecordRow to_row(const record::RecordView& record, bool is_control, Decoder decoder) {
    RecordRow row;
    row.offset = record.offset;
    row.timestamp = record.timestamp;
    row.key = shown(record.key);
    row.value = shown(record.value);
    for (const auto& header : record.headers) {
        row.headers.push_back({shown(as_bytes(header.key)), shown(header.value)});
    }
    if (is_control) {
        row.control = control_name(record);
    } else {
        row.decoded = decode_record(decoder, record);
    }
    return row;
}

struct IndexRow {
    std::string file;
    IndexEntry entry;
};

std::vector<cli::Field<IndexRow>> index_fields(FileKind kind) {
    const bool is_time = kind == FileKind::time_index;
    return {
        {{"file", "FILE", Kind::text, Show::wide}, [](const IndexRow& r) { return Json(r.file); }},
        {{"offset", "OFFSET", Kind::number},
         [](const IndexRow& r) { return Json(r.entry.offset); }},
        {{is_time ? "timestamp" : "position", is_time ? "TIMESTAMP" : "POSITION",
          is_time ? Kind::time_ms : Kind::number},
         [](const IndexRow& r) { return Json(r.entry.target); }}};
}

std::vector<IndexRow> index_rows(const LogFile& file) {
    std::vector<IndexRow> out;
    for (const auto& entry : index_entries(file)) out.push_back({file.path, entry});
    return out;
}

struct AbortedRow {
    std::int64_t producer_id = 0;
    std::int64_t first_offset = 0;
    std::int64_t last_offset = 0;
    std::int64_t last_stable_offset = 0;
};

const std::vector<cli::Field<AbortedRow>> kAbortedFields{
    {{"producer_id", "PRODUCER", Kind::number},
     [](const AbortedRow& r) { return Json(r.producer_id); }},
    {{"first_offset", "FIRST-OFFSET", Kind::number},
     [](const AbortedRow& r) { return Json(r.first_offset); }},
    {{"last_offset", "LAST-OFFSET", Kind::number},
     [](const AbortedRow& r) { return Json(r.last_offset); }},
    {{"last_stable_offset", "LAST-STABLE-OFFSET", Kind::number},
     [](const AbortedRow& r) { return Json(r.last_stable_offset); }}};

std::vector<AbortedRow> aborted_rows(const LogFile& file) {
    constexpr std::size_t kSize = 34;
    std::vector<AbortedRow> out;
    for (std::size_t at = 0; at + kSize <= file.bytes.size(); at += kSize) {
        const auto* entry = file.bytes.data() + at + sizeof(std::int16_t);
        out.push_back({load_be<std::int64_t>(entry), load_be<std::int64_t>(entry + 8),
                       load_be<std::int64_t>(entry + 16), load_be<std::int64_t>(entry + 24)});
    }
    return out;
}

using ProducerRow = std::pair<std::int64_t, log::Producer>;

const std::vector<cli::Field<ProducerRow>> kProducerFields{
    {{"producer_id", "PRODUCER", Kind::number}, [](const ProducerRow& r) { return Json(r.first); }},
    {{"epoch", "EPOCH", Kind::number}, [](const ProducerRow& r) { return Json(r.second.epoch); }},
    {{"coordinator_epoch", "COORDINATOR-EPOCH", Kind::number},
     [](const ProducerRow& r) { return Json(r.second.coordinator_epoch); }},
    {{"last_timestamp", "LAST-TIMESTAMP", Kind::time_ms},
     [](const ProducerRow& r) { return Json(r.second.last_timestamp); }},
    {{"last_sequence", "LAST-SEQUENCE", Kind::number},
     [](const ProducerRow& r) { return Json(r.second.last_sequence()); }},
    {{"open_since", "OPEN-SINCE", Kind::number}, [](const ProducerRow& r) {
         return r.second.open_since < 0 ? Json() : Json(r.second.open_since);
     }}};

// One run of the command.
class Dump {
public:
    explicit Dump(const Options& options)
        : options_(options), console_(options.common), disk_(io::make_posix_disk()) {}

    int run() {
        auto paths = find_log_files(*disk_, options_.words);
        if (!paths) return console_.usage(paths.error());
        if (paths->empty()) return console_.usage("there is no file of a log");
        const auto kind = is_directory_only() ? FileKind::log : *kind_of(paths->front());
        for (const auto& path : *paths) {
            if (*kind_of(path) != kind && is_directory_only()) continue;
            if (*kind_of(path) != kind) {
                return console_.usage(
                    fmt::format("{} and {} hold different things: dump one after "
                                "the other",
                                paths->front(), path));
            }
            auto file = read_log_file(*disk_, path);
            if (!file) return console_.usage(file.error());
            files_.push_back(std::move(*file));
        }
        show(kind);
        return code_;
    }

private:
    // A directory stands for its logs.
    bool is_directory_only() const {
        return std::ranges::none_of(
            options_.words, [](const std::string& word) { return kind_of(word).has_value(); });
    }

    void show(FileKind kind) {
        switch (kind) {
            case FileKind::log:
                return options_.records ? show_records() : show_batches();
            case FileKind::index:
            case FileKind::time_index:
                return print(kind, index_fields(kind), each(index_rows));
            case FileKind::txn_index:
                return print(kind, kAbortedFields, each(aborted_rows));
            case FileKind::producers:
                return show_producers();
        }
    }

    template <class Row>
    void print(FileKind kind, const std::vector<cli::Field<Row>>& fields,
               const std::vector<Row>& rows) {
        console_.show(cli::make_sheet(std::string(kind_name(kind)), fields, rows));
    }

    template <class Row>
    std::vector<Row> each(std::vector<Row> (*rows_of)(const LogFile&)) {
        std::vector<Row> out;
        for (const auto& file : files_) {
            for (auto& row : rows_of(file)) out.push_back(std::move(row));
        }
        return out;
    }

    // Calls `visit` with the batches of all files; damage is told on stderr.
    template <class Visit>
    void walk(Visit visit) {
        for (const auto& file : files_) {
            const auto bytes =
                BytesView(file.bytes)
                    .first(std::min<std::size_t>(file.bytes.size(),
                                                 static_cast<std::size_t>(options_.bytes_max)));
            record::BatchScanner scanner(bytes);
            auto found = scanner.next();
            for (; found == record::Scan::batch; found = scanner.next()) {
                visit(file, scanner.position(), scanner.batch());
            }
            if (found == record::Scan::end || bytes.size() < file.bytes.size()) continue;
            complain(file.path, found == record::Scan::corrupt
                                    ? scanner.error()
                                    : Error(Errc::corrupt_message,
                                            fmt::format("position {}: the rest, {} bytes, is no "
                                                        "whole batch",
                                                        scanner.position(),
                                                        bytes.size() - scanner.position())));
        }
    }

    void show_batches() {
        std::vector<BatchRow> rows;
        walk([&rows](const LogFile& file, std::size_t position, const record::AnyBatch& batch) {
            rows.push_back({file.path, position, batch});
        });
        print(FileKind::log, kBatchFields, rows);
    }

    void show_records() {
        std::vector<RecordRow> rows;
        record::Decompressor decompressor;
        const auto chosen = decoder_by_name(options_.decoder);
        walk([&](const LogFile& file, std::size_t, const record::AnyBatch& batch) {
            const auto decoder = chosen.value_or(decoder_of(file.path));
            const bool is_control = batch.is_v2() && batch.v2().is_control();
            const auto add = [&](const record::RecordView& record) {
                rows.push_back(to_row(record, is_control, decoder));
            };
            auto whole = batch.check();
            if (whole) whole = record::for_each_record(batch, decompressor, add);
            if (!whole) complain(file.path, whole.error());
        });
        console_.show(cli::make_sheet("records", kRecordFields, rows));
    }

    void show_producers() {
        std::vector<ProducerRow> rows;
        for (const auto& file : files_) {
            const auto state = log::ProducerState::from_snapshot(file.bytes);
            if (!state) {
                complain(file.path, state.error());
                continue;
            }
            rows.insert(rows.end(), state->producers().begin(), state->producers().end());
        }
        std::ranges::sort(rows, {}, &ProducerRow::first);
        print(FileKind::producers, kProducerFields, rows);
    }

    void complain(const std::string& path, const Error& error) {
        code_ = cli::kFailed;
        console_.fail({path, error});
    }

    const Options& options_;
    cli::Console console_;
    std::unique_ptr<io::Disk> disk_;
    std::vector<LogFile> files_;
    int code_ = cli::kDone;
};

}  // namespace

int dump_log(const Options& options) { return Dump(options).run(); }

cli::Sheet dump_fields(const Options& options) {
    if (options.records) return cli::make_sheet("records", kRecordFields, {});
    return cli::make_sheet(std::string(kind_name(FileKind::log)), kBatchFields, {});
}

}  // namespace kcore::server
