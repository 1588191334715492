#pragma once
// What happened in one history, line by line with the time, and a hash over all of it: the same
// seed gives the same. One thread.

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "base/logger.h"
#include "io/clock.h"

namespace kcore::sim {

class Journal {
public:
    // In detail: all lines, with every request of clients; else the last lines are kept. `clock` is
    // that of the simulation.
    Journal(io::Clock& clock, bool is_detailed) : clock_(clock), is_detailed_(is_detailed) {}

    bool is_detailed() const { return is_detailed_; }

    // `who` is a host, or the simulation itself.
    void add(std::string_view who, std::string_view text);
    std::shared_ptr<LogSink> sink_of(std::string who);

    std::uint64_t hash() const { return hash_; }
    const std::deque<std::string>& lines() const { return lines_; }

private:
    io::Clock& clock_;
    const bool is_detailed_;
    const io::Instant begin_ = clock_.now();
    std::uint64_t hash_ = 0xcbf29ce484222325ULL;
    std::deque<std::string> lines_;
};

}  // namespace kcore::sim
