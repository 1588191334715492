#include "client/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "record/control.h"

namespace kcore::client {

void Reader::assign(const std::vector<Assigned>& assignments) {
    auto before = std::exchange(places_, {});
    for (const auto& one : assignments) {
        auto& place = places_[one.what.partition];
        const auto known = before.find(one.what.partition);
        if (known != before.end() && known->second.number == one.number) {
            place = std::move(known->second);
        } else {
            place.number = one.number;
            place.position = one.what.start;
            place.end = one.what.end;
        }
    }
}

Reader::Place* Reader::find(const TopicPartition& partition) {
    const auto found = places_.find(partition);
    return found == places_.end() ? nullptr : &found->second;
}

bool Reader::is_finished() const {
    return std::ranges::all_of(
        places_, [](const auto& one) { return one.second.position >= one.second.end; });
}

// Whether nobody may see the batch; keeps account of aborted transactions.
bool Reader::is_hidden(const record::AnyBatch& batch, Place& place,
                       std::vector<AbortedTransaction>& aborted) {
    if (!batch.is_v2()) return false;
    const auto v2 = batch.v2();
    while (!aborted.empty() && aborted.front().first_offset <= v2.last_offset()) {
        place.aborting.insert(aborted.front().producer_id);
        aborted.erase(aborted.begin());
    }
    if (v2.is_control()) {
        bool is_abort = false;
        (void)record::for_each_record(v2, decompressor_, [&](const record::RecordView& one) {
            const auto type = record::control_type(one);
            is_abort = type && *type == record::ControlType::abort;
        });
        if (is_abort) place.aborting.erase(v2.producer_id());
        return !rules_.shows_control;
    }
    return v2.is_transactional() && place.aborting.contains(v2.producer_id());
}

Result<bool> Reader::walk_batch(const record::AnyBatch& batch, Place& place, ConsumedRecord& record,
                                const Visit& visit) {
    bool go_on = true;
    const auto each = [&](const record::RecordView& one) {
        if (one.offset < place.position) return true;
        if (one.offset >= place.end) return false;
        record.offset = one.offset;
        record.timestamp_ms = one.timestamp;
        record.key = one.key;
        record.value = one.value;
        headers_.clear();
        if (!one.headers.empty()) {
            for (const auto& header : one.headers) headers_.push_back(header);
        }
        record.headers = headers_;
        ++visited_;
        place.position = one.offset + 1;
        go_on = visit(record);
        return go_on;
    };
    auto done = record::for_each_record(batch, decompressor_, each);
    if (!done) return std::unexpected(std::move(done).error());
    return go_on;
}

namespace {

// What all records of a batch have in common.
void describe(ConsumedRecord& record, const record::AnyBatch& batch) {
    record.leader_epoch = batch.leader_epoch();
    if (!batch.is_v2()) return;
    const auto v2 = batch.v2();
    record.timestamp_type = v2.timestamp_type() == record::TimestampType::create_time
                                ? TimestampType::create
                                : TimestampType::append;
    record.producer_id = v2.producer_id();
    record.producer_epoch = v2.producer_epoch();
    record.codec = static_cast<std::uint8_t>(v2.attributes() & record::kCodecMask);
    record.is_transactional = v2.is_transactional();
    record.is_control = v2.is_control();
}

}  // namespace

Result<Reader::Walked> Reader::walk(Fetched& fetched, const Visit& visit) {
    Walked walked;
    auto* const place = find(fetched.partition);
    if (place == nullptr || place->number != fetched.number) return walked;
    if (fetched.restart_at) {
        place->position = *fetched.restart_at;
        place->aborting.clear();
        return walked;
    }
    visited_ = 0;
    ConsumedRecord record;
    record.topic = fetched.partition.topic;
    record.partition = fetched.partition.partition;
    record.high_watermark = fetched.high_watermark;
    record.last_stable_offset = fetched.last_stable_offset;
    record.log_start_offset = fetched.log_start_offset;
    record::BatchScanner scanner(fetched.records);
    while (!walked.is_stopped && scanner.next() == record::Scan::batch) {
        const auto batch = scanner.batch();
        if (batch.last_offset() < place->position) continue;
        if (place->position >= place->end) break;
        const auto where = [&](const Error& error) {
            return fail(error.code,
                        fmt::format("{}: batch at offset {}: {}", fetched.partition.to_string(),
                                    batch.base_offset(), error.what));
        };
        if (rules_.checks_crcs) {
            if (auto sound = batch.check(); !sound) return where(sound.error());
        }
        if (!is_hidden(batch, *place, fetched.aborted)) {
            describe(record, batch);
            auto goes_on = walk_batch(batch, *place, record, visit);
            if (!goes_on) return where(goes_on.error());
            walked.is_stopped = !*goes_on;
        }
        if (walked.is_stopped) {  // What is behind was dealt with, its aborts too.
            fetched.records = fetched.records.subspan(scanner.position());
        } else {
            place->position = std::min(std::max(place->position, batch.next_offset()), place->end);
        }
    }
    walked.visited = visited_;
    return walked;
}

}  // namespace kcore::client
