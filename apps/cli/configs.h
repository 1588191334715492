#pragma once
// Settings of a topic, group, broker or other resource: shown with their sources, or changed.

#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/session.h"
#include "client/admin.h"

namespace kcore::cli {

struct ConfigOptions {
    std::string key;  // Only this one.
    std::vector<std::string> set;
    std::vector<std::string> unset;
    std::vector<std::string> append;
    std::vector<std::string> subtract;
    bool all = false;
    bool docs = false;

    bool changes() const {
        return !set.empty() || !unset.empty() || !append.empty() || !subtract.empty();
    }
};

struct ConfigRow {
    std::string resource;
    client::ConfigEntry entry;
};

// All of them: KEY too, which the positionals of a command name.
std::vector<Option> config_options(ConfigOptions& options);
Positional config_key(ConfigOptions& options);
const std::vector<Field<ConfigRow>>& config_fields();

// What a resource is called and where it is found.
struct ConfigResource {
    client::ResourceType type = client::ResourceType::topic;
    std::string name;
    std::string shown;  // In messages; the name when it is empty.
    client::ConfigSource own = client::ConfigSource::topic;  // Of what is set on itself.
};

int show_or_change_configs(Session& session, const ConfigOptions& options,
                           const ConfigResource& resource);

std::string config_source_name(client::ConfigSource source);

}  // namespace kcore::cli
