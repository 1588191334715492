#pragma once
// Where the settings of this broker stand, for one image: the file, and what was set while running.

#include <string>

#include "base/config.h"
#include "broker/config.h"
#include "metadata/image.h"

namespace kcore::broker {

inline BrokerLevels levels_of(const BrokerConfig& config, const metadata::Image& image) {
    BrokerLevels levels;
    levels.dynamic = image.config({metadata::ResourceType::broker, std::to_string(config.node_id)});
    levels.dynamic_default = image.config({metadata::ResourceType::broker, ""});
    levels.fixed = config.settings;
    return levels;
}

}  // namespace kcore::broker
