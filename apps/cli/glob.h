#pragma once
// Shell patterns: '*' for any run of characters, '?' for one. A pattern without either matches
// names that contain it.

#include <string_view>

namespace kcore::cli {

bool glob_matches(std::string_view pattern, std::string_view text);

}  // namespace kcore::cli
