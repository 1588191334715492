#include "sim/host_disk.h"

#include <cassert>

namespace kcore::sim {

namespace {

void copy_file(io::Disk& from, io::Disk& to, const std::string& path, std::uint64_t size_bytes) {
    auto source = from.open(path, io::Open::read);
    auto target = to.open(path, io::Open::create);
    assert(source && target);
    Bytes all(size_bytes);
    const auto got = (*source)->read(0, all);
    assert(got && *got == size_bytes);
    const bool is_done = (*target)->write(0, BytesView(all)) && (*target)->sync();
    assert(is_done);
}

void copy_below(io::Disk& from, io::Disk& to, const std::string& path) {
    bool is_done = to.make_directory(path).has_value();
    const auto entries = from.list(path);
    assert(is_done && entries);
    for (const auto& entry : *entries) {
        const auto name = path + "/" + entry.name;
        if (entry.is_directory) {
            copy_below(from, to, name);
        } else {
            copy_file(from, to, name, entry.size_bytes);
        }
    }
    is_done = to.sync_directory(path).has_value();
    assert(is_done);
}

}  // namespace

void HostDisk::begin() {
    disk_.reset();
    base_ = std::make_unique<io::MemoryDisk>();
    disk_ = std::make_unique<io::FaultDisk>(*base_);
    const bool is_there = disk_->make_directory(kRoot) && disk_->sync_directory("/");
    assert(is_there);
}

void HostDisk::lose_power(io::Random& random) {
    const auto left = disk_->crashed(disk_->effects(), random);
    begin();
    copy_below(*left, *disk_, kRoot);
    take_away();
}

}  // namespace kcore::sim
