#pragma once
// Open files of all logs, at most so many at a time: the ones not used for longest are closed. An
// idle partition holds no descriptor.

#include <atomic>
#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>

#include "base/result.h"
#include "io/disk.h"

namespace kcore::log {

// Thread-safe; a file in use stays open until its last user lets go. Outlives all its slots.
class FileCache {
public:
    // The place of one file. Belongs to the file's owner; get() and forget() may be called while
    // the cache closes files on another thread.
    class Slot {
    public:
        explicit Slot(FileCache& cache) : cache_(cache) {}
        ~Slot() { forget(); }
        Slot(const Slot&) = delete;
        Slot& operator=(const Slot&) = delete;

        // The open file; opens it for writing, creating it when it is not there, if it was closed.
        Result<std::shared_ptr<io::File>> get(const std::string& path);
        // The open file if it is open.
        std::shared_ptr<io::File> get_if_open();
        // Closes it as soon as nobody uses it any more.
        void forget();

    private:
        friend class FileCache;
        void lock() const;
        void unlock() const;

        FileCache& cache_;
        mutable std::atomic_flag locked_;  // Over the two below; held for a few instructions.
        bool was_used_ = false;
        std::shared_ptr<io::File> file_;
        bool is_listed_ = false;  // The cache's mutex guards this and the place.
        std::list<Slot*>::iterator place_;
    };

    FileCache(io::Disk& disk, std::size_t files_max) : disk_(disk), files_max_(files_max) {}

    std::size_t open_files() const;
    // Closes every file that nobody has used since the last call.
    void close_idle();

private:
    void add(Slot& slot);
    void make_room();

    io::Disk& disk_;
    const std::size_t files_max_;
    mutable std::mutex mutex_;
    std::list<Slot*> slots_;  // With an open file; the hand of the clock goes from the front.
};

}  // namespace kcore::log
