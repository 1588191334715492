#include "broker/group_log_replay.h"

#include <fmt/format.h>

#include <utility>

#include "record/compression.h"
#include "record/control.h"
#include "record/scan.h"

namespace kcore::broker {

namespace {

constexpr std::size_t kReadBytes = 1 << 20;

class Replay {
public:
    Replay(replication::Partition& partition, group::Coordinator& coordinator)
        : partition_(partition), coordinator_(coordinator) {}

    Result<std::int64_t> run() {
        const auto offsets = partition_.offsets();
        auto at = offsets.log_start;
        while (at < offsets.log_end) {
            auto read = fill(at, offsets.log_end);
            if (!read) return std::unexpected(std::move(read).error());
            auto next = replay_buffer(at);
            if (!next) return std::unexpected(std::move(next).error());
            if (*next == at) {
                return fail(Errc::corrupt_message,
                            fmt::format("{}: nothing can be read at offset {}",
                                        partition_.name().to_string(), at));
            }
            at = *next;
        }
        return offsets.log_end;
    }

private:
    Result<void> fill(std::int64_t offset, std::int64_t up_to) {
        auto found = partition_.with_log(
            [&](log::Log& log) { return log.read({offset, up_to, kReadBytes, true}); });
        if (!found) return std::unexpected(std::move(found).error());
        buffer_.resize(found->slice.size_bytes);
        if (buffer_.empty()) return {};
        auto got = found->slice.file->read(found->slice.position, buffer_);
        if (!got) return std::unexpected(std::move(got).error());
        buffer_.resize(*got);
        return {};
    }

    // The offset after the last whole batch.
    Result<std::int64_t> replay_buffer(std::int64_t from) {
        record::BatchScanner scanner(buffer_);
        auto next = from;
        auto scan = scanner.next();
        for (; scan == record::Scan::batch; scan = scanner.next()) {
            auto ok = replay_batch(scanner.batch(), from);
            if (!ok) return std::unexpected(std::move(ok).error());
            next = scanner.batch().next_offset();
        }
        if (scan == record::Scan::corrupt) return std::unexpected(scanner.error());
        return next;
    }

    Result<void> replay_batch(const record::AnyBatch& batch, std::int64_t from) {
        const bool is_control = batch.is_v2() && batch.v2().is_control();
        const bool in_transaction = batch.is_v2() && batch.v2().is_transactional();
        return record::for_each_record(batch, decompressor_, [&](const record::RecordView& r) {
            if (r.offset < from) return;
            if (is_control) {
                end_transaction(batch.v2(), r);
                return;
            }
            if (!r.key) return;
            group::LoadedRecord loaded;
            loaded.key = *r.key;
            loaded.value = r.value;
            loaded.offset = r.offset;
            if (in_transaction) loaded.producer = batch.v2().producer_id();
            coordinator_.replay(loaded);
        });
    }

    void end_transaction(const record::BatchView& batch, const record::RecordView& record) {
        const auto marker = record::transaction_marker(record);
        if (marker) coordinator_.end_transaction(batch.producer_id(), marker->is_commit);
    }

    replication::Partition& partition_;
    group::Coordinator& coordinator_;
    Bytes buffer_;
    record::Decompressor decompressor_;
};

}  // namespace

Result<std::int64_t> replay_group_log(replication::Partition& partition,
                                      group::Coordinator& coordinator) {
    return Replay(partition, coordinator).run();
}

}  // namespace kcore::broker
