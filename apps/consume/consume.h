#pragma once
// kconsume as a function of its options.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/common.h"
#include "cli/encoding.h"
#include "cli/position.h"

namespace kcore::consume {

struct Options {
    cli::Common common;
    std::vector<std::string> topics;
    cli::Range range;
    std::vector<std::int32_t> partitions;  // Empty: all.
    std::string group;
    std::string instance_id;
    std::string assignor;
    std::string isolation;
    std::string format;
    std::string output = "text";
    std::vector<std::string> greps;
    std::vector<std::string> headers;
    std::vector<std::string> filters;
    std::optional<std::string> key;  // Only this one.
    std::string group_backlog;
    std::string rack;
    std::string order = "arrival";
    cli::Encodings encodings;
    std::int64_t tail = -1;
    std::int64_t count_per_partition = -1;
    std::int64_t before = 0;  // Records of context.
    std::int64_t after = 0;
    std::int64_t count = -1;
    std::int64_t timeout_ms = -1;  // Idle time.
    bool exit_at_end = false;
    bool json_lines = false;
    bool kcat_format = false;
    bool no_commit = false;
    bool unbuffered = false;
    bool control_records = false;
    bool all_fields = false;
    bool count_only = false;
    bool stats = false;
    bool is_regex = false;
    bool all_partitions = false;
};

int run(const Options& options);

// As a member of --group, or of the group that the settings name. An explicit position reads
// without joining.
bool joins_group(const Options& options);

}  // namespace kcore::consume
