#pragma once
// A node's settings as its file gives them: which are known, valid and effective. Not what they
// come to (config.h), nor whether they fit together (the broker's start-up).

#include <string>
#include <vector>

#include "base/config_value.h"
#include "base/properties.h"

namespace kcore {

struct ServerProperties {
    ConfigMap settings;  // By full name, listener prefixes included; unknown names are kept.

    // One sentence each, without the file's name. Errors must stop start-up.
    std::vector<std::string> errors;    // "line 3: ..." with key, value and what is allowed;
                                        // without a line where the property has none.
    std::vector<std::string> warnings;  // Unknown names with the nearest known one; keys without
                                        // effect yet.
};

ServerProperties check_server_properties(const std::vector<Property>& properties);

}  // namespace kcore
