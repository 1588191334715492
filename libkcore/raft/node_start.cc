// The start of a node: what is on the disk, and the replay of it.

#include <fmt/format.h>

#include <utility>

#include "log/checkpoint.h"
#include "raft/node.h"
#include "raft/quorum_state.h"
#include "record/compression.h"
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

VoterHistory configured(const NodeOptions& options) {
    std::vector<Voter> voters;
    for (const auto& [id, address] : options.voters) {
        Voter voter;
        voter.key.id = id;
        voter.endpoints.push_back({options.replica.listener, address});
        voters.push_back(std::move(voter));
    }
    return VoterHistory(VoterSet(std::move(voters)));
}

Result<LoggedBatch> parse(const record::AnyBatch& any, record::Decompressor& decompressor) {
    if (auto ok = any.check(); !ok) return std::unexpected(ok.error());
    if (!any.is_v2()) return fail(Errc::corrupt_message, "an old message format");
    const auto batch = any.v2();
    LoggedBatch out;
    out.bytes = any.bytes();
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
    const bool is_static = !options.voters.empty();
    if (options.is_controller && is_static && !options.voters.contains(options.node_id)) {
        return fail(Errc::inconsistent_voter_set,
                    fmt::format("node {} is not among the voters of controller.quorum.voters",
                                options.node_id));
    }
    std::unique_ptr<Node> node(new Node(std::move(options), directory, env, std::move(logger)));
    if (auto done = node->disk_.open(config_of(node->options_)); !done) {
        return std::unexpected(done.error());
    }
    auto replica = node->options_.replica;
    replica.self.id = node->options_.node_id;
    if (const auto& meta = directory.meta(); meta && meta->directory_id) {
        replica.self.directory = *meta->directory_id;
    }
    node->disk_.add_unsynced(node->options_.unsynced);
    node->bytes_since_snapshot_ = static_cast<std::int64_t>(node->disk_.size_bytes());
    node->snapshot_at_ms_ = env.clock.wall_ms();
    node->replica_ = std::make_unique<Replica>(std::move(replica), node->disk_, env.random);
    node->listen();
    return node;
}

Result<Election> Node::read_election() {
    const auto bytes = log::read_file(env_.disk, disk_.path(kQuorumState));
    if (!bytes) return std::unexpected(bytes.error());
    if (!*bytes) return Election();
    return parse_quorum_state(as_text(**bytes));
}

Result<void> Node::start(Listener& listener) {
    listener_ = &listener;
    const auto election = read_election();
    if (!election) return std::unexpected(election.error());
    auto voters = load();
    if (!voters) return std::unexpected(voters.error());
    if (auto done = begin_at_snapshot(); !done) return done;
    // One pass over the log: who votes, and, if nobody else does, the replay.
    const ReplicaKey self = replica_->self();
    const auto is_lone = [&] {
        return voters->voters().size() == 1 && voters->voters().is_voter(self);
    };
    const auto from = applied_;
    bool is_fed = is_lone();
    auto visit = [&](const LoggedBatch& batch) -> Result<void> {
        if (batch.is_control) {
            const auto records = control_records(batch.bytes);
            if (!records) return std::unexpected(records.error());
            for (const auto& record : *records) {
                if (auto ok = apply(record, *voters); !ok) return ok;
            }
        } else {
            ++data_batches_;
        }
        is_fed = is_fed && is_lone();
        if (!is_fed) return {};
        applied_ = batch.last_offset + 1;
        return listener.replay(batch);
    };
    if (auto done = for_each_batch(from, disk_.end_offset(), visit); !done) return done;
    if (!is_fed && applied_ > from) {
        if (auto again = load(); !again) return std::unexpected(again.error());
    }
    disk_.hold_sync(is_held_ && is_fed);
    replica_->start(*election, std::move(*voters), disk_.synced_end(), now_ms());
    advance();
    if (failure_) return std::unexpected(*failure_);
    return {};
}

// The newest snapshot that is whole; gives what is known of the voters below its end.
Result<VoterHistory> Node::load() {
    auto voters = configured(options_);
    Snapshot snapshot;
    SnapshotId id;
    while (const auto latest = disk_.latest_snapshot()) {
        auto loaded = disk_.load_snapshot(*latest);
        if (loaded) {
            id = *latest;
            snapshot = std::move(*loaded);
            break;
        }
        logger_.warn("a snapshot is left out name={} error={}", snapshot_name(*latest),
                     loaded.error().what);
        disk_.forget_snapshot(*latest);
    }
    if (auto done = listener_->load(id, snapshot); !done) return std::unexpected(done.error());
    voters.restart(id.end_offset, snapshot.voters.kraft_version, snapshot.voters.voters);
    applied_ = id.end_offset;
    if (applied_ < disk_.start_offset()) {
        return fail(Errc::corrupt_message,
                    fmt::format("{}: the log starts at {}, the newest whole snapshot ends at {}",
                                disk_.directory(), disk_.start_offset(), applied_));
    }
    return voters;
}

// The log was lost behind its snapshot, or is that of a leader that was overruled.
Result<void> Node::begin_at_snapshot() {
    const auto id = disk_.latest_snapshot();
    const auto end = disk_.end_offset();
    const bool is_needed = id && (id->end_offset > end || is_behind(end_of(disk_), *id));
    if (!is_needed) return {};
    logger_.warn("the metadata log ends below its snapshot end={} snapshot={}", end,
                 id->end_offset);
    return disk_.start_at(*id);
}

Result<void> Node::replay_to(std::int64_t end_offset) {
    auto visit = [this](const LoggedBatch& batch) -> Result<void> {
        if (!batch.is_control) ++data_batches_;
        bytes_since_snapshot_ += static_cast<std::int64_t>(batch.bytes.size());
        applied_ = batch.last_offset + 1;
        return listener_->replay(batch);
    };
    return for_each_batch(applied_, end_offset, visit);
}

Result<void> Node::for_each_batch(std::int64_t from, std::int64_t to,
                                  std::move_only_function<Result<void>(const LoggedBatch&)> visit) {
    record::Decompressor decompressor;
    for (auto offset = from; offset < to;) {
        const auto before = offset;
        const auto bytes = disk_.read(offset, kReadBytes);
        if (!bytes) return std::unexpected(bytes.error());
        record::BatchScanner scanner(*bytes);
        while (offset < to && scanner.next() == record::Scan::batch) {
            const auto batch = parse(scanner.batch(), decompressor);
            if (!batch) {
                return fail(batch.error().code, disk_.directory() + ": " + batch.error().what);
            }
            if (batch->last_offset < offset) continue;
            if (auto done = visit(*batch); !done) return done;
            offset = batch->last_offset + 1;
        }
        if (offset == before) {
            return fail(Errc::corrupt_message, fmt::format("{}: no batch at offset {} below {}",
                                                           disk_.directory(), offset, to));
        }
    }
    return {};
}

}  // namespace kcore::raft
