#pragma once
// SIGINT, SIGTERM and SIGHUP as a flag that long-running commands look at; another one, later, ends
// the process.

namespace kcore::cli {

void catch_interrupts();
bool interrupted();

}  // namespace kcore::cli
