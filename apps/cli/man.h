#pragma once
// The generated half of a man page: its OPTIONS, from the option table. The prose is by hand.

#include <string>

#include "cli/command.h"

namespace kcore::cli {

// roff, from ".SH COMMANDS" (when there are any) to the end of ".SH OPTIONS".
std::string man_options(const Command& root);

// `page` with the text between its two marker lines replaced; empty when it lacks them.
std::string with_man_options(const std::string& page, const Command& root);

}  // namespace kcore::cli
