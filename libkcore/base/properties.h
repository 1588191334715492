#pragma once
// Java properties text (server.properties, meta.properties): reading with line numbers, and
// writing.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace kcore {

struct Property {
    std::string key;    // UTF-8
    std::string value;  // UTF-8
    int line = 0;       // Where it begins, from 1.
};

// In order of appearance; a key that comes again replaces the earlier one. The bytes are
// ISO-8859-1,
// \uXXXX gives any character.
//   invalid_config  a \u escape without four hex digits: with the line
Result<std::vector<Property>> parse_properties(BytesView bytes);

// Text that parse_properties reads back as the same; `comment` becomes lines that begin with '#'.
std::string format_properties(const std::vector<std::pair<std::string, std::string>>& properties,
                              std::string_view comment = {});

}  // namespace kcore
