#include "broker/buffer_pool.h"

namespace kcore::broker {

Buffer BufferPool::take(std::size_t size) {
    used_since_trim_ = true;
    for (std::size_t i = 0; i < kSizes.size(); ++i) {
        if (kSizes[i] < size) continue;
        if (free_[i].empty()) return Buffer(kSizes[i]);
        auto buffer = std::move(free_[i].back());
        free_[i].pop_back();
        held_bytes_ -= buffer.size();
        return buffer;
    }
    return Buffer(size);
}

void BufferPool::give(Buffer buffer) {
    for (std::size_t i = 0; i < kSizes.size(); ++i) {
        if (kSizes[i] != buffer.size()) continue;
        if (held_bytes_ + buffer.size() > kHeldBytesMax) return;
        held_bytes_ += buffer.size();
        free_[i].push_back(std::move(buffer));
        break;
    }
    if (held_bytes_ == 0 || std::exchange(trimming_, true)) return;
    loop_.call_at(timer_, loop_.clock().now() + kTrimEvery, [this] { trim(); });
}

// Everything goes after a while in which nobody took a buffer; a loop without load has no timer.
void BufferPool::trim() {
    if (!std::exchange(used_since_trim_, false)) {
        for (auto& list : free_) std::vector<Buffer>().swap(list);
        held_bytes_ = 0;
        trimming_ = false;
        return;
    }
    loop_.call_at(timer_, loop_.clock().now() + kTrimEvery, [this] { trim(); });
}

}  // namespace kcore::broker
