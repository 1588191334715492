#pragma once
// What the controller must know of configuration keys: which settings are allowed, and which apply.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/config.h"
#include "base/result.h"
#include "metadata/image.h"

namespace kcore::controller {

class ConfigRules {
public:
    // `fixed` is what this node's server.properties sets.
    ConfigRules(std::int32_t node_id, ConfigMap fixed);

    // Whether all settings of the resource may stand together as they are.
    //   invalid_config   a value, or an unknown key, as Kafka words it
    //   invalid_request  the same for client metrics and brokers; brokers' keys that need a restart
    Result<void> check(const metadata::Image& image, const metadata::ConfigResource& resource,
                       const ConfigMap& configs) const;

    // Values are lists, which APPEND and SUBTRACT change.
    bool is_list(metadata::ResourceType type, std::string_view key) const;

    // What applies where the resource itself sets nothing; empty if nothing does.
    std::string inherited(const metadata::Image& image, metadata::ResourceType type,
                          std::string_view key) const;

    // Every setting of a topic with these of its own, sorted by name, hidden ones left out.
    std::vector<EffectiveConfig> effective(const metadata::Image& image,
                                           const ConfigMap& topic) const;

private:
    BrokerLevels levels(const metadata::Image& image) const;
    Result<void> check_group(const metadata::Image& image, const ConfigMap& configs) const;

    std::int32_t node_id_;
    ConfigMap fixed_;
};

}  // namespace kcore::controller
