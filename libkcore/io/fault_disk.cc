#include "io/fault_disk.h"

#include <cerrno>
#include <utility>

#include "io/disk_error.h"

namespace kcore::io {

namespace {

bool is_at_or_below(const std::string& path, const std::string& dead) {
    return !dead.empty() && (path + "/").starts_with(dead + "/");
}

}  // namespace

int FaultDisk::Shared::begin(const char* call, const std::string& path) {
    ++calls;
    const bool fails = fail_at != 0 && (calls == fail_at || (for_good && calls > fail_at));
    const bool is_dead = is_at_or_below(path, dead);
    if (!fails && !is_dead) return 0;
    ++faults;
    last_fault = std::string(call) + " " + path;
    if (is_dead) return EIO;
    return fault == Fault::no_space ? ENOSPC : EIO;
}

class FaultDisk::FaultFile : public File {
public:
    FaultFile(std::unique_ptr<File> base, std::string path, Effects::Node node,
              std::shared_ptr<Shared> shared)
        : base_(std::move(base)), path_(std::move(path)), node_(node), shared_(std::move(shared)) {}

    using File::write;
    Result<void> write(std::uint64_t position, std::span<const BytesView> pieces) override {
        const std::lock_guard lock(shared_->mutex);
        Bytes all;
        for (const auto piece : pieces) append(all, piece);
        const int error = shared_->begin("write", path_);
        const bool is_half = error != 0 && shared_->fault != Fault::io_error;
        const auto done = BytesView(all).first(error == 0 ? all.size() : all.size() / 2);
        if (error == 0 || is_half) {
            if (auto result = base_->write(position, done); !result) return result;
            shared_->effects.write(node_, position, done);
        }
        return error == 0 ? Result<void>() : refuse("write", error);
    }
    Result<std::size_t> read(std::uint64_t position, std::span<std::byte> out) override {
        const std::lock_guard lock(shared_->mutex);
        if (const int error = shared_->begin("read", path_)) return refuse("read", error);
        return base_->read(position, out);
    }
    Result<std::uint64_t> size() override {
        const std::lock_guard lock(shared_->mutex);
        if (const int error = shared_->begin("size", path_)) return refuse("size", error);
        return base_->size();
    }
    Result<void> truncate(std::uint64_t size) override {
        const std::lock_guard lock(shared_->mutex);
        if (const int error = shared_->begin("truncate", path_)) return refuse("truncate", error);
        auto done = base_->truncate(size);
        if (done) shared_->effects.truncate(node_, size);
        return done;
    }
    Result<void> reserve(std::uint64_t size) override {
        const std::lock_guard lock(shared_->mutex);
        if (const int error = shared_->begin("reserve", path_)) return refuse("reserve", error);
        return base_->reserve(size);
    }
    Result<void> sync() override {
        const std::lock_guard lock(shared_->mutex);
        if (const int error = shared_->begin("sync", path_)) {
            // One that is gone keeps what it had.
            if (!is_at_or_below(path_, shared_->dead)) shared_->effects.lose_unsynced(node_);
            return refuse("sync", error);
        }
        auto done = base_->sync();
        if (done) shared_->effects.sync(node_);
        return done;
    }

private:
    std::unexpected<Error> refuse(const char* call, int error) const {
        return std::unexpected(disk_error(path_, call, error));
    }

    const std::unique_ptr<File> base_;
    const std::string path_;
    const Effects::Node node_;
    const std::shared_ptr<Shared> shared_;
};

void FaultDisk::fail_below(const std::string& path) {
    const std::lock_guard lock(shared_->mutex);
    shared_->dead = path;
}

void FaultDisk::fail_call(std::uint64_t n, Fault fault, bool for_good) {
    const std::lock_guard lock(shared_->mutex);
    shared_->fail_at = n == 0 ? 0 : shared_->calls + n;
    shared_->fault = fault;
    shared_->for_good = for_good;
}

std::uint64_t FaultDisk::calls() const {
    const std::lock_guard lock(shared_->mutex);
    return shared_->calls;
}

std::uint64_t FaultDisk::faults() const {
    const std::lock_guard lock(shared_->mutex);
    return shared_->faults;
}

std::string FaultDisk::last_fault() const {
    const std::lock_guard lock(shared_->mutex);
    return shared_->last_fault;
}

std::size_t FaultDisk::effects() const {
    const std::lock_guard lock(shared_->mutex);
    return shared_->effects.size();
}

std::unique_ptr<MemoryDisk> FaultDisk::crashed(std::size_t effects, Random& random) const {
    const std::lock_guard lock(shared_->mutex);
    return shared_->effects.crashed(effects, random);
}

Result<std::unique_ptr<File>> FaultDisk::open(const std::string& path, Open how) {
    const std::lock_guard lock(shared_->mutex);
    if (const int error = shared_->begin("open", path)) {
        return std::unexpected(disk_error(path, "open", error));
    }
    auto file = base_.open(path, how);
    if (!file) return file;
    const auto node = shared_->effects.file(path);
    if (how == Open::create) shared_->effects.truncate(node, 0);
    return std::make_unique<FaultFile>(std::move(*file), path, node, shared_);
}

Result<std::vector<Entry>> FaultDisk::list(const std::string& directory) {
    const std::lock_guard lock(shared_->mutex);
    if (const int error = shared_->begin("list", directory)) {
        return std::unexpected(disk_error(directory, "list", error));
    }
    return base_.list(directory);
}

Result<std::optional<Entry>> FaultDisk::stat(const std::string& path) {
    const std::lock_guard lock(shared_->mutex);
    if (const int error = shared_->begin("stat", path)) {
        return std::unexpected(disk_error(path, "stat", error));
    }
    return base_.stat(path);
}

Result<void> FaultDisk::make_directory(const std::string& path) {
    const std::lock_guard lock(shared_->mutex);
    if (const int error = shared_->begin("make_directory", path)) {
        return std::unexpected(disk_error(path, "mkdir", error));
    }
    auto done = base_.make_directory(path);
    if (done) shared_->effects.make_directory(path);
    return done;
}

Result<void> FaultDisk::rename(const std::string& from, const std::string& to) {
    const std::lock_guard lock(shared_->mutex);
    if (const int error = shared_->begin("rename", from)) {
        return std::unexpected(disk_error(from, "rename", error));
    }
    auto done = base_.rename(from, to);
    if (done) shared_->effects.rename(from, to);
    return done;
}

Result<void> FaultDisk::remove(const std::string& path) {
    const std::lock_guard lock(shared_->mutex);
    if (const int error = shared_->begin("remove", path)) {
        return std::unexpected(disk_error(path, "remove", error));
    }
    auto done = base_.remove(path);
    if (done) shared_->effects.remove(path);
    return done;
}

Result<void> FaultDisk::sync_directory(const std::string& path) {
    const std::lock_guard lock(shared_->mutex);
    if (const int error = shared_->begin("sync_directory", path)) {
        return std::unexpected(disk_error(path, "fsync", error));
    }
    auto done = base_.sync_directory(path);
    if (done) shared_->effects.sync_directory(path);
    return done;
}

Result<std::unique_ptr<PathLock>> FaultDisk::lock(const std::string& path) {
    const std::lock_guard lock(shared_->mutex);
    if (const int error = shared_->begin("lock", path)) {
        return std::unexpected(disk_error(path, "lock", error));
    }
    auto held = base_.lock(path);
    if (held) (void)shared_->effects.file(path);
    return held;
}

Result<Space> FaultDisk::space(const std::string& path) {
    const std::lock_guard lock(shared_->mutex);
    if (const int error = shared_->begin("space", path)) {
        return std::unexpected(disk_error(path, "statvfs", error));
    }
    return base_.space(path);
}

}  // namespace kcore::io
