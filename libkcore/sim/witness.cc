#include "sim/witness.h"

#include <fmt/format.h>

#include <algorithm>

#include "broker/controller_runner.h"
#include "broker/services.h"
#include "metadata/record.h"
#include "metadata/snapshot.h"
#include "record/scan.h"

namespace kcore::sim {

namespace {

constexpr const char* kMetadata = "__cluster_metadata-0";
constexpr std::size_t kProblemsMax = 20;

bool has(const std::vector<std::int32_t>& ids, int id) {
    return std::ranges::find(ids, id) != ids.end();
}

Bytes content(io::Disk& disk, const std::string& path) {
    Bytes all;
    auto file = disk.open(path, io::Open::read);
    if (!file) return all;
    all.resize((*file)->size().value_or(0));
    if (!(*file)->read(0, all)) all.clear();
    return all;
}

}  // namespace

Witness::Witness(Cluster& cluster, std::string topic, int partitions)
    : cluster_(cluster), topic_(std::move(topic)), partitions_(partitions) {
    quorum_.name = kMetadata;
    for (int i = 0; i < partitions; ++i) partitions_[i].name = fmt::format("{}-{}", topic_, i);
}

void Witness::wrong(std::string what) {
    if (problems_.size() < kProblemsMax) problems_.push_back(std::move(what));
}

replication::PartitionRef Witness::replica(int node, std::int32_t index) const {
    auto* server = cluster_.server(node);
    if (server == nullptr) return nullptr;
    const auto* partitions = server->services().partitions;
    return partitions == nullptr ? nullptr : partitions->find(topic_, index);
}

const metadata::Partition* Witness::state(std::int32_t index) const {
    return image_ ? image_->partition(topic_, index) : nullptr;
}

// --- At each instant

void Witness::look() {
    learn_image();
    for (int node = 1; node <= cluster_.nodes(); ++node) {
        look_at_quorum(node);
        for (std::int32_t i = 0; i < std::ssize(partitions_); ++i) look_at_partition(node, i);
    }
    for (std::int32_t i = 0; i < std::ssize(partitions_); ++i) look_at_isr(i);
    settle_debts();
}

void Witness::learn_image() {
    for (int node = 1; node <= cluster_.nodes(); ++node) {
        auto* server = cluster_.server(node);
        if (server == nullptr || server->services().publisher == nullptr) continue;
        auto image = server->services().publisher->current();
        if (!image_ || image->offset > image_->offset) image_ = std::move(image);
    }
}

void Witness::led_by(Log& log, std::int32_t epoch, int node) {
    const auto [at, is_new] = log.leaders.emplace(epoch, node);
    if (at->second == node) return;
    wrong(fmt::format("{}: nodes {} and {} lead in epoch {}", log.name, at->second, node, epoch));
}

void Witness::stands_at(Log& log, int node, std::int64_t high_watermark) {
    const auto starts = cluster_.starts(node);
    auto& [since, highest] = log.high_watermarks[node];
    if (since == starts && high_watermark < highest) {
        wrong(fmt::format("{}: the high watermark of node {} went back from {} to {}", log.name,
                          node, highest, high_watermark));
    }
    since = starts;
    highest = high_watermark;
}

void Witness::look_at_quorum(int node) {
    auto* server = cluster_.server(node);
    if (server == nullptr || server->services().controller_runner == nullptr) return;
    const auto& raft = server->services().controller_runner->node();
    if (raft.replica().is_leader()) led_by(quorum_, raft.epoch(), node);
    stands_at(quorum_, node, raft.committed());
    auto& known = known_committed_[node];
    known = std::max(known, raft.committed());
    if (raft.log_end_offset() < known) {
        wrong(fmt::format("{}: the log of node {} ends at {}, and {} was known to be committed",
                          quorum_.name, node, raft.log_end_offset(), known));
    }
    quorum_.committed_end = std::max(quorum_.committed_end, raft.committed());
}

void Witness::look_at_partition(int node, std::int32_t index) {
    const auto replica = this->replica(node, index);
    if (!replica) return;
    auto& log = partitions_[index];
    const auto offsets = replica->offsets();
    const auto leadership = replica->leadership();
    stands_at(log, node, offsets.high_watermark);
    if (leadership.leader != node) return;
    led_by(log, leadership.leader_epoch, node);
    log.committed_end = std::max(log.committed_end, offsets.high_watermark);
}

void Witness::look_at_isr(std::int32_t index) {
    const auto* partition = state(index);
    if (partition == nullptr) return;
    const auto& log = partitions_[index];
    for (const auto id : partition->isr) {
        const auto replica = in_debt_.contains(id) ? nullptr : this->replica(id, index);
        if (!replica) continue;
        const auto end = replica->offsets().log_end;
        if (end >= log.committed_end) continue;
        wrong(fmt::format("{}: node {} is in the ISR of epoch {} with {} of {} committed", log.name,
                          id, partition->leader_epoch, end, log.committed_end));
    }
}

// --- Of those that lost power

void Witness::settle_debts() {
    std::erase_if(in_debt_, [&](const auto& one) {
        const auto [node, starts] = one;
        if (cluster_.starts(node) == starts || !cluster_.is_serving(node)) return false;
        for (std::int32_t i = 0; i < std::ssize(partitions_); ++i) {
            const auto replica = this->replica(node, i);
            const bool has_all =
                replica && replica->offsets().log_end >= partitions_[i].committed_end;
            if (!has_all || state(i) == nullptr || !has(state(i)->isr, node)) return false;
        }
        return true;
    });
}

bool Witness::can_lose_power(int node) const {
    if (is_in_debt()) return false;
    for (int other = 1; other <= cluster_.nodes(); ++other) {
        if (other == node) continue;
        if (!cluster_.is_serving(other)) return false;
        for (std::int32_t i = 0; i < std::ssize(partitions_); ++i) {
            if (state(i) == nullptr || !has(state(i)->isr, other)) return false;
        }
    }
    return true;
}

bool Witness::is_whole() const {
    for (std::int32_t i = 0; i < std::ssize(partitions_); ++i) {
        const auto* partition = state(i);
        if (partition == nullptr || partition->leader < 0) return false;
        if (std::ssize(partition->isr) != cluster_.nodes()) return false;
    }
    return true;
}

// --- What the logs hold

Witness::Batches Witness::read_log(int node, const Log& log) {
    Batches batches;
    auto& disk = cluster_.disk(node);
    const auto place = fmt::format("{}/{}", HostDisk::kRoot, log.name);
    const auto entries = disk.list(place);
    if (!entries) return batches;
    for (const auto& entry : *entries) {
        if (!entry.name.ends_with(".log")) continue;
        const auto bytes = content(disk, place + "/" + entry.name);
        record::BatchScanner scanner(bytes);
        while (scanner.next() == record::Scan::batch) {
            const auto batch = scanner.batch().v2();
            batches[batch.base_offset()] = {batch.last_offset(), batch.leader_epoch(), batch.crc()};
        }
    }
    return batches;
}

void Witness::compare(int node, Log& log, std::int64_t high_watermark, bool must_have_all) {
    const auto batches = read_log(node, log);
    for (const auto& [base, batch] : batches) {
        const auto [at, is_new] = log.seen.try_emplace({base, batch.epoch}, batch.crc);
        if (at->second != batch.crc) {
            wrong(fmt::format("{}: node {} has another batch at {} of epoch {}", log.name, node,
                              base, batch.epoch));
        }
        if (batch.last_offset >= high_watermark) continue;
        const auto [known, is_first] = log.committed.try_emplace(base, batch);
        if (known->second == batch) continue;
        wrong(fmt::format("{}: node {} has committed epoch {} at {}, where epoch {} was committed",
                          log.name, node, batch.epoch, base, known->second.epoch));
    }
    if (!must_have_all || batches.empty()) return;
    for (const auto& [base, batch] : log.committed) {
        const auto at = batches.find(base);
        const bool is_there =
            base < batches.begin()->first || (at != batches.end() && at->second == batch);
        if (is_there) continue;
        wrong(fmt::format("{}: node {} lacks the committed batch at {} of epoch {}", log.name, node,
                          base, batch.epoch));
        return;
    }
}

void Witness::compare_images() {
    for (int node = 1; node <= cluster_.nodes(); ++node) {
        auto* server = cluster_.server(node);
        if (server == nullptr || server->services().publisher == nullptr) continue;
        const auto image = server->services().publisher->current();
        if (image->offset < 0) continue;  // Nothing is known so far.
        std::vector<std::string> records;
        for (const auto& record : metadata::snapshot_records(*image)) {
            records.emplace_back(as_text(metadata::encode_record(record)));
        }
        std::ranges::sort(records);  // Their order is that of hash tables.
        std::string all;
        for (const auto& record : records) all += record;
        const auto hash = std::hash<std::string>{}(all);
        const auto [at, is_new] = image_hashes_.emplace(image->offset, hash);
        if (at->second == hash) continue;
        wrong(fmt::format("node {} sees another cluster at offset {}", node, image->offset));
    }
}

void Witness::compare_logs() {
    compare_images();
    for (int node = 1; node <= cluster_.nodes(); ++node) {
        auto* server = cluster_.server(node);
        if (server == nullptr || server->services().controller_runner == nullptr) continue;
        const auto& raft = server->services().controller_runner->node();
        const bool leads = raft.replica().is_leader() && !quorum_.leaders.empty() &&
                           quorum_.leaders.rbegin()->first == raft.epoch();
        compare(node, quorum_, raft.committed(), leads);
        for (std::int32_t i = 0; i < std::ssize(partitions_); ++i) {
            const auto replica = this->replica(node, i);
            if (!replica) continue;
            const auto leadership = replica->leadership();
            const bool is_current = !in_debt_.contains(node) && state(i) != nullptr &&
                                    leadership.leader == node &&
                                    state(i)->leader_epoch == leadership.leader_epoch;
            compare(node, partitions_[i], replica->offsets().high_watermark, is_current);
        }
    }
}

void Witness::compare_replicas() {
    compare_logs();
    for (auto& log : partitions_) {
        const auto first = read_log(1, log);
        for (int node = 2; node <= cluster_.nodes(); ++node) {
            if (read_log(node, log) == first) continue;
            wrong(fmt::format("{}: the replicas on nodes 1 and {} differ", log.name, node));
        }
        for (const auto& [base, batch] : log.committed) {
            if (first.contains(base) || (!first.empty() && base < first.begin()->first)) continue;
            wrong(fmt::format("{}: the committed batch at {} is lost", log.name, base));
            break;
        }
    }
}

}  // namespace kcore::sim
