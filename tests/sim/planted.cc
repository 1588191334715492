// Sees that the simulator finds a bug: kcore_simulate_planted BUG SEEDS
//   BUG is one of plant.py, SEEDS the number of histories in which it has to show itself. Ends with
//   1 when it did not.

#include "planted.h"

#include <fmt/format.h>

#include <charconv>
#include <string>

#include "sim/history.h"

namespace kcore::sim {
namespace {

std::string& chosen() {
    static std::string bug;
    return bug;
}

}  // namespace

bool planted(std::string_view bug) { return bug == chosen(); }
void plant(std::string_view bug) { chosen() = bug; }

}  // namespace kcore::sim

int main(int argc, char** argv) {
    std::uint64_t seeds = 0;
    const std::string_view number = argc == 3 ? argv[2] : "";
    std::from_chars(number.data(), number.data() + number.size(), seeds);
    if (seeds == 0) {
        fmt::print(stderr, "usage: kcore_simulate_planted BUG SEEDS\n");
        return 2;
    }
    kcore::sim::plant(argv[1]);
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        kcore::sim::History history(seed, false);
        history.run();
        if (history.problems().empty()) continue;
        fmt::print("{} is found by seed {}: {}\n", argv[1], seed, history.problems().front());
        return 0;
    }
    fmt::print("{} is not found by {} seeds\n", argv[1], seeds);
    return 1;
}
