#pragma once
// What every tool's main does: parse, answer --help and its kin, run the chosen command.

#include "cli/command.h"
#include "cli/common.h"

namespace kcore::cli {

// Returns the exit code; nothing is thrown out of it.
int run_tool(const Command& root, const Common& common, int argc, char** argv);

}  // namespace kcore::cli
