#include "raft/voters.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "protocol/codec.h"
#include "protocol/data/kraft_version_record.h"
#include "protocol/data/leader_change_message.h"
#include "protocol/data/voters_record.h"
#include "record/builder.h"
#include "record/scan.h"

namespace kcore::raft {
namespace {

using record::ControlType;

template <class Message>
Bytes encoded(const Message& message, std::int16_t version) {
    Bytes value;
    const auto done = protocol::encode(message, version, value);
    assert(done);  // Made of what these versions hold.
    static_cast<void>(done);
    return value;
}

Result<VoterSet> decode_voters(BytesView value) {
    const auto message = protocol::decode<protocol::VotersRecord>(value, 0);
    if (!message) return std::unexpected(message.error());
    std::vector<Voter> voters;
    for (const auto& from : message->voters) {
        Voter voter;
        voter.key = {from.voter_id, from.voter_directory_id};
        for (const auto& endpoint : from.endpoints) {
            voter.endpoints.push_back({endpoint.name, {endpoint.host, endpoint.port}});
        }
        voter.version_min = from.kraft_version_feature.min_supported_version;
        voter.version_max = from.kraft_version_feature.max_supported_version;
        voters.push_back(std::move(voter));
    }
    if (voters.empty()) return fail(Errc::corrupt_message, "a set of no voters");
    return VoterSet(std::move(voters));
}

}  // namespace

// --- VoterSet

VoterSet::VoterSet(std::vector<Voter> voters) {
    for (auto& voter : voters) {
        const auto id = voter.key.id;
        voters_.insert_or_assign(id, std::move(voter));
    }
}

const Voter* VoterSet::find(std::int32_t id) const {
    const auto at = voters_.find(id);
    return at == voters_.end() ? nullptr : &at->second;
}

bool VoterSet::is_voter(const ReplicaKey& key) const {
    const auto* voter = find(key.id);
    if (voter == nullptr) return false;
    return voter->key.directory.is_zero() || voter->key.directory == key.directory;
}

bool VoterSet::is_majority(const std::set<std::int32_t>& ids) const {
    const auto count = std::ranges::count_if(ids, [&](auto id) { return contains(id); });
    return 2 * static_cast<std::size_t>(count) > size();
}

VoterSet VoterSet::with(Voter voter) const {
    auto next = *this;
    const auto id = voter.key.id;
    next.voters_.insert_or_assign(id, std::move(voter));
    return next;
}

VoterSet VoterSet::without(std::int32_t id) const {
    auto next = *this;
    next.voters_.erase(id);
    return next;
}

// --- VoterHistory

VoterHistory::VoterHistory(VoterSet configured, std::int16_t kraft_version)
    : configured_{-1, kraft_version, std::move(configured)}, entries_{configured_} {}

const VoterHistory::Entry& VoterHistory::at(std::int64_t end_offset) const {
    const auto after =
        std::ranges::find_if(entries_, [&](const Entry& e) { return e.offset >= end_offset; });
    return after == entries_.begin() ? entries_.front() : *std::prev(after);
}

VoterHistory::Entry& VoterHistory::entry_at(std::int64_t offset) {
    assert(offset >= entries_.back().offset);
    if (entries_.back().offset < offset) {
        entries_.push_back(entries_.back());
        entries_.back().offset = offset;
    }
    return entries_.back();
}

void VoterHistory::set_version(std::int64_t offset, std::int16_t kraft_version) {
    entry_at(offset).kraft_version = kraft_version;
}

void VoterHistory::set_voters(std::int64_t offset, VoterSet voters) {
    entry_at(offset).voters = std::move(voters);
}

void VoterHistory::truncate_to(std::int64_t end_offset) {
    while (entries_.size() > 1 && entries_.back().offset >= end_offset) entries_.pop_back();
}

void VoterHistory::restart(std::int64_t end_offset, std::int16_t kraft_version, VoterSet voters) {
    entries_ = {configured_};
    if (kraft_version == 0 && voters.empty()) return;
    set_version(end_offset - 1, kraft_version);
    if (!voters.empty()) set_voters(end_offset - 1, std::move(voters));
}

// --- Control records

Result<std::vector<ControlRecord>> control_records(BytesView batches) {
    std::vector<ControlRecord> found;
    record::BatchScanner scanner(batches);
    while (scanner.next() == record::Scan::batch) {
        const auto any = scanner.batch();
        if (!any.is_v2() || !any.v2().is_control()) continue;
        if (auto ok = any.check(); !ok) return std::unexpected(ok.error());
        const auto batch = any.v2();
        if (batch.is_compressed()) return fail(Errc::corrupt_message, "a compressed control batch");
        record::RecordReader reader(batch.payload(), batch.base());
        record::RecordView one;
        while (reader.next(one)) {
            const auto type = record::control_type(one);
            if (!type) return std::unexpected(type.error());
            if (!*type) continue;
            found.push_back({one.offset, **type, to_bytes(one.value.value_or(BytesView()))});
        }
        if (auto ok = reader.finish(); !ok) return std::unexpected(ok.error());
    }
    return found;
}

Result<void> apply(const ControlRecord& record, VoterHistory& history) {
    if (record.offset < history.offset()) return {};
    if (record.type == ControlType::kraft_version) {
        const auto message = protocol::decode<protocol::KRaftVersionRecord>(record.value, 0);
        if (!message) return std::unexpected(message.error());
        history.set_version(record.offset, message->kraft_version);
    } else if (record.type == ControlType::kraft_voters) {
        auto voters = decode_voters(record.value);
        if (!voters) return std::unexpected(voters.error());
        history.set_voters(record.offset, std::move(*voters));
    }
    return {};
}

Bytes encode_voters(const VoterSet& voters) {
    protocol::VotersRecord message;
    for (const auto& [id, voter] : voters.all()) {
        auto& to = message.voters.emplace_back();
        to.voter_id = id;
        to.voter_directory_id = voter.key.directory;
        for (const auto& from : voter.endpoints) {
            auto& endpoint = to.endpoints.emplace_back();
            endpoint.name = from.name;
            endpoint.host = from.address.host;
            endpoint.port = from.address.port;
        }
        to.kraft_version_feature.min_supported_version = voter.version_min;
        to.kraft_version_feature.max_supported_version = voter.version_max;
    }
    return encoded(message, 0);
}

Bytes encode_kraft_version(std::int16_t kraft_version) {
    protocol::KRaftVersionRecord message;
    message.kraft_version = kraft_version;
    return encoded(message, 0);
}

Bytes encode_leader_change(std::int32_t leader, const VoterSet& voters,
                           const std::set<std::int32_t>& granted, std::int16_t kraft_version) {
    protocol::LeaderChangeMessage message;
    const std::int16_t version = kraft_version > 0 ? 1 : 0;
    message.version = version;
    message.leader_id = leader;
    const auto put = [&](auto& to, const ReplicaKey& key) {
        to.voter_id = key.id;
        if (version > 0) to.voter_directory_id = key.directory;
    };
    for (const auto& [id, voter] : voters.all()) put(message.voters.emplace_back(), voter.key);
    for (const auto id : granted) {
        const auto* voter = voters.find(id);
        if (voter != nullptr) put(message.granting_voters.emplace_back(), voter->key);
    }
    return encoded(message, version);
}

Bytes control_batch(std::span<const ControlRecord> records, std::int64_t timestamp_ms) {
    record::BatchBuilder builder({.is_control = true});
    for (const auto& record : records) {
        const auto key = record::control_key(record.type);
        builder.append(timestamp_ms, BytesView(key), BytesView(record.value));
    }
    return to_bytes(BytesView(builder.close()));
}

}  // namespace kcore::raft
