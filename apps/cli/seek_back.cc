#include "cli/seek_back.h"

#include <algorithm>
#include <iterator>

#include "cli/interrupt.h"
#include "cli/read.h"

namespace kcore::cli {

namespace {

constexpr std::int64_t kStepDown = -64;

// One partition on its way down.
struct Search {
    std::int64_t upper = 0;  // Counted from here on.
    std::int64_t counted = 0;
    std::vector<std::int64_t> offsets;  // Of the window below `upper`.
};
using Searches = std::map<TopicPartition, Search>;

// The offsets of the records in the windows [start, upper).
Result<void> read_windows(client::Client& client,
                          const std::map<TopicPartition, std::int64_t>& starts,
                          Searches& searches) {
    std::vector<client::Assignment> windows;
    for (const auto& [partition, search] : searches) {
        windows.push_back({partition, starts.at(partition), search.upper});
    }
    return read_ranges(client, std::move(windows), [&](const client::ConsumedRecord& record) {
        const TopicPartition partition{std::string(record.topic), record.partition};
        searches.at(partition).offsets.push_back(record.offset);
        return true;
    });
}

// By what the window held; true when `start` is final.
bool move_down(Search& search, std::int64_t count, std::int64_t begin, std::int64_t& start) {
    const auto found = static_cast<std::int64_t>(search.offsets.size());
    const auto spare = search.counted + found - count;
    if (spare > 0) start = search.offsets[static_cast<std::size_t>(spare)];
    if (spare >= 0 || start <= begin) return true;
    search.counted += found;
    search.upper = start;
    search.offsets.clear();
    start = std::max(begin, start + std::min(2 * spare, kStepDown));
    return false;
}

}  // namespace

Result<void> seek_back(client::Client& client, std::int64_t count,
                       const std::map<TopicPartition, std::int64_t>& begins,
                       const std::map<TopicPartition, std::int64_t>& ends,
                       std::map<TopicPartition, std::int64_t>& starts) {
    Searches searches;
    for (const auto& [partition, start] : starts) {
        if (start > begins.at(partition)) searches[partition].upper = ends.at(partition);
    }
    while (!searches.empty() && !interrupted()) {
        auto done = read_windows(client, starts, searches);
        if (!done) return done;
        for (auto at = searches.begin(); at != searches.end();) {
            const bool is_done =
                move_down(at->second, count, begins.at(at->first), starts.at(at->first));
            at = is_done ? searches.erase(at) : std::next(at);
        }
    }
    return {};
}

}  // namespace kcore::cli
