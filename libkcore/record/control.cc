#include "record/control.h"

#include <fmt/format.h>

#include "record/builder.h"

namespace kcore::record {

namespace {

constexpr std::int16_t kControlKeyVersion = 0;
constexpr std::int16_t kMarkerVersion = 0;
constexpr std::size_t kControlKeyBytes = 4;
constexpr std::size_t kMarkerBytes = 6;
constexpr auto kTypeMax = static_cast<std::int16_t>(ControlType::kraft_voters);

Bytes one_record_batch(const BatchOptions& options, ControlType type, BytesView value,
                       std::int64_t timestamp_ms) {
    BatchBuilder builder(options);
    const auto key = control_key(type);
    builder.append(timestamp_ms, key, value);
    builder.close();
    return builder.take();
}

}  // namespace

Bytes control_key(ControlType type) {
    Bytes key;
    append_be(key, kControlKeyVersion);
    append_be(key, static_cast<std::int16_t>(type));
    return key;
}

Result<std::optional<ControlType>> control_type(const RecordView& record) {
    if (!record.key || record.key->size() < kControlKeyBytes) {
        return fail(Errc::invalid_record,
                    fmt::format("control record at offset {} has no proper key", record.offset));
    }
    const auto version = load_be<std::int16_t>(record.key->data());
    if (version < 0) {
        return fail(Errc::invalid_record, fmt::format("control record at offset {} has version {}",
                                                      record.offset, version));
    }
    const auto type = load_be<std::int16_t>(record.key->data() + sizeof version);
    if (type < 0 || type > kTypeMax) return std::nullopt;
    return static_cast<ControlType>(type);
}

Bytes marker_value(std::int32_t coordinator_epoch) {
    Bytes value;
    append_be(value, kMarkerVersion);
    append_be(value, coordinator_epoch);
    return value;
}

Result<TransactionMarker> transaction_marker(const RecordView& record) {
    const auto type = control_type(record);
    if (!type) return std::unexpected(type.error());
    if (*type != ControlType::abort && *type != ControlType::commit) {
        return fail(Errc::invalid_record,
                    fmt::format("record at offset {} is no transaction marker", record.offset));
    }
    if (!record.value || record.value->size() < kMarkerBytes ||
        load_be<std::int16_t>(record.value->data()) < kMarkerVersion) {
        return fail(Errc::invalid_record,
                    fmt::format("marker at offset {} has no proper value", record.offset));
    }
    return TransactionMarker{
        .is_commit = *type == ControlType::commit,
        .coordinator_epoch = load_be<std::int32_t>(record.value->data() + sizeof(std::int16_t))};
}

Bytes control_batch(ControlType type, BytesView value, std::int64_t timestamp_ms) {
    BatchOptions options;
    options.is_control = true;
    return one_record_batch(options, type, value, timestamp_ms);
}

Bytes marker_batch(const TransactionMarker& marker, std::int64_t producer_id,
                   std::int16_t producer_epoch, std::int64_t timestamp_ms) {
    BatchOptions options;
    options.is_control = true;
    options.is_transactional = true;
    options.producer_id = producer_id;
    options.producer_epoch = producer_epoch;
    const auto value = marker_value(marker.coordinator_epoch);
    const auto type = marker.is_commit ? ControlType::commit : ControlType::abort;
    return one_record_batch(options, type, value, timestamp_ms);
}

}  // namespace kcore::record
