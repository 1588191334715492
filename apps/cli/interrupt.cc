#include "cli/interrupt.h"

#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <ctime>

#include "cli/failure.h"

namespace kcore::cli {

namespace {

// A wrapper signals its command and then the whole group: that is one wish, not two.
constexpr std::int64_t kSameWishMs = 300;

std::atomic<std::int64_t> first_ms = 0;  // Of the first signal; 0: none came.
static_assert(std::atomic<std::int64_t>::is_always_lock_free);

void on_signal(int) {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    const auto ms = now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
    std::int64_t none = 0;
    if (first_ms.compare_exchange_strong(none, ms)) return;
    if (ms - first_ms.load() > kSameWishMs) std::_Exit(kInterrupted);
}

}  // namespace

// Without SA_RESTART: a read from a terminal ends. Who said nohup wants no end with the terminal.
void catch_interrupts() {
    struct sigaction action{};
    action.sa_handler = on_signal;
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
    struct sigaction before{};
    const bool is_kept = ::sigaction(SIGHUP, nullptr, &before) == 0 && before.sa_handler == SIG_IGN;
    if (!is_kept) ::sigaction(SIGHUP, &action, nullptr);
}

bool interrupted() { return first_ms.load() > 0; }

}  // namespace kcore::cli
