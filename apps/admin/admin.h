#pragma once
// The commands of kbroker that look after a cluster through its protocol: brokers, settings,
// quotas, loggers, client metrics, and any request as JSON.

#include <cstdint>
#include <string>
#include <vector>

#include "cli/ask.h"
#include "cli/configs.h"
#include "cli/session.h"

namespace kcore::admin {

using cli::ask;
using cli::error_of;
using cli::Session;

struct Options {
    explicit Options(cli::Common& of_tool) : common(of_tool) {}

    cli::Common& common;
    cli::ConfigOptions config;
    std::vector<std::string> words;
    std::string api;
    std::string match;    // Of client-metrics: "client_id=..., client_software_name=...".
    std::string metrics;  // Prefixes, by commas.
    std::string file;     // Of raw: "-" is stdin.
    std::int64_t interval_ms = -1;
    std::int64_t broker = -1;
    std::int64_t version = -1;
    std::int64_t wait_ms = -1;  // Of health.
    bool is_default = false;    // Of config: of all brokers.
};

// To be appended to kbroker's.
std::vector<cli::Command> commands(Options& options);

int config(Session& session, const Options& options);
int list_loggers(Session& session, const Options& options);
int set_loggers(Session& session, const Options& options);
int list_client_metrics(Session& session, const Options& options);
int set_client_metrics(Session& session, const Options& options);
int delete_client_metrics(Session& session, const Options& options);
int list_quotas(Session& session, const Options& options);
int set_quotas(Session& session, const Options& options);
int unset_quotas(Session& session, const Options& options);
int info(Session& session, const Options& options);
int health(Session& session, const Options& options);
int quorum(Session& session, const Options& options);
int features(Session& session, const Options& options);
int api_versions(Session& session, const Options& options);
int unregister(Session& session, const Options& options);
int raw(Session& session, const Options& options);

cli::Sheet client_metrics_fields();
cli::Sheet quota_fields();
cli::Sheet info_fields();
cli::Sheet health_fields();
cli::Sheet quorum_fields();
cli::Sheet feature_fields();
cli::Sheet api_version_fields();

// Ids of all brokers, ascending.
Result<std::vector<std::int32_t>> broker_ids(Session& session);

}  // namespace kcore::admin
