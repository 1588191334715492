// What a log directory and the coordinator's topic hold besides records: any bytes are read or
// refused, and what was read writes and reads back the same. The first byte picks the kind.
#include <cstdlib>

#include "base/crc32c.h"
#include "group/records.h"
#include "log/checkpoint.h"
#include "log/meta_properties.h"
#include "log/names.h"
#include "log/producer_state.h"
#include "raft/quorum_state.h"
#include "raft/snapshot.h"

namespace kcore {
namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

void read_offsets(BytesView bytes) {
    const auto read = log::parse_offsets(as_text(bytes));
    if (read) require(log::parse_offsets(log::format_offsets(*read)) == *read);
}

void read_epochs(BytesView bytes) {
    const auto read = log::parse_epochs(as_text(bytes));
    if (read) require(log::parse_epochs(log::format_epochs(*read)) == *read);
}

void read_meta_properties(BytesView bytes) {
    const auto read = log::parse_meta_properties(as_text(bytes));
    if (read) require(log::parse_meta_properties(log::format_meta_properties(*read)) == *read);
}

void read_partition_metadata(BytesView bytes) {
    const auto read = log::parse_partition_metadata(as_text(bytes));
    if (read) {
        require(log::parse_partition_metadata(log::format_partition_metadata(*read)) == *read);
    }
}

void read_clean_marker(BytesView bytes) {
    const auto epoch = log::parse_clean_marker(as_text(bytes));
    require(log::parse_clean_marker(log::format_clean_marker(epoch)) == epoch);
}

void read_names(BytesView bytes) {
    const auto name = as_text(bytes);
    const auto folder = log::parse_dir_name(name);
    if (folder && folder->kind == log::DirKind::current) {
        require(log::dir_name(folder->partition, folder->kind, Uuid()) == name);
    }
    const auto offset = log::parse_file_name(name, ".log");
    if (offset) require(log::file_name(*offset, ".log") == name);
    const auto snapshot = raft::parse_snapshot_name(name);
    if (snapshot) require(raft::snapshot_name(*snapshot) == name);
}

// With a checksum that is right: mutations would hardly ever get past it.
void read_producers(BytesView bytes) {
    auto mended = to_bytes(bytes);
    constexpr std::size_t kCrcAt = 2;
    constexpr std::size_t kCoveredAt = 6;
    if (mended.size() >= kCoveredAt) {
        const auto crc = crc32c(BytesView(mended).subspan(kCoveredAt));
        store_be(mended.data() + kCrcAt, static_cast<std::int32_t>(crc));
    }
    const auto read = log::ProducerState::from_snapshot(mended);
    if (!read) return;
    const auto written = read->to_snapshot();
    const auto again = log::ProducerState::from_snapshot(written);
    require(again && again->to_snapshot() == written);
}

void read_quorum_state(BytesView bytes) {
    const auto read = raft::parse_quorum_state(as_text(bytes));
    if (!read) return;
    const raft::VoterHistory dynamic(raft::VoterSet(), 1);
    const auto written = raft::format_quorum_state(*read, dynamic);
    const auto again = raft::parse_quorum_state(written);
    require(again && raft::format_quorum_state(*again, dynamic) == written);
}

void read_snapshot(BytesView bytes) { (void)raft::parse_snapshot(to_bytes(bytes)); }

void read_group_key(BytesView bytes) { (void)group::parse_key(bytes); }

void read_committed_offset(BytesView bytes) {
    const auto read = group::parse_offset(bytes);
    if (!read) return;
    const auto written = group::offset_record(group::OffsetKey(), *read);
    require(written.has_value());
    const auto again = group::parse_offset(*written->value);
    require(again && group::offset_record(group::OffsetKey(), *again)->value == written->value);
}

void read_group(BytesView bytes) {
    const auto read = group::parse_group("group", bytes);
    if (!read) return;
    const auto written = group::group_record(*read);
    if (!written) return;  // Texts of an old version may be too long for the current one.
    const auto again = group::parse_group("group", *written->value);
    require(again && group::group_record(*again)->value == written->value);
}

constexpr void (*kReaders[])(BytesView) = {
    read_offsets,   read_epochs,       read_meta_properties,  read_partition_metadata,
    read_names,     read_clean_marker, read_producers,        read_quorum_state,
    read_group_key, read_snapshot,     read_committed_offset, read_group,
};

}  // namespace
}  // namespace kcore

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    if (size == 0) return 0;
    const kcore::BytesView bytes(reinterpret_cast<const std::byte*>(data) + 1, size - 1);
    kcore::kReaders[data[0] % std::size(kcore::kReaders)](bytes);
    return 0;
}
