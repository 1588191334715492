#pragma once
// Where the current image is found, and who is told of a new one. Images are put in by the thread
// that applies the metadata log; anybody reads.

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "metadata/changes.h"
#include "metadata/image.h"

namespace kcore::metadata {

// Images become current one after the other, in the order in which they were put in.
class Publisher {
public:
    // Called on the publishing thread, in the order of subscription; must not block.
    using Subscriber =
        std::function<void(const ImagePtr& before, const ImagePtr& after, const Changes& changes)>;
    using Ready = std::move_only_function<void()>;
    // Calls `ready` on the publishing thread, now or later.
    using Preparer = std::function<void(const ImagePtr& before, const ImagePtr& after,
                                        const Changes& changes, Ready ready)>;

    Publisher() : current_(std::make_shared<const Image>()) {}

    // From any thread; never null.
    ImagePtr current() const { return current_.load(std::memory_order_acquire); }

    // From the publishing thread, or before it publishes. Says nothing of the image that is there.
    void subscribe(Subscriber subscriber) { subscribers_.push_back(std::move(subscriber)); }

    // Who makes what an image promises before it is current, so that nobody is sent to a leader
    // that is not there yet. One at most.
    void prepare(Preparer preparer) { preparer_ = std::move(preparer); }

    // From the publishing thread. The image is current before the first subscriber hears of it,
    // and all have heard before `done`.
    void publish(ImagePtr image, Changes changes, Ready done = {}) {
        waiting_.push_back({std::move(image), std::move(changes), std::move(done)});
        go_on();
    }

private:
    struct Next {
        ImagePtr image;
        Changes changes;
        Ready done;
    };

    void go_on() {
        if (std::exchange(is_going_on_, true)) return;
        while (!waiting_.empty() && !is_preparing_) {
            is_preparing_ = true;
            const auto& next = waiting_.front();
            auto ready = [this] {
                put();
                go_on();
            };
            if (preparer_) {
                preparer_(current(), next.image, next.changes, std::move(ready));
            } else {
                ready();
            }
        }
        is_going_on_ = false;
    }

    void put() {
        auto next = std::move(waiting_.front());
        waiting_.pop_front();
        is_preparing_ = false;
        const auto before = current();
        current_.store(next.image, std::memory_order_release);
        for (const auto& subscriber : subscribers_) subscriber(before, next.image, next.changes);
        if (next.done) next.done();
    }

    std::atomic<ImagePtr> current_;
    std::deque<Next> waiting_;
    bool is_preparing_ = false;  // The first of them.
    bool is_going_on_ = false;
    Preparer preparer_;
    std::vector<Subscriber> subscribers_;
};

}  // namespace kcore::metadata
