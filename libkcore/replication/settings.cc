#include "replication/settings.h"

#include <algorithm>

namespace kcore::replication {

namespace {

std::int32_t int32_of(const Config& config, std::string_view key) {
    return static_cast<std::int32_t>(config.integer(key));
}

log::LogConfig log_config(const Config& topic, const Config& broker) {
    log::LogConfig out;
    out.segment_bytes = static_cast<std::int32_t>(
        topic.optional_integer("internal.segment.bytes").value_or(topic.integer("segment.bytes")));
    out.segment_ms = topic.integer("segment.ms");
    out.segment_jitter_ms = topic.integer("segment.jitter.ms");
    out.segment_index_bytes = int32_of(topic, "segment.index.bytes");
    out.index_interval_bytes = int32_of(topic, "index.interval.bytes");
    out.flush_messages = topic.integer("flush.messages");
    out.flush_ms = topic.integer("flush.ms");
    out.retention_bytes = topic.integer("retention.bytes");
    out.retention_ms = topic.integer("retention.ms");
    out.file_delete_delay_ms = topic.integer("file.delete.delay.ms");
    const auto policies = topic.list("cleanup.policy");
    out.is_deleted = std::ranges::find(policies, "delete") != policies.end();
    out.is_compacted = std::ranges::find(policies, "compact") != policies.end();
    out.delete_retention_ms = topic.integer("delete.retention.ms");
    out.min_compaction_lag_ms = topic.integer("min.compaction.lag.ms");
    out.max_compaction_lag_ms = topic.integer("max.compaction.lag.ms");
    out.min_cleanable_ratio = topic.number("min.cleanable.dirty.ratio");
    // What is in the active segment cannot be compacted.
    if (out.is_compacted) out.segment_ms = std::min(out.segment_ms, out.max_compaction_lag_ms);
    out.preallocate = topic.flag("preallocate");
    out.producer_id_expiration_ms = broker.integer("producer.id.expiration.ms");
    return out;
}

record::ProduceRules produce_rules(const Config& topic, const log::LogConfig& log) {
    record::ProduceRules out;
    out.batch_bytes_max = topic.integer("max.message.bytes");
    out.segment_bytes = log.segment_bytes;
    out.record_bytes_max = topic.integer("max.decompressed.message.bytes");
    out.timestamp_type = topic.text("message.timestamp.type") == "LogAppendTime"
                             ? record::TimestampType::log_append_time
                             : record::TimestampType::create_time;
    out.before_max_ms = topic.integer("message.timestamp.before.max.ms");
    out.after_max_ms = topic.integer("message.timestamp.after.max.ms");
    const auto& codec = topic.text("compression.type");
    if (codec != "producer") out.codec = record::codec_by_name(codec);
    out.levels.gzip = int32_of(topic, "compression.gzip.level");
    out.levels.lz4 = int32_of(topic, "compression.lz4.level");
    out.levels.zstd = int32_of(topic, "compression.zstd.level");
    out.is_compacted = log.is_compacted;
    return out;
}

}  // namespace

SettingsRef settings_of(const Config& topic, const Config& broker) {
    auto out = std::make_shared<Settings>();
    const auto log = log_config(topic, broker);
    out->produce = produce_rules(topic, log);
    out->log = std::make_shared<const log::LogConfig>(log);
    out->min_insync_replicas = int32_of(topic, "min.insync.replicas");
    return out;
}

}  // namespace kcore::replication
