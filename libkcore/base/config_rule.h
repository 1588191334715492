#pragma once
// The rules of the configuration table, applied to values that are of the right type.

#include "base/config_keys.h"
#include "base/config_value.h"

namespace kcore {

// The value, perhaps tidied (repeated words of a set dropped).
//   invalid_config  the value is against the key's rule
Result<ConfigValue> apply_rule(const ConfigKey& key, ConfigValue value);

}  // namespace kcore
