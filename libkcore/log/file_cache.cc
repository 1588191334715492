#include "log/file_cache.h"

#include <utility>
#include <vector>

namespace kcore::log {

void FileCache::Slot::lock() const {
    while (locked_.test_and_set(std::memory_order_acquire)) {
    }
}

void FileCache::Slot::unlock() const { locked_.clear(std::memory_order_release); }

std::shared_ptr<io::File> FileCache::Slot::get_if_open() {
    lock();
    was_used_ = true;
    auto file = file_;
    unlock();
    return file;
}

Result<std::shared_ptr<io::File>> FileCache::Slot::get(const std::string& path) {
    if (auto file = get_if_open()) return file;
    auto opened = cache_.disk_.open(path, io::Open::write);
    if (!opened) return std::unexpected(std::move(opened).error());
    std::shared_ptr<io::File> file = std::move(*opened);
    lock();
    file_ = file;
    unlock();
    cache_.add(*this);
    return file;
}

void FileCache::Slot::forget() {
    std::shared_ptr<io::File> closing;
    const std::lock_guard guard(cache_.mutex_);
    if (is_listed_) cache_.slots_.erase(place_);
    is_listed_ = false;
    lock();
    closing = std::move(file_);
    unlock();
}

std::size_t FileCache::open_files() const {
    const std::lock_guard guard(mutex_);
    return slots_.size();
}

void FileCache::add(Slot& slot) {
    const std::lock_guard guard(mutex_);
    if (!slot.is_listed_) {
        slots_.push_back(&slot);
        slot.place_ = std::prev(slots_.end());
        slot.is_listed_ = true;
    }
    make_room();
}

// The clock: who was used since the hand last passed gets another round.
void FileCache::make_room() {
    for (std::size_t looked = 0; slots_.size() > files_max_ && looked < 2 * slots_.size();
         ++looked) {
        auto& slot = *slots_.front();
        slot.lock();
        const bool stays = std::exchange(slot.was_used_, false);
        auto closing = stays ? nullptr : std::move(slot.file_);
        slot.unlock();
        if (stays) {
            slots_.splice(slots_.end(), slots_, slots_.begin());
        } else {
            slots_.pop_front();
            slot.is_listed_ = false;
        }
    }
}

void FileCache::close_idle() {
    const std::lock_guard guard(mutex_);
    for (auto at = slots_.begin(); at != slots_.end();) {
        auto& slot = **at;
        slot.lock();
        const bool was_used = std::exchange(slot.was_used_, false);
        const bool stays = was_used || slot.file_.use_count() > 1;
        auto closing = stays ? nullptr : std::move(slot.file_);
        const bool is_closed = slot.file_ == nullptr;
        slot.unlock();
        if (is_closed) slot.is_listed_ = false;
        at = is_closed ? slots_.erase(at) : std::next(at);
    }
}

}  // namespace kcore::log
