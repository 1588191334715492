#pragma once
// What became of the records that were sent: counts, and a line for each failure.

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/format.h"
#include "client/producer.h"

namespace kcore::produce {

// Thread-safe.
class Report {
public:
    // `say` takes one line about failed input.
    explicit Report(std::function<void(const std::string&)> say) : say_(std::move(say)) {}

    void sent() { ++sent_; }
    void unsent() { --sent_; }
    bool has_sent() const { return sent_ > 0; }
    void refused(std::uint64_t line, const std::string& why);  // Before it could be sent.
    void delivered(const client::Delivery& delivery);

    // A line for each acknowledged record, by this format.
    void report_by(cli::Format format) { format_.emplace(std::move(format)); }
    // Input that failed is kept for the dead letters, verbatim.
    void keep_failed(bool keeps) { keeps_failed_ = keeps; }
    void keep(std::uint64_t line, std::string_view input);

    // What is to be written by now, of each.
    std::string take_acked_lines();
    std::vector<std::string> take_failed_input();

    // Someone watches: failures are told as they come, not when the next differs.
    void tell_at_once(bool at_once) { tells_at_once_ = at_once; }
    // Says what of the failures was not said yet: neighbours are told in one line.
    void say_rest();

    std::uint64_t failed() const;

    // "1000 sent, 1000 acked, 0 failed, 0.21s (4761/s), partitions 0:334 1:333 2:333"
    std::string summary(double seconds) const;

private:
    struct Lines {
        std::uint64_t first = 0;
        std::uint64_t last = 0;
        std::string why;
    };

    void say_failed(const client::Delivery& delivery);
    void add_failed(Lines lines);
    void say_pending();
    void report_acked(const client::Delivery& delivery);
    void settle_input(const client::Delivery& delivery);

    std::function<void(const std::string&)> say_;
    std::uint64_t sent_ = 0;  // By the one thread that sends.
    mutable std::mutex mutex_;
    std::uint64_t acked_ = 0;
    std::uint64_t failed_ = 0;
    std::map<std::pair<std::string, std::int32_t>, std::uint64_t> partitions_;
    std::optional<cli::Format> format_;
    std::string acked_lines_;
    bool keeps_failed_ = false;
    bool tells_at_once_ = false;
    std::map<std::uint64_t, std::string> input_;  // By line: sent, and not acknowledged yet.
    std::vector<std::string> failed_input_;
    std::optional<Lines> pending_;  // Not said yet: what comes next may belong to it.
};

}  // namespace kcore::produce
