#include "cli/interrupt.h"

#include <atomic>
#include <csignal>
#include <cstdlib>

#include "cli/failure.h"

namespace kcore::cli {

namespace {

std::atomic<int> signals = 0;
static_assert(std::atomic<int>::is_always_lock_free);

void on_signal(int) {
    if (signals.fetch_add(1) > 0) std::_Exit(kInterrupted);
}

}  // namespace

// Without SA_RESTART: a read from a terminal ends.
void catch_interrupts() {
    struct sigaction action{};
    action.sa_handler = on_signal;
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
}

bool interrupted() { return signals.load() > 0; }

}  // namespace kcore::cli
