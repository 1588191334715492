#pragma once
// The commands of kbroker: their options as parsed, and one function each.

#include <cstdint>
#include <string>
#include <vector>

#include "base/config_value.h"
#include "cli/common.h"

namespace kcore::server {

struct Options {
    cli::Common common;
    std::string config;
    std::vector<std::string> overrides;
    std::vector<std::string> topics;
    std::vector<std::string> command;              // Behind "--".
    std::vector<std::string> features;             // Of format: "name=level".
    std::vector<std::string> words;                // Of error and log.
    std::string release;                           // Of format.
    std::vector<std::string> initial_controllers;  // Likewise: "id@host:port:directory".
    std::string decoder = "auto";                  // Of log dump.
    std::string data_dir;
    std::string ready_file;
    std::string cluster_id;
    std::string log_level;
    std::int64_t ready_fd = -1;
    std::int64_t port = -1;
    std::int64_t node_id = -1;
    std::int64_t brokers = 1;
    std::int64_t wait_ms = -1;
    std::int64_t bytes_max = INT64_MAX;  // Of log dump.
    bool is_dev = false;
    bool exit_with_parent = false;
    bool exit_on_stdin_eof = false;
    bool ignore_formatted = false;
    bool is_standalone = false;
    bool has_no_initial_controllers = false;
    bool all = false;
    bool records = false;  // Of log dump.
    bool applies = false;  // Of log repair.

    // Of kafka-dump-log.
    std::int64_t message_max = 0;  // Nothing comes of it.
    bool deep = false;
    bool verifies_only = false;
    bool checks_sanity = false;
    bool skips_metadata = false;
};

// What a node is started with.
struct Settings {
    ConfigMap values;
    std::vector<std::string> warnings;
    std::string remark;      // One line on what was assumed.
    std::string cluster_id;  // Of all directories; empty: of those never used, a random one.
    bool in_memory = false;
};

// From the file, the environment (KAFKA_*), the overrides and the flags; without a file combined
// roles on loopback. `of_member`: what makes this node one of several of that kind.
cli::Parsed<Settings> settings_of(const Options& options, const ConfigMap& of_member = {});

int start(const Options& options);
int format(const Options& options);
int stop(const Options& options);
int status(const Options& options);
int ready(const Options& options);
int explain_error(const Options& options);
cli::Sheet running_fields();  // Of stop and status.
cli::Sheet ready_fields();
cli::Sheet error_fields();
int dump_log(const Options& options);
int verify_log(const Options& options);
int repair_log(const Options& options);
int dump_as_kafka(const Options& options);
cli::Sheet dump_fields(const Options& options);  // Of a log.
cli::Sheet verify_fields();
cli::Sheet repair_fields();

}  // namespace kcore::server
