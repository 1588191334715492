#include "io/posix_disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <mutex>
#include <set>
#include <utility>

#include "io/disk_error.h"

namespace kcore::io {

namespace {

// Larger gathers gain nothing: the page cache copies at its best from here on.
constexpr std::size_t kWriteBytesMax = 256 * 1024;
constexpr std::size_t kWritePiecesMax = 64;

// A position in a list of pieces, moved on by what each call took.
class Gather {
public:
    explicit Gather(std::span<const BytesView> pieces) : pieces_(pieces) { skip_empty(); }

    bool done() const { return piece_ == pieces_.size(); }

    int next(std::array<iovec, kWritePiecesMax>& out) const {
        std::size_t room = kWriteBytesMax;
        std::size_t count = 0;
        std::size_t from = offset_;
        for (auto i = piece_; i < pieces_.size() && count < out.size() && room > 0; ++i) {
            const auto size = std::min(pieces_[i].size() - from, room);
            auto* at = const_cast<std::byte*>(pieces_[i].data()) + from;
            if (size > 0) out[count++] = {at, size};
            room -= size;
            from = 0;
        }
        return static_cast<int>(count);
    }

    void taken(std::size_t bytes) {
        offset_ += bytes;
        skip_empty();
    }

private:
    void skip_empty() {
        while (piece_ < pieces_.size() && offset_ >= pieces_[piece_].size()) {
            offset_ -= pieces_[piece_].size();
            ++piece_;
        }
    }

    std::span<const BytesView> pieces_;
    std::size_t piece_ = 0;
    std::size_t offset_ = 0;
};

class PosixFile : public File {
public:
    PosixFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
    ~PosixFile() override { ::close(fd_); }

    using File::write;
    Result<void> write(std::uint64_t position, std::span<const BytesView> pieces) override {
        Gather gather(pieces);
        std::array<iovec, kWritePiecesMax> parts;
        while (!gather.done()) {
            const int count = gather.next(parts);
            const auto n = ::pwritev(fd_, parts.data(), count, static_cast<off_t>(position));
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) return refuse_call(path_, "pwritev");
            if (n == 0) return refuse_call(path_, "pwritev", EIO);
            position += static_cast<std::uint64_t>(n);
            gather.taken(static_cast<std::size_t>(n));
        }
        return {};
    }

    Result<std::size_t> read(std::uint64_t position, std::span<std::byte> out) override {
        std::size_t done = 0;
        while (done < out.size()) {
            const auto n = ::pread(fd_, out.data() + done, out.size() - done,
                                   static_cast<off_t>(position + done));
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) return refuse_call(path_, "pread");
            if (n == 0) break;
            done += static_cast<std::size_t>(n);
        }
        return done;
    }

    Result<std::optional<std::size_t>> read_cached(std::uint64_t position,
                                                   std::span<std::byte> out) override {
        if (!may_be_cold()) return read(position, out);
        std::size_t done = 0;
        while (done < out.size()) {
            iovec part{out.data() + done, out.size() - done};
            const auto n =
                ::preadv2(fd_, &part, 1, static_cast<off_t>(position + done), RWF_NOWAIT);
            if (n == 0) break;
            if (n > 0) {
                done += static_cast<std::size_t>(n);
            } else if (errno == EAGAIN) {
                return std::nullopt;
            } else if (errno == EOPNOTSUPP || errno == EINVAL || errno == ENOSYS) {
                // A file system in memory, or an old kernel.
                may_be_cold_.store(false, std::memory_order_relaxed);
                return read(position, out);
            } else if (errno != EINTR) {
                return refuse_call(path_, "preadv2");
            }
        }
        return done;
    }

    bool may_be_cold() const override { return may_be_cold_.load(std::memory_order_relaxed); }

    Result<std::uint64_t> size() override {
        struct stat info{};
        if (::fstat(fd_, &info) != 0) return refuse_call(path_, "fstat");
        return static_cast<std::uint64_t>(info.st_size);
    }

    Result<void> truncate(std::uint64_t size) override {
        if (::ftruncate(fd_, static_cast<off_t>(size)) != 0) return refuse_call(path_, "ftruncate");
        reserved_ = std::min(reserved_, size);
        return {};
    }

    Result<void> reserve(std::uint64_t size) override {
        if (size <= reserved_) return {};
        // From where the last one ended: the call looks at every page of its range.
        const auto error = ::fallocate(fd_, FALLOC_FL_KEEP_SIZE, static_cast<off_t>(reserved_),
                                       static_cast<off_t>(size - reserved_));
        // A file system without it just allocates as it writes.
        if (error != 0 && errno != EOPNOTSUPP) return refuse_call(path_, "fallocate");
        reserved_ = size;
        return {};
    }

    Result<void> sync() override {
        if (::fdatasync(fd_) != 0) return refuse_call(path_, "fdatasync");
        return {};
    }

    int descriptor() const override { return fd_; }

private:
    const int fd_;
    const std::string path_;
    std::uint64_t reserved_ = 0;  // By this object, from the front.
    std::atomic<bool> may_be_cold_ = true;
};

class PosixDisk : public Disk {
public:
    Result<std::unique_ptr<File>> open(const std::string& path, Open how) override;
    Result<std::vector<Entry>> list(const std::string& directory) override;
    Result<std::optional<Entry>> stat(const std::string& path) override;
    Result<void> make_directory(const std::string& path) override;
    Result<void> rename(const std::string& from, const std::string& to) override;
    Result<void> remove(const std::string& path) override;
    Result<void> sync_directory(const std::string& path) override;
    Result<std::unique_ptr<PathLock>> lock(const std::string& path) override;
    Result<Space> space(const std::string& path) override;

private:
    class Lock;

    // A record lock does not keep out the own process, and is lost with the first descriptor of the
    // file that closes: a second taker has to be turned away before it opens the file.
    struct Held {
        std::mutex mutex;
        std::set<std::pair<dev_t, ino_t>> files;
    };
    const std::shared_ptr<Held> held_ = std::make_shared<Held>();
};

int open_flags(Open how) {
    switch (how) {
        case Open::read:
            return O_RDONLY | O_CLOEXEC;
        case Open::write:
            return O_RDWR | O_CREAT | O_CLOEXEC;
        case Open::create:
            return O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC;
    }
    return O_RDONLY | O_CLOEXEC;
}

Result<std::unique_ptr<File>> PosixDisk::open(const std::string& path, Open how) {
    const int fd = ::open(path.c_str(), open_flags(how), 0644);
    if (fd < 0) return refuse_call(path, "open");
    return std::make_unique<PosixFile>(fd, path);
}

Result<std::vector<Entry>> PosixDisk::list(const std::string& directory) {
    const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(directory.c_str()), &::closedir);
    if (!dir) return refuse_call(directory, "opendir");
    std::vector<Entry> entries;
    for (;;) {
        errno = 0;
        const auto* found = ::readdir(dir.get());
        if (found == nullptr) break;
        Entry entry{.name = found->d_name};
        if (entry.name == "." || entry.name == "..") continue;
        struct stat info{};
        if (::fstatat(::dirfd(dir.get()), found->d_name, &info, 0) != 0) {
            if (errno == ENOENT) continue;  // Removed meanwhile, or a dangling link.
            return refuse_call(directory + "/" + entry.name, "stat");
        }
        entry.is_directory = S_ISDIR(info.st_mode);
        if (!entry.is_directory) entry.size_bytes = static_cast<std::uint64_t>(info.st_size);
        entries.push_back(std::move(entry));
    }
    if (errno != 0) return refuse_call(directory, "readdir");
    std::ranges::sort(entries, {}, &Entry::name);
    return entries;
}

Result<std::optional<Entry>> PosixDisk::stat(const std::string& path) {
    struct stat info{};
    if (::stat(path.c_str(), &info) != 0) {
        if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
        return refuse_call(path, "stat");
    }
    Entry entry{.name = path.substr(path.rfind('/') + 1), .is_directory = S_ISDIR(info.st_mode)};
    if (!entry.is_directory) entry.size_bytes = static_cast<std::uint64_t>(info.st_size);
    return entry;
}

Result<void> PosixDisk::make_directory(const std::string& path) {
    for (auto end = path.find('/', 1);; end = path.find('/', end + 1)) {
        const auto part = path.substr(0, end);
        if (::mkdir(part.c_str(), 0755) != 0 && errno != EEXIST) return refuse_call(part, "mkdir");
        if (end == std::string::npos) break;
    }
    struct stat info{};
    if (::stat(path.c_str(), &info) != 0) return refuse_call(path, "stat");
    if (!S_ISDIR(info.st_mode)) return refuse_call(path, "mkdir", ENOTDIR);
    return {};
}

Result<void> PosixDisk::rename(const std::string& from, const std::string& to) {
    if (::rename(from.c_str(), to.c_str()) != 0) return refuse_call(from, "rename");
    return {};
}

Result<void> PosixDisk::remove(const std::string& path) {
    if (::remove(path.c_str()) != 0 && errno != ENOENT) return refuse_call(path, "remove");
    return {};
}

Result<void> PosixDisk::sync_directory(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return refuse_call(path, "open");
    const PosixFile directory(fd, path);
    if (::fsync(fd) != 0) return refuse_call(path, "fsync");
    return {};
}

class PosixDisk::Lock : public PathLock {
public:
    Lock(int fd, std::pair<dev_t, ino_t> id, std::shared_ptr<Held> held)
        : fd_(fd), id_(id), held_(std::move(held)) {}
    ~Lock() override {
        ::close(fd_);
        const std::lock_guard guard(held_->mutex);
        held_->files.erase(id_);
    }

private:
    const int fd_;
    const std::pair<dev_t, ino_t> id_;
    const std::shared_ptr<Held> held_;
};

Result<std::unique_ptr<PathLock>> PosixDisk::lock(const std::string& path) {
    const std::string in_use = path + ": another process holds this lock";
    const std::lock_guard guard(held_->mutex);
    struct stat info{};
    if (::stat(path.c_str(), &info) == 0 && held_->files.contains({info.st_dev, info.st_ino})) {
        return fail(Errc::kafka_storage_error, in_use);
    }
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) return refuse_call(path, "open");
    struct flock request{};
    request.l_type = F_WRLCK;
    request.l_whence = SEEK_SET;
    if (::fcntl(fd, F_SETLK, &request) != 0 || ::fstat(fd, &info) != 0) {
        const int error = errno;
        ::close(fd);
        if (error == EACCES || error == EAGAIN) return fail(Errc::kafka_storage_error, in_use);
        return refuse_call(path, "fcntl", error);
    }
    const std::pair id(info.st_dev, info.st_ino);
    held_->files.insert(id);
    return std::make_unique<Lock>(fd, id, held_);
}

Result<Space> PosixDisk::space(const std::string& path) {
    struct statvfs info{};
    if (::statvfs(path.c_str(), &info) != 0) return refuse_call(path, "statvfs");
    return Space{.total_bytes = std::uint64_t{info.f_blocks} * info.f_frsize,
                 .usable_bytes = std::uint64_t{info.f_bavail} * info.f_frsize};
}

}  // namespace

std::unique_ptr<Disk> make_posix_disk() { return std::make_unique<PosixDisk>(); }

}  // namespace kcore::io
