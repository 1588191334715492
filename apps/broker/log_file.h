#pragma once
// A file of a partition's directory, of kcore or of Apache Kafka, read for people: what kind it is
// and what lies in it. Nothing is written.

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "cli/parsed.h"
#include "io/disk.h"
#include "protocol/record_types.h"
#include "record/scan.h"

namespace kcore::server {

enum class FileKind : std::uint8_t { log, index, time_index, txn_index, producers };

// "batches", "index", ...: the plural that JSON names the rows by.
std::string_view kind_name(FileKind kind);

struct LogFile {
    std::string path;
    FileKind kind = FileKind::log;
    std::int64_t base_offset = 0;  // Of its name.
    Bytes bytes;
};

// The files that `paths` name; of a directory all that can be read.
//   refused: no such file, an I/O error, or a name that no file of a log has
cli::Parsed<std::vector<std::string>> find_log_files(io::Disk& disk,
                                                     const std::vector<std::string>& paths);
cli::Parsed<LogFile> read_log_file(io::Disk& disk, const std::string& path);
std::optional<FileKind> kind_of(std::string_view path);

// An entry of an index of fixed size: an offset and what it stands for.
struct IndexEntry {
    std::int64_t offset = 0;
    std::int64_t target = 0;  // A position, or a timestamp.
};

// Up to the preallocated rest. Of an offset or time index only.
std::vector<IndexEntry> index_entries(const LogFile& file);

// What the records of a topic are decoded as.
enum class Decoder : std::uint8_t { none, metadata, offsets, transactions, shares };
// By the folder that a file lies in, as ".../__consumer_offsets-3/...".
Decoder decoder_of(const std::string& path);
std::optional<Decoder> decoder_by_name(std::string_view name);

// {"type": "FeatureLevelRecord", "version": 0, "data": {...}}; null where it is no such record,
// with "error" where it does not decode.
nlohmann::ordered_json decode_record(Decoder decoder, const record::RecordView& record);

}  // namespace kcore::server
