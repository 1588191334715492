#include "log/producer_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/crc32c.h"

namespace kcore::log {

namespace {

constexpr std::size_t kSnapshotHeaderBytes = 10;
constexpr std::size_t kCrcEnd = 6;
constexpr std::size_t kSnapshotEntryBytes = 46;
constexpr std::int16_t kSnapshotVersion = 1;
constexpr std::int32_t kSequenceMax = std::numeric_limits<std::int32_t>::max();

bool is_next_sequence(std::int32_t last, std::int32_t first) {
    return last == kSequenceMax ? first == 0 : first == last + 1;
}

void remember(Producer& producer, const KnownBatch& batch) {
    auto& kept = producer.batches;
    if (producer.batch_count == kept.size()) {
        std::shift_left(kept.begin(), kept.end(), 1);
        --producer.batch_count;
    }
    kept[producer.batch_count++] = batch;
}

void move_to_epoch(Producer& producer, std::int16_t epoch) {
    if (epoch <= producer.epoch) return;
    producer.epoch = epoch;
    producer.batch_count = 0;
}

std::unexpected<Error> old_epoch(const BatchHeader& batch, std::int16_t known) {
    return fail(Errc::invalid_producer_epoch,
                fmt::format("producer {}: epoch {} is below {}", batch.producer_id,
                            batch.producer_epoch, known));
}

}  // namespace

std::int32_t KnownBatch::first_sequence() const {
    if (last_sequence < 0 || last_sequence >= offset_delta) return last_sequence - offset_delta;
    return kSequenceMax - (offset_delta - last_sequence - 1);
}

const KnownBatch* Producer::last_batch() const {
    return batch_count == 0 ? nullptr : &batches[batch_count - 1U];
}

std::int32_t Producer::last_sequence() const {
    return batch_count == 0 ? -1 : last_batch()->last_sequence;
}

Result<std::optional<KnownBatch>> ProducerState::check(const BatchHeader& batch,
                                                       Origin origin) const {
    if (batch.producer_id < 0 || origin == Origin::replication) return std::nullopt;
    const auto found = producers_.find(batch.producer_id);
    if (found == producers_.end()) return std::nullopt;
    const auto& known = found->second;
    if (batch.producer_epoch < known.epoch) return old_epoch(batch, known.epoch);
    if (origin != Origin::client || !batch.has_sequence()) return std::nullopt;

    const bool is_new_epoch = batch.producer_epoch > known.epoch;
    const auto last_sequence = batch.last_sequence();
    for (std::size_t i = 0; !is_new_epoch && i < known.batch_count; ++i) {
        const auto& earlier = known.batches[i];
        if (earlier.last_sequence == last_sequence &&
            earlier.first_sequence() == batch.base_sequence) {
            return earlier;
        }
    }
    const auto before = is_new_epoch ? -1 : known.last_sequence();
    if (is_next_sequence(before, batch.base_sequence)) return std::nullopt;
    return fail(
        Errc::out_of_order_sequence_number,
        fmt::format("producer {} epoch {}: sequence {} after {} (epoch {})", batch.producer_id,
                    batch.producer_epoch, batch.base_sequence, known.last_sequence(), known.epoch));
}

Result<void> ProducerState::check_marker(const BatchHeader& batch, const Marker& marker) const {
    const auto found = producers_.find(batch.producer_id);
    if (found == producers_.end()) return {};
    const auto& known = found->second;
    if (batch.producer_epoch < known.epoch) return old_epoch(batch, known.epoch);
    if (marker.coordinator_epoch >= known.coordinator_epoch) return {};
    return fail(Errc::transaction_coordinator_fenced,
                fmt::format("producer {}: coordinator epoch {} is below {}", batch.producer_id,
                            marker.coordinator_epoch, known.coordinator_epoch));
}

void ProducerState::add(const BatchHeader& batch) {
    if (batch.producer_id < 0) return;
    auto& producer = producers_[batch.producer_id];
    if (batch.producer_epoch < producer.epoch) return;
    move_to_epoch(producer, batch.producer_epoch);
    producer.last_timestamp = batch.max_timestamp;
    if (batch.is_control()) return;
    if (batch.has_sequence()) {
        remember(producer,
                 {.last_sequence = batch.last_sequence(),
                  .last_offset = batch.last_offset,
                  .offset_delta = static_cast<std::int32_t>(batch.last_offset - batch.base_offset),
                  .timestamp = batch.max_timestamp});
    }
    if (batch.is_transactional() && producer.open_since < 0) {
        producer.open_since = batch.base_offset;
        undecided_[batch.base_offset] = {.producer_id = batch.producer_id};
    }
}

std::optional<AbortedTransaction> ProducerState::add_marker(const BatchHeader& batch,
                                                            const Marker& marker) {
    auto& producer = producers_[batch.producer_id];
    move_to_epoch(producer, batch.producer_epoch);
    producer.last_timestamp = batch.max_timestamp;
    producer.coordinator_epoch = marker.coordinator_epoch;
    const auto first_offset = std::exchange(producer.open_since, -1);
    if (first_offset < 0) return std::nullopt;
    undecided_[first_offset].marker_offset = batch.last_offset;
    if (marker.type != MarkerType::abort) return std::nullopt;

    const auto open = std::ranges::find_if(
        undecided_, [](const auto& transaction) { return transaction.second.marker_offset < 0; });
    return AbortedTransaction{
        .producer_id = batch.producer_id,
        .first_offset = first_offset,
        .last_offset = batch.last_offset,
        .last_stable_offset = open == undecided_.end() ? batch.last_offset + 1 : open->first};
}

void ProducerState::on_high_watermark(std::int64_t offset) {
    std::erase_if(undecided_, [offset](const auto& transaction) {
        return transaction.second.marker_offset >= 0 && transaction.second.marker_offset < offset;
    });
}

std::optional<std::int64_t> ProducerState::first_undecided() const {
    if (undecided_.empty()) return std::nullopt;
    return undecided_.begin()->first;
}

void ProducerState::on_log_start(std::int64_t offset) { on_high_watermark(offset); }

void ProducerState::expire(std::int64_t now_ms, std::int64_t expiration_ms) {
    std::erase_if(producers_, [&](const auto& entry) {
        const auto& producer = entry.second;
        return producer.open_since < 0 && now_ms - producer.last_timestamp >= expiration_ms;
    });
}

bool ProducerState::is_any_since(std::int64_t timestamp) const {
    return std::ranges::any_of(producers_, [timestamp](const auto& entry) {
        return entry.second.batch_count > 0 && entry.second.last_timestamp >= timestamp;
    });
}

void ProducerState::recall(const ProducerState& recent) {
    for (auto& [id, producer] : producers_) {
        const auto found = recent.producers_.find(id);
        if (found == recent.producers_.end() || found->second.epoch != producer.epoch) continue;
        const auto* known = producer.last_batch();
        const auto* same = found->second.last_batch();
        if (known == nullptr || same == nullptr || known->last_offset != same->last_offset)
            continue;
        if (found->second.batch_count <= producer.batch_count) continue;
        producer.batches = found->second.batches;
        producer.batch_count = found->second.batch_count;
    }
}

Bytes ProducerState::to_snapshot() const {
    std::vector<std::int64_t> ids;
    for (const auto& [id, producer] : producers_) ids.push_back(id);
    std::ranges::sort(ids);

    Bytes out;
    out.reserve(kSnapshotHeaderBytes + ids.size() * kSnapshotEntryBytes);
    append_be(out, kSnapshotVersion);
    append_be(out, std::uint32_t{0});
    append_be(out, static_cast<std::int32_t>(ids.size()));
    for (const auto id : ids) {
        const auto& producer = producers_.at(id);
        const auto last = producer.batch_count == 0 ? KnownBatch() : *producer.last_batch();
        append_be(out, id);
        append_be(out, producer.epoch);
        append_be(out, last.last_sequence);
        append_be(out, last.last_offset);
        append_be(out, last.offset_delta);
        append_be(out, producer.last_timestamp);
        append_be(out, producer.coordinator_epoch);
        append_be(out, producer.open_since);
    }
    store_be(out.data() + 2, crc32c(BytesView(out).subspan(kCrcEnd)));
    return out;
}

Result<ProducerState> ProducerState::from_snapshot(BytesView bytes) {
    const auto bad = [](std::string what) {
        return fail(Errc::corrupt_message, "producer snapshot: " + what);
    };
    if (bytes.size() < kSnapshotHeaderBytes) return bad(fmt::format("{} bytes", bytes.size()));
    if (const auto version = load_be<std::int16_t>(bytes.data()); version != kSnapshotVersion) {
        return bad(fmt::format("version {}", version));
    }
    if (load_be<std::uint32_t>(bytes.data() + 2) != crc32c(bytes.subspan(kCrcEnd))) {
        return bad("the checksum is wrong");
    }
    const auto count = load_be<std::int32_t>(bytes.data() + kCrcEnd);
    const auto entries = bytes.subspan(kSnapshotHeaderBytes);
    if (count < 0 || entries.size() != static_cast<std::size_t>(count) * kSnapshotEntryBytes) {
        return bad(fmt::format("{} producers in {} bytes", count, bytes.size()));
    }
    ProducerState state;
    for (const auto* at = entries.data(); at != entries.data() + entries.size();
         at += kSnapshotEntryBytes) {
        const auto id = load_be<std::int64_t>(at);
        Producer producer;
        producer.epoch = load_be<std::int16_t>(at + 8);
        const KnownBatch last{.last_sequence = load_be<std::int32_t>(at + 10),
                              .last_offset = load_be<std::int64_t>(at + 14),
                              .offset_delta = load_be<std::int32_t>(at + 22),
                              .timestamp = load_be<std::int64_t>(at + 26)};
        producer.last_timestamp = last.timestamp;
        producer.coordinator_epoch = load_be<std::int32_t>(at + 34);
        producer.open_since = load_be<std::int64_t>(at + 38);
        if (last.last_offset >= 0 && last.offset_delta >= 0) remember(producer, last);
        if (producer.open_since >= 0) state.undecided_[producer.open_since] = {.producer_id = id};
        state.producers_[id] = producer;
    }
    return state;
}

}  // namespace kcore::log
