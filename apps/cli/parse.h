#pragma once
// A command line over the option table.

#include <span>
#include <string>
#include <variant>
#include <vector>

#include "cli/command.h"

namespace kcore::cli {

// The command to run, with all setters called.
struct Chosen {
    const Command* command = nullptr;
    std::string path;  // "ktopics create"
};

struct WantsHelp {
    const Command* command = nullptr;
    std::string path;
    bool all = false;
};
struct WantsHelpJson {};
struct WantsVersion {};

struct UsageError {
    std::string sentence;
    std::string hint;
    std::string path;
    bool is_unfinished = false;  // A command or an argument is missing, nothing else.
};

using ParseResult = std::variant<Chosen, WantsHelp, WantsHelpJson, WantsVersion, UsageError>;

// `arguments` without the program's name. `root` must outlive the result.
ParseResult parse(const Command& root, const std::vector<std::string>& arguments);

}  // namespace kcore::cli
