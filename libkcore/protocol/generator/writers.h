#pragma once
// From the model to C++ text: the struct headers, and the field tables that describe them.

#include <string>
#include <vector>

#include "schema.h"

namespace kcore::generator {

// The header of one family: plain structs.
std::string write_header(const Family& family);

// A source with the field tables of some families.
std::string write_tables(const std::vector<Family>& families);

// A source with the tables of all APIs and of the record types, for protocol/api_table.cc and
// protocol/record_types.cc.
std::string write_registry(const std::vector<Family>& families);

}  // namespace kcore::generator
