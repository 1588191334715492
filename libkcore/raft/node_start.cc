// The start of a node: what is on the disk, an election, the replay.

#include <fmt/format.h>

#include <utility>

#include "log/checkpoint.h"
#include "protocol/codec.h"
#include "protocol/data/leader_change_message.h"
#include "raft/node.h"
#include "raft/quorum_state.h"
#include "record/compression.h"
#include "record/control.h"
#include "record/scan.h"

namespace kcore::raft {
namespace {

constexpr std::size_t kReadBytes = 1 << 20;

log::ConfigRef config_of(const NodeOptions& options) {
    auto config = std::make_shared<log::LogConfig>();
    config->segment_bytes = options.segment_bytes;
    config->segment_ms = options.segment_ms;
    config->retention_bytes = -1;  // Snapshots decide what may go.
    config->retention_ms = -1;
    config->is_deleted = false;
    return config;
}

VoterHistory voters_of(const Quorum& quorum) {
    std::vector<Voter> voters;
    for (const auto id : quorum.voters()) voters.push_back({{id, {}}, {}});
    return VoterHistory(VoterSet(std::move(voters)));
}

Bytes leader_change(std::int32_t leader, const std::set<std::int32_t>& voters,
                    const std::set<std::int32_t>& granted, std::int64_t now_ms) {
    protocol::LeaderChangeMessage message;
    message.leader_id = leader;
    for (const auto id : voters) message.voters.emplace_back().voter_id = id;
    for (const auto id : granted) message.granting_voters.emplace_back().voter_id = id;
    Bytes value;
    static_cast<void>(protocol::encode(message, 0, value));  // Plain numbers always fit.
    return record::control_batch(record::ControlType::leader_change, value, now_ms);
}

Result<LoggedBatch> parse(const record::AnyBatch& any, record::Decompressor& decompressor) {
    if (auto ok = any.check(); !ok) return std::unexpected(ok.error());
    if (!any.is_v2()) return fail(Errc::corrupt_message, "an old message format");
    const auto batch = any.v2();
    LoggedBatch out;
    out.base_offset = batch.base_offset();
    out.last_offset = batch.last_offset();
    out.epoch = batch.leader_epoch();
    out.append_ms = batch.max_timestamp();
    out.is_control = batch.is_control();
    if (out.is_control) return out;
    const auto plain = record::plain_records(batch, decompressor);
    if (!plain) return std::unexpected(plain.error());
    record::RecordReader reader(*plain, batch.base());
    record::RecordView one;
    while (reader.next(one)) out.values.push_back(one.value.value_or(BytesView()));
    if (auto ok = reader.finish(); !ok) return std::unexpected(ok.error());
    return out;
}

}  // namespace

Result<std::unique_ptr<Node>> Node::open(NodeOptions options, log::LogDir& directory, io::Env& env,
                                         Logger logger) {
    if (!options.voters.contains(options.node_id)) {
        return fail(Errc::inconsistent_voter_set,
                    fmt::format("node {} is not among the voters of controller.quorum.voters",
                                options.node_id));
    }
    if (options.voters.size() > 1) {
        return fail(Errc::unsupported_version,
                    fmt::format("controller.quorum.voters names {} voters: this version runs one",
                                options.voters.size()));
    }
    std::unique_ptr<Node> node(new Node(std::move(options), directory, env, std::move(logger)));
    if (auto done = node->open_log(); !done) return std::unexpected(done.error());
    if (auto done = node->find_snapshots(); !done) return std::unexpected(done.error());
    if (auto done = node->read_quorum_state(); !done) return std::unexpected(done.error());
    return node;
}

Result<void> Node::open_log() {
    const TopicPartition partition{"__cluster_metadata", 0};
    const auto now_ms = env_.clock.wall_ms();
    const log::FoundPartition found{{partition, log::DirKind::current},
                                    std::string(kMetadataDirectory)};
    const auto is_there = env_.disk.stat(path(log::kPartitionMetadata));
    if (!is_there) return std::unexpected(is_there.error());
    auto log = *is_there
                   ? directory_.load(found, config_of(options_), now_ms)
                   : directory_.create(partition, kMetadataTopicId, config_of(options_), now_ms);
    if (!log) return std::unexpected(log.error());
    log_ = std::move(*log);
    bytes_since_snapshot_ = static_cast<std::int64_t>(log_->size_bytes());
    snapshot_at_ms_ = now_ms;
    return {};
}

Result<void> Node::find_snapshots() {
    const auto entries = env_.disk.list(directory_.path() + "/" + std::string(kMetadataDirectory));
    if (!entries) return std::unexpected(entries.error());
    for (const auto& entry : *entries) {
        if (const auto id = parse_snapshot_name(entry.name)) {
            snapshots_.emplace(*id, -1);
        } else if (entry.name.ends_with(".checkpoint.part") ||
                   entry.name.ends_with(".checkpoint.deleted")) {
            if (auto done = env_.disk.remove(path(entry.name)); !done) return done;
        }
    }
    return {};
}

Result<void> Node::read_quorum_state() {
    const auto bytes = log::read_file(env_.disk, path(kQuorumState));
    if (!bytes) return std::unexpected(bytes.error());
    if (!*bytes) return {};
    const auto election = parse_quorum_state(as_text(**bytes));
    if (!election) return std::unexpected(election.error());
    quorum_ = Quorum(options_.node_id, options_.voters, *election);
    return {};
}

Result<void> Node::start(Listener& listener) {
    listener_ = &listener;
    if (auto done = replay(listener); !done) return done;
    if (auto done = elect(); !done) return done;
    logger_.info("leading the metadata log epoch={} offset={}", quorum_.epoch(),
                 log_->log_end_offset() - 1);
    listener.lead(quorum_.epoch());
    sync_soon();
    return {};
}

Result<void> Node::elect() {
    const auto log_epoch = log_->epochs().latest().value_or(0);
    const auto snapshot_epoch = snapshots_.empty() ? 0 : snapshots_.rbegin()->first.epoch;
    quorum_.start_election(std::max(log_epoch, snapshot_epoch));
    // On the disk with the first record of the epoch: until then nobody hears of the vote.
    unsynced_.replace_later(path(kQuorumState),
                            format_quorum_state(quorum_.election(), voters_of(quorum_)));
    const auto now_ms = env_.clock.wall_ms();
    auto batch = leader_change(options_.node_id, quorum_.voters(), quorum_.granted(), now_ms);
    const auto appended =
        log_->append_as_leader(batch, log::Origin::coordinator, quorum_.epoch(), now_ms);
    if (!appended) return std::unexpected(appended.error());
    quorum_.on_epoch_start(appended->base_offset);
    return {};
}

Result<void> Node::replay(Listener& listener) {
    std::int64_t from = 0;
    for (auto at = snapshots_.rbegin(); at != snapshots_.rend(); ++at) {
        const auto& id = at->first;
        const auto snapshot = read_snapshot(env_.disk, path(snapshot_name(id)));
        if (!snapshot) {
            logger_.warn("a snapshot is left out name={} error={}", snapshot_name(id),
                         snapshot.error().what);
            continue;
        }
        at->second = snapshot->last_contained_ms;
        if (auto done = listener.load(id, *snapshot); !done) return done;
        from = id.end_offset;
        break;
    }
    if (from < log_->log_start_offset()) {
        return fail(Errc::corrupt_message,
                    fmt::format("{}: the log starts at {}, the newest whole snapshot ends at {}",
                                log_->path(), log_->log_start_offset(), from));
    }
    if (from > log_->log_end_offset()) {
        // The log was lost behind the snapshot, which holds all that was committed.
        logger_.warn("the metadata log ends below its snapshot end={} snapshot={}",
                     log_->log_end_offset(), from);
        return log_->truncate_fully_and_start_at(from, env_.clock.wall_ms());
    }
    return replay_from(from, listener);
}

Result<void> Node::replay_from(std::int64_t offset, Listener& listener) {
    record::Decompressor decompressor;
    const auto end = log_->log_end_offset();
    while (offset < end) {
        const auto read = log_->read({.offset = offset, .up_to = end, .max_bytes = kReadBytes});
        if (!read) return std::unexpected(read.error());
        if (read->slice.size_bytes == 0) {
            return fail(Errc::corrupt_message,
                        fmt::format("{}: nothing to read at offset {} below {}", log_->path(),
                                    offset, end));
        }
        Bytes bytes(read->slice.size_bytes);
        const auto size = read->slice.file->read(read->slice.position, bytes);
        if (!size) return std::unexpected(size.error());
        record::BatchScanner scanner(BytesView(bytes).first(*size));
        const auto before = offset;
        while (scanner.next() == record::Scan::batch) {
            const auto batch = parse(scanner.batch(), decompressor);
            if (!batch) return fail(batch.error().code, log_->path() + ": " + batch.error().what);
            if (batch->last_offset < offset) continue;
            if (!batch->is_control) ++data_batches_;
            if (auto done = listener.replay(*batch); !done) return done;
            offset = batch->last_offset + 1;
        }
        if (offset == before) {
            return fail(Errc::corrupt_message,
                        fmt::format("{}: no batch at offset {}", log_->path(), offset));
        }
    }
    return {};
}

}  // namespace kcore::raft
