#pragma once
// Which topic names are legal, and which stand in each other's way.

#include <string>
#include <string_view>

#include "base/result.h"

namespace kcore::controller {

//   invalid_topic_exception  empty, "." or "..", above 249 characters, or others than
//   [A-Za-z0-9._-]
Result<void> check_topic_name(std::string_view name);

// '.' and '_' are the same in metric names, so names that differ only there collide.
bool may_collide(std::string_view name);
std::string unify_name(std::string_view name);

}  // namespace kcore::controller
