#pragma once
// kconsume as a function of its options.

#include <cstdint>
#include <string>
#include <vector>

#include "cli/common.h"
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
};

int run(const Options& options);

// "0,1,4-7"
cli::Parsed<std::vector<std::int32_t>> parse_partitions(const std::string& text);

}  // namespace kcore::consume
