#pragma once
// What became of the records that were sent: counts, and a line for each failure.

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "client/producer.h"

namespace kcore::produce {

// Thread-safe.
class Report {
public:
    // `say` takes one line about failed input.
    explicit Report(std::function<void(const std::string&)> say) : say_(std::move(say)) {}

    void sent() { ++sent_; }
    void unsent() { --sent_; }
    void refused(std::uint64_t line, const std::string& why);  // Before it could be sent.
    void delivered(const client::Delivery& delivery);

    std::uint64_t failed() const;

    // "1000 sent, 1000 acked, 0 failed, 0.21s (4761/s), partitions 0:334 1:333 2:333"
    std::string summary(double seconds) const;

private:
    void say_failed(const client::Delivery& delivery);

    std::function<void(const std::string&)> say_;
    std::uint64_t sent_ = 0;  // By the one thread that sends.
    mutable std::mutex mutex_;
    std::uint64_t acked_ = 0;
    std::uint64_t failed_ = 0;
    std::map<std::pair<std::string, std::int32_t>, std::uint64_t> partitions_;
};

}  // namespace kcore::produce
