#pragma once
// Sends records on a schedule and measures from when each was due.

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "client/producer.h"
#include "io/posix.h"
#include "perf/perf.h"

namespace kcore::perf {

class Load {
public:
    // `stamp` writes the due time into the first 8 bytes of each value.
    Load(client::Client& client, const Options& options, bool stamp);

    // Sends until records, duration or an interrupt end it, and waits for the acknowledgements.
    void run(io::Instant start);

    std::uint64_t acked() const { return acked_; }
    std::uint64_t failed() const { return failed_; }
    std::optional<Error> first_error();
    cli::Histogram latency_us();  // Without the warm-up.
    cli::Histogram send_latency_us();
    double seconds() const { return seconds_; }

private:
    struct Sent {
        io::Instant due;
        io::Instant at;
    };

    void delivered(const client::Delivery& delivery);
    io::Instant due_at(std::uint64_t index) const;
    void wait_until(io::Instant due);
    void tell_progress(io::Instant now);

    const Options& options_;
    const bool stamp_;
    io::PosixClock clock_;
    io::Instant start_{};
    io::Instant last_told_{};
    std::string value_;
    double seconds_ = 0;
    std::atomic<std::uint64_t> acked_ = 0;
    std::atomic<std::uint64_t> failed_ = 0;
    std::mutex mutex_;  // Guards what follows.
    cli::Histogram latency_us_;
    cli::Histogram send_latency_us_;
    std::optional<Error> first_error_;
    std::uint64_t delivered_ = 0;
    std::unique_ptr<client::Producer> producer_;  // Last: its callbacks use all above.
};

}  // namespace kcore::perf
