#pragma once
// The parts of kafka-configs: settings of resources, quotas and credentials.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "admin/admin.h"

namespace kcore::admin {

// "topics", "alice"; an empty name is the default of all, none means every one that there is.
struct ConfigEntity {
    std::string type;
    std::optional<std::string> name = {};
};

struct ConfigFlags {
    cli::Common common;
    std::vector<ConfigEntity> entities;
    std::vector<std::string> added;  // "k=v,k=[a,b]"
    std::vector<std::string> files;  // The same as properties.
    std::vector<std::string> deleted;
    std::size_t named = 0;  // Of the entities.
    bool describes = false;
    bool alters = false;
    bool wants_all = false;
};

// What --add-config, --add-config-file and --delete-config say.
struct ConfigChanges {
    std::vector<std::pair<std::string, std::string>> added;
    std::vector<std::string> deleted;
};

// The pairs of "k=v,k=[a,b]".
cli::Parsed<std::vector<std::pair<std::string, std::string>>> parse_configs(
    const std::string& text);

// Topics, brokers, broker-loggers, client-metrics and groups.
bool is_resource(const std::string& type);
Result<void> describe_resource(Session& session, const ConfigFlags& flags,
                               const ConfigEntity& entity);
Result<void> alter_resource(Session& session, const ConfigEntity& entity,
                            const ConfigChanges& changes);

// Users, clients and ips.
Result<void> describe_quotas(Session& session, const std::vector<ConfigEntity>& entities);
Result<void> alter_quotas(Session& session, const std::vector<ConfigEntity>& entities,
                          const ConfigChanges& changes);
bool is_credential(const std::string& key);
Result<void> describe_credentials(Session& session, const ConfigEntity& user);
Result<void> alter_credentials(Session& session, const ConfigEntity& user,
                               const ConfigChanges& changes);

// As sentences name it: "topic orders", "default config for brokers in the cluster".
std::string singular(const std::string& type);

}  // namespace kcore::admin
