#pragma once
// Profiles: named sets of client properties in TOML files.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/parsed.h"

namespace kcore::cli {

struct Profile {
    std::string name;
    std::string bootstrap;
    bool read_only = false;
    std::vector<std::pair<std::string, std::string>> properties;
};

// The profile `name`, or when it is empty the file's `current`. Looks in `path`, or when that is
// empty in .kcore.toml or kcore.toml here and upwards to the repository's root, then in
// ~/.config/kcore/config.toml, then in /etc/kcore/config.toml. Nothing when no name was given and
// no file has a current one.
//   refused: no such profile, not TOML, readable by others, a key this version does not know
Parsed<std::optional<Profile>> find_profile(const std::string& name, const std::string& path);

}  // namespace kcore::cli
