#pragma once
// What a tool asks of its terminal and of time.

#include <cstdint>

namespace kcore::cli {

bool stdin_is_terminal();
bool stdout_is_terminal();
bool stderr_is_terminal();

// Sleeps; a signal ends it early.
void pause_us(std::int64_t us);

}  // namespace kcore::cli
