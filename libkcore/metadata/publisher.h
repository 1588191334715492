#pragma once
// Where the current image is found, and who is told of a new one. Images are put in by the thread
// that applies the metadata log; anybody reads.

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "metadata/changes.h"
#include "metadata/image.h"

namespace kcore::metadata {

class Publisher {
public:
    // Called on the publishing thread, in the order of subscription; must not block.
    using Subscriber =
        std::function<void(const ImagePtr& before, const ImagePtr& after, const Changes& changes)>;

    Publisher() : current_(std::make_shared<const Image>()) {}

    // From any thread; never null.
    ImagePtr current() const { return current_.load(std::memory_order_acquire); }

    // From the publishing thread, or before it publishes. Says nothing of the image that is there.
    void subscribe(Subscriber subscriber) { subscribers_.push_back(std::move(subscriber)); }

    // The same, but told before the image is current: who makes what the image promises, so that
    // nobody is sent to a leader that is not there yet.
    void prepare(Subscriber subscriber) { preparers_.push_back(std::move(subscriber)); }

    // From the publishing thread. The image is current before the first subscriber hears of it.
    void publish(ImagePtr image, const Changes& changes) {
        const auto before = current();
        for (const auto& preparer : preparers_) preparer(before, image, changes);
        current_.store(image, std::memory_order_release);
        for (const auto& subscriber : subscribers_) subscriber(before, image, changes);
    }

private:
    std::atomic<ImagePtr> current_;
    std::vector<Subscriber> preparers_;
    std::vector<Subscriber> subscribers_;
};

}  // namespace kcore::metadata
