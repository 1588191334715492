#pragma once
// Completion scripts, from the option table. Names of topics and groups complete live: the script
// calls the tool itself, which answers from its cluster or says nothing.

#include <optional>
#include <string>
#include <string_view>

#include "cli/command.h"

namespace kcore::cli {

// Nothing for a shell that is not bash, zsh or fish.
std::optional<std::string> completion_script(const Command& root, std::string_view shell);

}  // namespace kcore::cli
