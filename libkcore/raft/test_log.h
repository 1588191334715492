#pragma once
// A ReplicaLog in memory for tests, with what a crash leaves of it: what was synced, and as much
// more as the disk happened to have written.

#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "log/epoch_cache.h"
#include "raft/replica_log.h"
#include "record/scan.h"

namespace kcore::raft {

struct TestBatch {
    std::int64_t base = 0;
    std::int64_t next = 0;
    std::int32_t epoch = 0;
    Bytes bytes;
};

class TestLog : public ReplicaLog {
public:
    std::function<void(const TestBatch& batch, std::int32_t epoch_before)> on_append;
    std::int64_t now_ms = 0;
    std::int64_t synced_end = 0;
    std::int64_t high_watermark = 0;
    int generation = 0;  // A sync begun before a cut says nothing of what came after it.
    std::vector<SnapshotId> to_store;
    std::map<SnapshotId, Bytes> snapshots;

    const std::vector<TestBatch>& batches() const { return batches_; }

    std::int64_t start_offset() const override { return start_; }
    std::int64_t end_offset() const override {
        return batches_.empty() ? start_ : batches_.back().next;
    }
    const std::vector<log::EpochEntry>& epochs() const override { return epochs_.entries(); }

    Result<std::int64_t> append(std::span<std::byte> batch, std::int32_t epoch) override {
        const auto base = end_offset();
        record::set_base_offset(batch, base);
        record::set_leader_epoch(batch, epoch);
        add(record::BatchView(batch));
        return base;
    }
    Result<void> append_fetched(BytesView batches) override {
        record::BatchScanner scanner(batches);
        while (scanner.next() == record::Scan::batch) {
            const auto batch = scanner.batch().v2();
            if (batch.base_offset() < end_offset()) continue;
            if (batch.base_offset() > end_offset()) {
                return fail(Errc::offset_out_of_range, "a gap");
            }
            add(batch);
        }
        return {};
    }
    Result<void> truncate_to(std::int64_t end) override {
        while (!batches_.empty() && batches_.back().base >= end) batches_.pop_back();
        epochs_.truncate_from_end(end);
        cut();
        return {};
    }
    Result<Bytes> read(std::int64_t offset, std::size_t max_bytes) override {
        Bytes out;
        for (const auto& batch : batches_) {
            if (batch.next <= offset) continue;
            if (!out.empty() && out.size() + batch.bytes.size() > max_bytes) break;
            kcore::append(out, batch.bytes);
        }
        return out;
    }
    void set_high_watermark(std::int64_t offset) override { high_watermark = offset; }
    std::int64_t timestamp_ms() override { return now_ms; }

    std::optional<SnapshotId> earliest_snapshot() const override {
        if (snapshots.empty()) return std::nullopt;
        return snapshots.begin()->first;
    }
    std::optional<SnapshotId> latest_snapshot() const override {
        if (snapshots.empty()) return std::nullopt;
        return snapshots.rbegin()->first;
    }
    Result<Part> read_snapshot(const SnapshotId& id, std::int64_t position,
                               std::size_t max_bytes) override {
        const auto at = snapshots.find(id);
        if (at == snapshots.end()) return fail(Errc::snapshot_not_found, "no such snapshot");
        const auto all = BytesView(at->second);
        if (position < 0 || static_cast<std::size_t>(position) >= all.size()) {
            return fail(Errc::position_out_of_range, "behind its end");
        }
        const auto rest = all.subspan(static_cast<std::size_t>(position));
        return Part{to_bytes(rest.first(std::min(rest.size(), max_bytes))),
                    static_cast<std::int64_t>(all.size())};
    }
    Result<void> receive_snapshot(const SnapshotId& id, std::int64_t position,
                                  BytesView bytes) override {
        auto& part = parts_[id];
        part.resize(static_cast<std::size_t>(position));
        kcore::append(part, bytes);
        return {};
    }
    void store_snapshot(const SnapshotId& id) override { to_store.push_back(id); }
    Result<void> start_at(const SnapshotId& id) override {
        batches_.clear();
        epochs_ = {};
        start_ = id.end_offset;
        std::erase_if(snapshots, [&](const auto& s) { return s.first < id; });
        cut();
        synced_end = start_;
        return {};
    }

    // What was asked for with store_snapshot() is on the disk now.
    Result<VoterHistory::Entry> stored(const SnapshotId& id) {
        if (const auto part = parts_.extract(id)) snapshots.emplace(id, part.mapped());
        auto snapshot = parse_snapshot(snapshots.at(id));
        if (!snapshot) return std::unexpected(snapshot.error());
        return snapshot->voters;
    }
    // Drops what the snapshot holds.
    void trim_to(const SnapshotId& id) {
        std::erase_if(snapshots, [&](const auto& s) { return s.first < id; });
        std::erase_if(batches_, [&](const auto& b) { return b.next <= id.end_offset; });
        start_ = id.end_offset;
        epochs_.truncate_from_start(start_);
        if (batches_.empty()) epochs_ = {};
    }
    std::int32_t epoch_at(std::int64_t offset) const {
        return epochs_.epoch_at(offset).value_or(end_of(*this).epoch);
    }
    void crash(std::int64_t kept_end) {
        truncate_to(std::max(kept_end, synced_end));
        synced_end = end_offset();
        parts_.clear();
        to_store.clear();
    }

private:
    void add(const record::BatchView& batch) {
        const auto epoch_before = end_of(*this).epoch;
        epochs_.assign(batch.leader_epoch(), batch.base_offset());
        batches_.push_back({batch.base_offset(), batch.next_offset(), batch.leader_epoch(),
                            to_bytes(batch.bytes())});
        if (on_append) on_append(batches_.back(), epoch_before);
    }
    void cut() {
        ++generation;
        synced_end = std::min(synced_end, end_offset());
    }

    std::int64_t start_ = 0;
    std::vector<TestBatch> batches_;
    log::EpochCache epochs_;
    std::map<SnapshotId, Bytes> parts_;
};

}  // namespace kcore::raft
