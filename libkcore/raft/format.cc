#include "raft/format.h"

#include <fmt/format.h>

#include "base/uuid.h"
#include "raft/snapshot.h"

namespace kcore::raft {
namespace {

std::string parent_of(const std::string& path) {
    const auto slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

// Makes it with all parents; whatever is new is a name that must survive.
Result<void> make_directory(io::Disk& disk, const std::string& path, PendingSync& written) {
    for (auto at = path; at != "." && at != "/"; at = parent_of(at)) {
        const auto entry = disk.stat(at);
        if (!entry) return std::unexpected(entry.error());
        if (*entry) break;
        written.add_directory(parent_of(at));
    }
    return disk.make_directory(path);
}

}  // namespace

Result<PendingSync> format(io::Disk& disk, const Format& how, std::int64_t now_ms) {
    const auto known = log::read_meta_properties(disk, how.directory);
    if (known && *known) {
        return fail(Errc::kafka_storage_error,
                    fmt::format("{} is already formatted, for cluster {}", how.directory,
                                (*known)->cluster_id));
    }
    PendingSync written;
    if (auto done = make_directory(disk, how.directory, written); !done) {
        return std::unexpected(done.error());
    }
    if (how.has_metadata) {
        const auto directory = fmt::format("{}/{}", how.directory, kMetadataDirectory);
        if (auto done = make_directory(disk, directory, written); !done) {
            return std::unexpected(done.error());
        }
        const SnapshotId zero;
        VoterHistory::Entry voters;
        voters.kraft_version = how.voters.empty() ? 0 : 1;
        voters.voters = how.voters;
        const auto bytes = build_snapshot(zero, how.bootstrap, now_ms, now_ms, voters);
        auto done = written.write_file(disk, directory + "/" + snapshot_name(zero), as_text(bytes));
        if (!done) return std::unexpected(done.error());
        done = written.write_file(disk, fmt::format("{}/{}", directory, "partition.metadata"),
                                  log::format_partition_metadata(kMetadataTopicId));
        if (!done) return std::unexpected(done.error());
    }
    // Last: a directory without it counts as not formatted.
    const auto path = fmt::format("{}/{}", how.directory, log::kMetaProperties);
    if (auto done = written.write_file(disk, path, log::format_meta_properties(how.meta)); !done) {
        return std::unexpected(done.error());
    }
    return written;
}

Result<std::vector<Bytes>> read_bootstrap(io::Disk& disk, const std::string& directory) {
    const auto zero = fmt::format("{}/{}/{}", directory, kMetadataDirectory, snapshot_name({}));
    const auto old = fmt::format("{}/{}", directory, kOldBootstrap);
    for (const auto& path : {zero, old}) {
        const auto entry = disk.stat(path);
        if (!entry) return std::unexpected(entry.error());
        if (!*entry) continue;
        const auto snapshot = read_snapshot(disk, path);
        if (!snapshot) return std::unexpected(snapshot.error());
        std::vector<Bytes> values;
        for (const auto value : snapshot->values) values.push_back(to_bytes(value));
        return values;
    }
    return std::vector<Bytes>();
}

}  // namespace kcore::raft
