// A log directory of which some files were damaged: it opens or is refused, and a log that opens
// is consistent, takes an append, and is the same after a clean stop. The first byte says how it
// was left, the rest are changes: which file, what, where, with what.
#include <algorithm>
#include <cstdlib>
#include <map>
#include <string>

#include "base/crc32c.h"
#include "io/memory_disk.h"
#include "io/random.h"
#include "log/log_dir.h"
#include "record/builder.h"
#include "record/control.h"

namespace kcore::log {
namespace {

using Files = std::map<std::string, Bytes>;

constexpr std::string_view kPath = "/data";
constexpr std::string_view kMarker = "/data/.kafka_cleanshutdown";
const TopicPartition kPartition{"orders", 0};

void require(bool holds) {
    if (!holds) std::abort();
}

class Zeros : public io::Random {
public:
    std::uint64_t next() override { return ++last_; }

private:
    std::uint64_t last_ = 0;
};

// A directory, open.
class Open {
public:
    explicit Open(io::MemoryDisk& disk) : files_(disk, 16) {
        auto dir =
            LogDir::open(disk, files_, random_, Logger(), std::string(kPath), [](const Error&) {});
        if (dir) dir_ = std::move(*dir);
    }
    LogDir* dir() { return dir_.get(); }

private:
    FileCache files_;
    Zeros random_;
    std::unique_ptr<LogDir> dir_;
};

ConfigRef config() {
    LogConfig config;
    config.segment_bytes = 1'000;
    config.index_interval_bytes = 100;
    return std::make_shared<const LogConfig>(config);
}

Bytes batch(std::int64_t producer, std::int32_t sequence, bool is_transactional) {
    record::BatchOptions options;
    options.producer_id = producer;
    options.producer_epoch = 0;
    options.base_sequence = sequence;
    options.is_transactional = is_transactional;
    record::BatchBuilder builder(options);
    const std::string value(90, 'v');
    builder.append(1'000 + sequence, as_bytes("key"), as_bytes(value));
    builder.append(1'001 + sequence, std::nullopt, as_bytes(value));
    const auto bytes = builder.close();
    return {bytes.begin(), bytes.end()};
}

void put(Log& log, Bytes bytes, Origin origin) {
    require(log.append_as_leader(bytes, origin, 1, 2'000).has_value());
}

void take(io::Disk& disk, const std::string& directory, Files& files) {
    const auto entries = disk.list(directory);
    require(entries.has_value());
    for (const auto& entry : *entries) {
        const auto path = directory + "/" + entry.name;
        if (entry.is_directory) {
            take(disk, path, files);
        } else {
            files[path] = **read_file(disk, path);
        }
    }
}

// Three segments, an aborted and an open transaction, everything that a clean stop leaves.
Files make_files() {
    io::MemoryDisk disk;
    Open open(disk);
    require(open.dir()
                ->write_meta(
                    {.version = 1, .cluster_id = "c", .node_id = 1, .directory_id = Uuid{1, 2}})
                .has_value());
    auto log = *open.dir()->create(kPartition, {7, 8}, config(), 0);
    for (std::int32_t i = 0; i < 8; ++i) put(*log, batch(5, 2 * i, false), Origin::client);
    put(*log, batch(6, 0, true), Origin::client);
    put(*log, record::marker_batch({.is_commit = false, .coordinator_epoch = 0}, 6, 0, 2'000),
        Origin::coordinator);
    put(*log, batch(7, 0, true), Origin::client);
    log->set_high_watermark(log->log_end_offset());
    require(log->close(0).has_value());
    log.reset();
    require(open.dir()->close(3, true).has_value());
    Files files;
    take(disk, std::string(kPath), files);
    return files;
}

// Reads the input; zeros behind its end.
class Input {
public:
    explicit Input(BytesView data) : data_(data) {}
    bool is_empty() const { return data_.empty(); }
    std::size_t byte() {
        if (data_.empty()) return 0;
        const auto value = static_cast<std::size_t>(data_[0]);
        data_ = data_.subspan(1);
        return value;
    }
    std::size_t word() {
        const auto high = byte();
        return high << 8 | byte();
    }
    BytesView bytes(std::size_t count) {
        const auto out = data_.first(std::min(count, data_.size()));
        data_ = data_.subspan(out.size());
        return out;
    }

private:
    BytesView data_;
};

// Mutations would hardly ever get past the checksum of a batch or a snapshot.
void mend(Bytes& bytes, std::size_t at, bool is_log) {
    if (is_log) {
        if (at + record::kBatchHeaderBytes > bytes.size()) return;
        const auto length = load_be<std::int32_t>(bytes.data() + at + record::kLengthAt);
        const auto size = static_cast<std::size_t>(std::max(length, 0)) + record::kLogOverheadBytes;
        if (size < record::kBatchHeaderBytes || size > bytes.size() - at) return;
        const auto covered = BytesView(bytes).subspan(at, size).subspan(record::kAttributesAt);
        store_be(bytes.data() + at + record::kCrcAt, crc32c(covered));
    } else if (bytes.size() > 6) {
        store_be(bytes.data() + 2, crc32c(BytesView(bytes).subspan(6)));
    }
}

void change(Files& files, Input& input) {
    if (files.empty()) return;
    const auto chosen =
        std::next(files.begin(), static_cast<std::ptrdiff_t>(input.byte() % files.size()));
    auto& bytes = chosen->second;
    const auto place = input.word();
    const auto at = bytes.empty() ? 0 : place % bytes.size();
    switch (input.byte() % 7) {
        case 0:
        case 1: {
            const auto with = input.bytes(input.byte() % 16 + 1);
            const auto count = std::min(with.size(), bytes.size() - at);
            std::copy_n(with.begin(), count, bytes.begin() + static_cast<std::ptrdiff_t>(at));
            if (chosen->first.ends_with(".log")) mend(bytes, at - at % 241, true);
            if (chosen->first.ends_with(".snapshot")) mend(bytes, 0, false);
            break;
        }
        case 2:
            bytes.resize(at);
            break;
        case 3: {
            const auto more = input.bytes(input.byte());
            bytes.insert(bytes.end(), more.begin(), more.end());
            break;
        }
        case 4:
            bytes.resize(bytes.size() + place % 2'000);
            break;
        case 5:
            files.erase(chosen);
            break;
        case 6: {
            static constexpr std::string_view kEndings[] = {".swap", ".cleaned", ".deleted",
                                                            ".tmp"};
            auto moved = std::move(bytes);
            const auto name = chosen->first + std::string(kEndings[place % 4]);
            files.erase(chosen);
            files[name] = std::move(moved);
            break;
        }
    }
}

void lay_out(io::MemoryDisk& disk, const Files& files) {
    require(disk.make_directory("/data/orders-0").has_value());
    for (const auto& [path, bytes] : files) {
        auto file = disk.open(path, io::Open::create);
        require(file && (*file)->write(0, BytesView(bytes)).has_value());
    }
}

std::unique_ptr<Log> load(LogDir& dir) {
    for (const auto& found : dir.found()) {
        if (found.name.kind != DirKind::current) continue;
        auto log = dir.load(found, config(), 10'000);
        if (log) return std::move(*log);
        require(log.error().code != Errc::none);
    }
    return nullptr;
}

void read_all(Log& log) {
    require(log.log_start_offset() <= log.high_watermark());
    require(log.high_watermark() <= log.log_end_offset());
    require(log.last_stable_offset() <= log.high_watermark());
    for (auto offset = log.log_start_offset(); offset < log.log_end_offset();) {
        const auto read =
            log.read({.offset = offset, .up_to = log.log_end_offset(), .max_bytes = 500});
        if (!read || read->slice.size_bytes == 0) return;
        Bytes part(read->slice.size_bytes);
        const auto got = read->slice.file->read(read->slice.position, part);
        if (!got) return;
        const auto header = read_batch_header(BytesView(part).first(*got));
        // Above the recovery point a clean start trusts what it finds.
        if (!header || header->last_offset < offset) return;
        offset = header->last_offset + 1;
    }
    (void)log.offset_for_timestamp(1'005);
    (void)log.max_timestamp();
    (void)log.aborted_transactions(log.log_start_offset(), log.log_end_offset());
    (void)log.end_of_epoch(1);
}

void run(BytesView data) {
    static const Files whole = make_files();
    Input input(data);
    auto files = whole;
    if ((input.byte() & 1U) != 0) files.erase(std::string(kMarker));
    for (int changes = 0; changes < 8 && !input.is_empty(); ++changes) change(files, input);
    io::MemoryDisk disk;
    lay_out(disk, files);
    std::int64_t end = -1;
    {
        Open open(disk);
        if (open.dir() == nullptr) return;
        auto log = load(*open.dir());
        if (!log) return;
        read_all(*log);
        auto more = batch(99, 0, false);
        const auto appended = log->append_as_leader(more, Origin::client, 9, 3'000);
        if (appended) require(appended->last_offset + 1 == log->log_end_offset());
        end = log->log_end_offset();
        const bool is_closed = log->close(0).has_value();
        log.reset();
        if (!open.dir()->close(4, is_closed) || !is_closed) return;
    }
    Open again(disk);
    require(again.dir() != nullptr);
    const auto log = load(*again.dir());
    require(log && log->log_end_offset() == end);
}

}  // namespace
}  // namespace kcore::log

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    kcore::log::run({reinterpret_cast<const std::byte*>(data), size});
    return 0;
}
