#include "cli/terminal.h"

#include <poll.h>
#include <unistd.h>

namespace kcore::cli {

bool stdin_is_terminal() { return ::isatty(STDIN_FILENO) == 1; }
bool stdout_is_terminal() { return ::isatty(STDOUT_FILENO) == 1; }
bool stderr_is_terminal() { return ::isatty(STDERR_FILENO) == 1; }

void pause_us(std::int64_t us) {
    const timespec pause{us / 1'000'000, (us % 1'000'000) * 1000};
    ::ppoll(nullptr, 0, &pause, nullptr);
}

}  // namespace kcore::cli
