#include "raft/snapshot.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "log/checkpoint.h"
#include "protocol/codec.h"
#include "protocol/data/snapshot_footer_record.h"
#include "protocol/data/snapshot_header_record.h"
#include "record/builder.h"
#include "record/control.h"
#include "record/scan.h"

namespace kcore::raft {
namespace {

constexpr std::string_view kSuffix = ".checkpoint";
constexpr std::size_t kOffsetDigits = 20;
constexpr std::size_t kEpochDigits = 10;
constexpr std::size_t kBatchBytes = 1 << 20;

using record::ControlType;

template <class Number>
bool parse_digits(std::string_view text, Number& out) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc() && end == text.data() + text.size() && text[0] != '-';
}

std::string part_of(const std::string& directory, const SnapshotId& id) {
    return fmt::format("{}/{}.part", directory, snapshot_name(id));
}

class Writer {
public:
    Writer(std::int32_t epoch, std::int64_t now_ms) : epoch_(epoch), now_ms_(now_ms) {}

    void control(ControlType type, BytesView value) {
        flush();
        auto batch = record::control_batch(type, value, now_ms_);
        record::set_base_offset(batch, next_offset_++);
        record::set_leader_epoch(batch, epoch_);
        append(out_, batch);
    }
    void data(BytesView value) {
        if (builder_.size_bytes() >= kBatchBytes) flush();
        if (builder_.empty()) {
            builder_.reset({.base_offset = next_offset_, .leader_epoch = epoch_});
        }
        builder_.append(now_ms_, std::nullopt, value);
    }
    Bytes take() { return std::move(out_); }

private:
    void flush() {
        if (builder_.empty()) return;
        next_offset_ += builder_.count();
        append(out_, builder_.close());
        builder_.reset();
    }

    std::int32_t epoch_;
    std::int64_t now_ms_;
    std::int64_t next_offset_ = 0;
    record::BatchBuilder builder_;
    Bytes out_;
};

class Reader {
public:
    explicit Reader(Snapshot& snapshot) : snapshot_(snapshot) {}

    Result<void> run() {
        record::BatchScanner scanner(snapshot_.bytes);
        auto scan = scanner.next();
        for (; scan == record::Scan::batch; scan = scanner.next()) {
            const auto batch = scanner.batch();
            if (auto ok = batch.check(); !ok) return ok;
            if (!batch.is_v2()) return fail(Errc::corrupt_message, "an old message format");
            if (auto ok = take(batch.v2()); !ok) return ok;
        }
        if (scan != record::Scan::end) return fail(Errc::corrupt_message, "cut short");
        if (!has_header_) return fail(Errc::corrupt_message, "no header");
        if (!has_footer_) return fail(Errc::corrupt_message, "no footer: it was never finished");
        return {};
    }

private:
    Result<void> take(const record::BatchView& batch) {
        if (has_footer_) return fail(Errc::corrupt_message, "records behind the footer");
        if (batch.is_compressed()) return fail(Errc::corrupt_message, "a compressed batch");
        record::RecordReader reader(batch.payload(), batch.base());
        record::RecordView one;
        while (reader.next(one)) {
            auto ok = batch.is_control() ? control(one) : data(one);
            if (!ok) return ok;
        }
        return reader.finish();
    }

    Result<void> control(const record::RecordView& one) {
        const auto type = record::control_type(one);
        if (!type) return std::unexpected(type.error());
        if (*type == ControlType::snapshot_footer) has_footer_ = true;
        if (*type == ControlType::kraft_version || *type == ControlType::kraft_voters) {
            VoterHistory history(snapshot_.voters.voters, snapshot_.voters.kraft_version);
            const ControlRecord record{0, **type, to_bytes(one.value.value_or(BytesView()))};
            auto done = apply(record, history);
            if (done) snapshot_.voters = history.at(1);
            return done;
        }
        if (*type != ControlType::snapshot_header) return {};
        const auto header =
            protocol::decode<protocol::SnapshotHeaderRecord>(one.value.value_or(BytesView()), 0);
        if (!header) return std::unexpected(header.error());
        snapshot_.last_contained_ms = header->last_contained_log_timestamp;
        has_header_ = true;
        return {};
    }

    Result<void> data(const record::RecordView& one) {
        if (!has_header_) return fail(Errc::corrupt_message, "records before the header");
        if (!one.value) return fail(Errc::corrupt_message, "a record without value");
        snapshot_.values.push_back(*one.value);
        return {};
    }

    Snapshot& snapshot_;
    bool has_header_ = false;
    bool has_footer_ = false;
};

}  // namespace

std::string snapshot_name(const SnapshotId& id) {
    return fmt::format("{:020}-{:010}{}", id.end_offset, id.epoch, kSuffix);
}

std::optional<SnapshotId> parse_snapshot_name(std::string_view name) {
    constexpr auto kSize = kOffsetDigits + 1 + kEpochDigits;
    if (name.size() != kSize + kSuffix.size() || !name.ends_with(kSuffix)) return std::nullopt;
    SnapshotId id;
    if (name[kOffsetDigits] != '-' || !parse_digits(name.substr(0, kOffsetDigits), id.end_offset) ||
        !parse_digits(name.substr(kOffsetDigits + 1, kEpochDigits), id.epoch)) {
        return std::nullopt;
    }
    return id;
}

Bytes build_snapshot(const SnapshotId& id, std::span<const Bytes> values,
                     std::int64_t last_contained_ms, std::int64_t now_ms,
                     const VoterHistory::Entry& voters) {
    Writer writer(id.epoch, now_ms);
    protocol::SnapshotHeaderRecord header;
    header.last_contained_log_timestamp = last_contained_ms;
    Bytes bytes;
    static_cast<void>(protocol::encode(header, 0, bytes));  // Plain numbers always fit.
    writer.control(ControlType::snapshot_header, bytes);
    if (voters.kraft_version > 0) {
        writer.control(ControlType::kraft_version, encode_kraft_version(voters.kraft_version));
        writer.control(ControlType::kraft_voters, encode_voters(voters.voters));
    }
    for (const auto& value : values) writer.data(value);
    bytes.clear();
    static_cast<void>(protocol::encode(protocol::SnapshotFooterRecord(), 0, bytes));
    writer.control(ControlType::snapshot_footer, bytes);
    return writer.take();
}

Result<void> write_snapshot(io::Disk& disk, const std::string& directory, const SnapshotId& id,
                            BytesView bytes) {
    {
        auto file = disk.open(part_of(directory, id), io::Open::create);
        if (!file) return std::unexpected(std::move(file).error());
        if (auto done = (*file)->write(0, bytes); !done) return done;
    }
    return keep_snapshot(disk, directory, id);
}

Result<void> keep_snapshot(io::Disk& disk, const std::string& directory, const SnapshotId& id) {
    const auto part = part_of(directory, id);
    {
        auto file = disk.open(part, io::Open::write);
        if (!file) return std::unexpected(std::move(file).error());
        if (auto done = (*file)->sync(); !done) return done;
    }
    if (auto done = disk.rename(part, directory + "/" + snapshot_name(id)); !done) return done;
    return disk.sync_directory(directory);
}

Result<Snapshot> parse_snapshot(Bytes bytes) {
    Snapshot snapshot;
    snapshot.bytes = std::move(bytes);
    if (auto ok = Reader(snapshot).run(); !ok) return std::unexpected(ok.error());
    return snapshot;
}

Result<Snapshot> read_snapshot(io::Disk& disk, const std::string& path) {
    auto bytes = log::read_file(disk, path);
    if (!bytes) return std::unexpected(bytes.error());
    if (!*bytes) return fail(Errc::kafka_storage_error, path + ": no such file");
    auto snapshot = parse_snapshot(std::move(**bytes));
    if (!snapshot) return fail(snapshot.error().code, path + ": " + snapshot.error().what);
    return snapshot;
}

}  // namespace kcore::raft
