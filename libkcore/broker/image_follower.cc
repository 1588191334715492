#include "broker/image_follower.h"

#include <utility>

namespace kcore::broker {

void ImageFollower::prepare(const metadata::ImagePtr& before, const metadata::ImagePtr& after,
                            const metadata::Changes& changes, metadata::Publisher::Ready ready) {
    const bool is_first = !std::exchange(has_image_, true);
    const bool is_ours =
        is_first || !changes.topics.empty() || !changes.configs.empty() || !changes.brokers.empty();
    if (!is_ours) return ready();
    is_preparing_ = true;
    is_recovering_ |= is_first;
    auto work = [this, is_first, before, after, changes, ready = std::move(ready)]() mutable {
        if (is_first) moves_.promote_orphans(*after);
        if (is_first) is_whole_ = partitions_.load(*after);
        latest_ = after;
        if (is_whole_) partitions_.apply(*before, *after, changes);
        env_.loop.post([this, ready = std::move(ready)]() mutable {
            is_preparing_ = false;
            news_.notify();
            ready();
        });
        if (is_first) recover();
    };
    env_.pool.submit(std::move(work));
}

replication::Partitions::OnReady ImageFollower::on_ready() const {
    return [this](const Uuid& topic_id, const TopicPartition& name) {
        env_.loop.post([this, topic_id, name] { on_ready_(topic_id, name); });
    };
}

// On the pool.
void ImageFollower::recover() {
    partitions_.load_late(latest(), on_ready());
    // Copies of partitions go on when these are there.
    moves_.resume();
    env_.loop.post([this] {
        is_recovering_ = false;
        news_.notify();
    });
}

asio::awaitable<void> ImageFollower::stop() {
    partitions_.stop_loading();
    while (is_preparing_ || is_recovering_) co_await news_.wait_until(io::kNever);
}

}  // namespace kcore::broker
