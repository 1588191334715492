#pragma once
// Which brokers may be in an ISR: registered, neither fenced nor shutting down, as the latest image
// says. Thread-safe.

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>

#include "metadata/image.h"

namespace kcore::replication {

class LiveBrokers {
public:
    static constexpr std::int64_t kAnyEpoch = -1;

    void set(const metadata::Image& image) {
        auto epochs = std::make_shared<Epochs>();
        for (const auto& [id, broker] : *image.brokers) {
            if (!broker->fenced && !broker->in_controlled_shutdown) {
                epochs->emplace(id, broker->epoch);
            }
        }
        epochs_.store(std::move(epochs), std::memory_order_release);
    }

    // Whether the process that registered with `epoch` is the one that lives.
    bool is_live(std::int32_t broker, std::int64_t epoch) const {
        const auto epochs = epochs_.load(std::memory_order_acquire);
        const auto found = epochs->find(broker);
        return found != epochs->end() && (epoch == kAnyEpoch || found->second == epoch);
    }

private:
    using Epochs = std::map<std::int32_t, std::int64_t>;
    std::atomic<std::shared_ptr<const Epochs>> epochs_ = std::make_shared<const Epochs>();
};

}  // namespace kcore::replication
