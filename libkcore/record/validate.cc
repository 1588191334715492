#include "record/validate.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "record/record_checks.h"
#include "record/scan.h"

namespace kcore::record {

namespace {

using Verdict = std::optional<Rejection>;

Rejection reject(Errc code, std::string what) {
    Rejection out;
    out.code = code;
    out.what = std::move(what);
    return out;
}
Rejection reject(const Error& error) { return reject(error.code, error.what); }

// The order of the checks here and below is Kafka's: it decides which error an input with several
// faults is answered with.
std::expected<std::span<std::byte>, Rejection> find_single_batch(std::span<std::byte> records,
                                                                 const ProduceRules& rules) {
    const auto peek = peek_batch(records);
    if (peek.framing == Framing::corrupt) return std::unexpected(reject(corruption(records)));
    if (peek.framing == Framing::partial || peek.size > records.size()) {
        return std::unexpected(reject(Errc::invalid_record, "there is no whole batch"));
    }
    if (peek.magic != 2) {
        return std::unexpected(reject(Errc::invalid_record,
                                      fmt::format("batch of magic {} instead of 2", peek.magic)));
    }
    const auto attributes = load_be<std::int16_t>(records.data() + kAttributesAt);
    if (!rules.zstd_is_allowed && (attributes & kCodecMask) == static_cast<int>(Codec::zstd)) {
        return std::unexpected(
            reject(Errc::unsupported_compression_type, "zstd needs Produce version 7"));
    }
    const auto tail = records.subspan(peek.size);
    const auto next = peek_batch(tail);
    if (next.framing == Framing::corrupt) return std::unexpected(reject(corruption(tail)));
    if (next.framing == Framing::whole && next.size <= tail.size()) {
        return std::unexpected(
            reject(Errc::invalid_record, "more than one batch for the partition"));
    }
    if (peek.size < kBatchHeaderBytes) return std::unexpected(reject(corruption(records)));
    return records.first(peek.size);
}

Verdict check_envelope(const BatchView& batch, const ProduceRules& rules) {
    if (batch.base_offset() != 0) {
        return reject(Errc::invalid_record,
                      fmt::format("base offset is {}, not 0", batch.base_offset()));
    }
    if (static_cast<std::int64_t>(batch.size()) > rules.batch_bytes_max) {
        return reject(Errc::message_too_large, fmt::format("batch of {} bytes is above the {} of "
                                                           "max.message.bytes",
                                                           batch.size(), rules.batch_bytes_max));
    }
    if (!batch.crc_ok()) return reject(Errc::corrupt_message, "checksum does not match");
    if (!batch.codec()) {
        return reject(Errc::unsupported_compression_type,
                      fmt::format("unknown codec {}", batch.attributes() & kCodecMask));
    }
    return std::nullopt;
}

Verdict check_header(const BatchView& batch) {
    const auto count_from_offsets = std::int64_t{batch.last_offset_delta()} + 1;
    if (count_from_offsets <= 0 || batch.count() <= 0 || count_from_offsets != batch.count()) {
        return reject(Errc::invalid_record, fmt::format("last offset delta {} and count {} do not "
                                                        "agree",
                                                        batch.last_offset_delta(), batch.count()));
    }
    if (batch.is_control()) return reject(Errc::invalid_record, "control batch from a client");
    if (batch.has_producer_id() && batch.base_sequence() < 0) {
        return reject(Errc::invalid_record,
                      fmt::format("producer {} sent sequence {}", batch.producer_id(),
                                  batch.base_sequence()));
    }
    return std::nullopt;
}

// One batch on its way through the checks.
class Validation {
public:
    Validation(std::span<std::byte> bytes, const ProduceRules& rules, ValidationScratch& scratch)
        : bytes_(bytes),
          batch_(bytes),
          source_(*batch_.codec()),
          target_(rules.codec.value_or(source_)),
          rules_(rules),
          scratch_(scratch) {}

    std::expected<AcceptedBatch, Rejection> run(const TopicPartition& partition,
                                                std::int64_t now_ms) {
        RecordChecks checks(batch_, rules_, partition, now_ms);
        const auto walked = walk(checks);
        if (!walked) return std::unexpected(reject(walked.error()));
        if (checks.has_errors()) return std::unexpected(checks.rejection());

        AcceptedBatch accepted;
        accepted.bytes = bytes_;
        accepted.count = batch_.count();
        accepted.max_timestamp = checks.max_timestamp();
        accepted.max_timestamp_delta = checks.max_timestamp_delta();
        if (rules_.timestamp_type == TimestampType::log_append_time) {
            accepted.append_time_ms = now_ms;
            accepted.max_timestamp = now_ms;
            accepted.max_timestamp_delta = 0;
        }
        if (must_reencode(checks)) {
            auto refused = reencode(accepted);
            if (refused) return std::unexpected(std::move(*refused));
        } else {
            set_max_timestamp(bytes_, rules_.timestamp_type, accepted.max_timestamp);
        }
        if (static_cast<std::int64_t>(accepted.bytes.size()) > rules_.segment_bytes) {
            return std::unexpected(
                reject(Errc::record_list_too_large,
                       fmt::format("batch of {} bytes does not fit into a segment of {}",
                                   accepted.bytes.size(), rules_.segment_bytes)));
        }
        return accepted;
    }

private:
    Result<void> walk(RecordChecks& checks) {
        constexpr auto kNoLimit = std::numeric_limits<std::int64_t>::max();
        if (source_ == Codec::none) {
            plain_ = batch_.payload();
            return check_plain(plain_, batch_.count(), kNoLimit, checks);
        }
        // Re-encoding needs all of it in the clear.
        if (target_ != source_) {
            const auto opened = open();
            if (!opened) return opened;
            return check_plain(plain_, batch_.count(), rules_.record_bytes_max, checks);
        }
        if (rules_.trust == Trust::header && !rules_.is_compacted) {
            checks.check_header_only();
            return {};
        }
        return check_compressed(batch_, source_, rules_.record_bytes_max, checks, scratch_);
    }

    // Kafka rewrites compressed batches with odd inner offsets, but never uncompressed ones.
    bool must_reencode(const RecordChecks& checks) const {
        if (target_ != source_) return true;
        return source_ != Codec::none && !checks.is_consecutive();
    }

    Result<void> open() {
        const auto plain = plain_records(batch_, scratch_.decompressor);
        if (!plain) return std::unexpected(plain.error());
        plain_ = *plain;
        return {};
    }

    Verdict reencode(AcceptedBatch& accepted) {
        if (plain_.empty()) {
            const auto opened = open();
            if (!opened) return reject(opened.error());
        }
        auto& builder = scratch_.builder;
        builder.reset({.timestamp_type = rules_.timestamp_type,
                       .append_time_ms = accepted.append_time_ms,
                       .producer_id = batch_.producer_id(),
                       .producer_epoch = batch_.producer_epoch(),
                       .base_sequence = batch_.base_sequence(),
                       .is_transactional = batch_.is_transactional()});
        RecordReader reader(plain_, batch_.base());
        RecordView record;
        for (std::int32_t i = 0; reader.next(record); ++i) {
            if (record.timestamp == accepted.max_timestamp && !has_found_max_) {
                has_found_max_ = true;
                accepted.max_timestamp_delta = i;
            }
            if (!builder.append_at(i, record)) {
                return reject(Errc::message_too_large, "records do not fit into one batch");
            }
        }
        const auto closed = builder.close(compressor());
        if (!closed) return reject(closed.error());
        accepted.bytes = *closed;
        accepted.is_reencoded = true;
        if (static_cast<std::int64_t>(closed->size()) <= rules_.batch_bytes_max) {
            return std::nullopt;
        }
        return reject(Errc::message_too_large,
                      fmt::format("batch of {} bytes after compression with {} is above the {} of "
                                  "max.message.bytes",
                                  closed->size(), codec_name(target_), rules_.batch_bytes_max));
    }

    Compressor& compressor() {
        auto& kept = scratch_.compressor;
        if (!kept || kept->codec() != target_ || scratch_.compressor_levels != rules_.levels) {
            kept.emplace(target_, rules_.levels);
            scratch_.compressor_levels = rules_.levels;
        }
        return *kept;
    }

    std::span<std::byte> bytes_;
    BatchView batch_;
    Codec source_;
    Codec target_;
    const ProduceRules& rules_;
    ValidationScratch& scratch_;
    BytesView plain_;
    bool has_found_max_ = false;
};

}  // namespace

Result<bool> first_batch_is_transactional(BytesView records) {
    const auto peek = peek_batch(records);
    if (peek.framing == Framing::corrupt) return std::unexpected(corruption(records));
    if (peek.framing == Framing::partial || peek.size > records.size() || peek.magic != 2) {
        return false;
    }
    const auto attributes = load_be<std::int16_t>(records.data() + kAttributesAt);
    return (attributes & kTransactionalBit) != 0;
}

std::expected<AcceptedBatch, Rejection> validate_produce(std::span<std::byte> records,
                                                         const ProduceRules& rules,
                                                         const TopicPartition& partition,
                                                         std::int64_t now_ms,
                                                         ValidationScratch& scratch) {
    const auto found = find_single_batch(records, rules);
    if (!found) return std::unexpected(found.error());
    const BatchView batch(*found);
    auto refused = check_envelope(batch, rules);
    if (!refused) refused = check_header(batch);
    using Result = std::expected<AcceptedBatch, Rejection>;
    auto verdict = refused ? Result(std::unexpected(std::move(*refused)))
                           : Validation(*found, rules, scratch).run(partition, now_ms);
    if (verdict) return verdict;
    auto& rejection = verdict.error();
    rejection.is_of_batch =
        rejection.code == Errc::invalid_record || rejection.code == Errc::invalid_timestamp;
    return verdict;
}

Result<FetchedBatches> validate_fetched(BytesView records) {
    FetchedBatches out;
    BatchScanner scanner(records);
    auto scan = scanner.next();
    for (; scan == Scan::batch; scan = scanner.next()) {
        const auto batch = scanner.batch();
        const auto checked = batch.check();
        if (!checked) return std::unexpected(checked.error());
        if (batch.base_offset() <= out.last_offset || batch.last_offset() < batch.base_offset()) {
            return fail(Errc::corrupt_message,
                        fmt::format("batch of offsets {} to {} follows offset {}",
                                    batch.base_offset(), batch.last_offset(), out.last_offset));
        }
        if (out.batches == 0) out.first_offset = batch.base_offset();
        out.last_offset = batch.last_offset();
        if (out.batches == 0 || batch.max_timestamp() > out.max_timestamp) {
            out.max_timestamp = batch.max_timestamp();
            out.max_timestamp_last_offset = batch.last_offset();
        }
        ++out.batches;
        out.size_bytes = scanner.position() + batch.size();
    }
    if (scan == Scan::corrupt) return std::unexpected(scanner.error());
    return out;
}

}  // namespace kcore::record
