#pragma once
// Settings from the environment, named as the container image of Apache Kafka names them:
// KAFKA_LOG_DIRS is log.dirs, two underscores stand for one, three for a hyphen.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/properties.h"

namespace kcore {

struct EnvironmentProperties {
    std::vector<Property> properties;
    std::vector<std::string> unknown;  // Variables that name no setting.
};

// `entries` are "NAME=value". Variables that do not begin with KAFKA_ do not count, nor do those
// that the image gives to the Java machine and to its scripts.
EnvironmentProperties environment_properties(std::span<const std::string> entries);

// "log.dirs" for "LOG_DIRS".
std::string property_of_variable(std::string_view name);

}  // namespace kcore
