#pragma once
// Help and command trees, rendered from the option table.

#include <string>

#include "cli/command.h"

namespace kcore::cli {

// `path` is how the command is called: "ktopics create". `all` adds the minor options and notes.
std::string help_text(const Command& command, const std::string& path, bool all);

// The whole tree below the command as one JSON document.
std::string help_json(const Command& root, const std::string& version);

// "ktopics create [OPTIONS] TOPIC..."
std::string usage_line(const Command& command, const std::string& path);

}  // namespace kcore::cli
