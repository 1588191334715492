#pragma once
// The settings of one topic as its partitions use them: resolved once per change, shared by all
// partitions of the topic.

#include <cstdint>
#include <memory>

#include "base/config.h"
#include "log/config.h"
#include "record/validate.h"

namespace kcore::replication {

struct Settings {
    log::ConfigRef log;
    record::ProduceRules produce;
    std::int32_t min_insync_replicas = 1;
};

using SettingsRef = std::shared_ptr<const Settings>;

// `topic` is what a topic's keys come to over the broker's levels.
SettingsRef settings_of(const Config& topic, const Config& broker);

}  // namespace kcore::replication
