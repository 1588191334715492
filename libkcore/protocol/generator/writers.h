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

// protocol/api_key.h and protocol/record_type.h: the numbers as enums.
std::string write_api_keys(const std::vector<Family>& families);
std::string write_record_types(const std::vector<Family>& families);

// The source behind protocol/registry.h.
std::string write_registry(const std::vector<Family>& families);

}  // namespace kcore::generator
