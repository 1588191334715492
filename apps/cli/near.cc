#include "cli/near.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace kcore::cli {

namespace {

// Insertions, deletions, replacements and exchanges of two neighbours, from one to the other.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1);  // As far as the letter before the last of `a`,
    std::vector<std::size_t> last(b.size() + 1);    // as far as the last one,
    std::vector<std::size_t> row(b.size() + 1);     // and with this one.
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::swap(before, last);
        std::swap(last, row);
        row[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t replaced = last[j] + (a[i] == b[j] ? 0 : 1);
            row[j + 1] = std::min({replaced, row[j] + 1, last[j + 1] + 1});
            const bool is_exchanged = i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j];
            if (is_exchanged) row[j + 1] = std::min(row[j + 1], before[j - 1] + 1);
        }
    }
    return row.back();
}

}  // namespace

std::optional<std::string> nearest(std::string_view typed, std::span<const std::string> known) {
    std::optional<std::string> best;
    auto least = typed.size() / 3 + 1;
    for (const auto& word : known) {
        const bool extends = typed.size() >= 3 && word.starts_with(typed);
        const auto away = extends ? 1 : distance(typed, word);
        if (away > least || (best && away >= least)) continue;
        least = away;
        best = word;
    }
    return best;
}

}  // namespace kcore::cli
