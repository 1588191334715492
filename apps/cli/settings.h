#pragma once
// Where a client's settings come from: flags, -X, KCORE_* of the environment, property files, and
// profiles in TOML files.

#include <optional>
#include <string>
#include <vector>

#include "base/properties.h"
#include "cli/common.h"

namespace kcore::cli {

// Over `defaults`, which are a tool's own. Refuses with a sentence: an unknown property or profile,
// an unreadable file.
Parsed<client::Config> read_settings(const Common& common, client::Config defaults = {});

// The lines of a properties file. Refuses one that cannot be read or is none.
Parsed<std::vector<Property>> read_properties(const std::string& path);

// The name of the profile in use when it is read_only, else nothing. Refuses as read_settings().
Parsed<std::optional<std::string>> read_only_profile(const Common& common);

}  // namespace kcore::cli
