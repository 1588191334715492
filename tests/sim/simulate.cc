// Runs histories of a simulated cluster: kcore_simulate [FIRST [LAST]] [--log]
//   Each seed from FIRST (1) to LAST (FIRST) is one history. With --log all that is known of it is
//   printed, else the last lines of one that goes wrong. Every 50th is run twice, to see that one
//   seed is one history. Ends with 1 at the first that goes wrong.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <string_view>
#include <vector>

#include "sim/history.h"

namespace kcore::sim {
namespace {

constexpr std::uint64_t kTwiceEvery = 50;

struct Totals {
    std::uint64_t histories = 0;
    std::size_t acknowledged = 0;
    int faults = 0;
};

// What went wrong, as a text to print; empty: nothing.
std::string run(std::uint64_t seed, bool logs, Totals& totals) {
    History history(seed, logs);
    history.run();
    ++totals.histories;
    totals.acknowledged += history.acknowledged();
    totals.faults += history.faults();
    auto problems = history.problems();
    if (problems.empty() && seed % kTwiceEvery == 0) {
        History again(seed, logs);
        again.run();
        if (again.hash() != history.hash()) {
            const auto [one, other] = std::ranges::mismatch(history.lines(), again.lines());
            problems.push_back("a second run went another way, from here on: " +
                               (other == again.lines().end() ? "its end" : *other));
        }
    }
    std::string text;
    if (logs || !problems.empty()) {
        for (const auto& line : history.lines()) text += line + "\n";
    }
    std::fputs(text.c_str(), stdout);
    text.clear();
    for (const auto& problem : problems) text += fmt::format("seed {}: {}\n", seed, problem);
    return text;
}

int run_all(std::uint64_t first, std::uint64_t last, bool logs) {
    Totals totals;
    for (auto seed = first; seed <= last; ++seed) {
        const auto wrong = run(seed, logs, totals);
        if (wrong.empty()) continue;
        fmt::print("{}replay it with: kcore_simulate {} --log\n", wrong, seed);
        return 1;
    }
    fmt::print("{} histories, {} faults, {} records acknowledged: nothing went wrong\n",
               totals.histories, totals.faults, totals.acknowledged);
    return 0;
}

}  // namespace
}  // namespace kcore::sim

int main(int argc, char** argv) {
    std::vector<std::uint64_t> numbers;
    bool logs = false;
    for (const std::string_view argument : std::vector<std::string_view>(argv + 1, argv + argc)) {
        std::uint64_t number = 0;
        const auto* end = argument.data() + argument.size();
        if (argument == "--log") {
            logs = true;
        } else if (std::from_chars(argument.data(), end, number).ptr == end && !argument.empty()) {
            numbers.push_back(number);
        } else {
            fmt::print(stderr, "usage: kcore_simulate [FIRST [LAST]] [--log]\n");
            return 2;
        }
    }
    const auto first = numbers.empty() ? 1 : numbers[0];
    return kcore::sim::run_all(first, numbers.size() > 1 ? numbers[1] : first, logs);
}
