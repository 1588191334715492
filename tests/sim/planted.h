#pragma once
// Which bug of plant.py acts in this program.

#include <string_view>

namespace kcore::sim {

bool planted(std::string_view bug);
void plant(std::string_view bug);

}  // namespace kcore::sim
