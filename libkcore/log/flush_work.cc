#include "log/flush_work.h"

#include <utility>

#include "io/disk_error.h"
#include "log/checkpoint.h"
#include "log/names.h"

namespace kcore::log {

namespace {

Result<void> sync_if_there(io::Disk& disk, const std::string& path) {
    const auto there = disk.stat(path);
    if (!there) return std::unexpected(there.error());
    if (!*there) return {};
    const auto file = disk.open(path, io::Open::write);
    if (!file) return std::unexpected(file.error());
    return (*file)->sync();
}

}  // namespace

Result<void> write_sealed(const Sealed& part) {
    if (!part.bytes.empty()) {
        if (auto done = part.file->write(part.position, part.bytes); !done) return done;
    }
    return part.file->truncate(part.size_bytes);
}

void FlushWork::run() {
    result_ = write_small_files();
    if (result_) result_ = sync();
}

Result<void> FlushWork::write_small_files() {
    const std::lock_guard lock(gate_->mutex);
    if (gate_->is_cancelled) return {};
    for (const auto& part : sealed_) {
        if (auto done = write_sealed(part); !done) return storage_.failed(done.error());
        small_files_.push_back(part.file);
    }
    for (const auto& [offset, bytes] : snapshots_) {
        auto file = storage_.disk().open(path_ + "/" + file_name(offset, kSnapshotSuffix),
                                         io::Open::create);
        if (!file) return storage_.failed(file.error());
        if (auto done = (*file)->write(0, bytes); !done) return storage_.failed(done.error());
        small_files_.push_back(std::move(*file));
    }
    if (!epochs_) return {};
    const auto done = replace_file(storage_.disk(), path_ + "/" + std::string(kEpochCheckpoint),
                                   as_bytes(format_epochs(*epochs_)));
    if (!done) return storage_.failed(done.error());
    return {};
}

// What was written and cannot be synced may be gone already: no second try.
Result<void> FlushWork::sync() {
    if (auto online = storage_.check_online(); !online) return online;
    for (const auto* files : {&logs_, &small_files_}) {
        for (const auto& file : *files) {
            if (auto done = file->sync(); !done) return storage_.failed_for_good(done.error());
        }
    }
    if (!are_names_new_) return {};
    // The directory may be on its way out: then its old name is gone.
    const std::lock_guard lock(gate_->mutex);
    if (gate_->is_cancelled) return {};
    auto done = sync_if_there(storage_.disk(), path_ + "/" + std::string(kPartitionMetadata));
    if (done) done = storage_.disk().sync_directory(path_);
    // The partition's directory may be as new as the files in it.
    if (done) done = storage_.disk().sync_directory(storage_.path());
    if (done) return {};
    // Without a descriptor nothing was tried, and the next flush tries again.
    if (io::is_out_of_descriptors(done.error())) return storage_.failed(done.error());
    return storage_.failed_for_good(done.error());
}

}  // namespace kcore::log
