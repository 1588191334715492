#pragma once
// kproduce as a function of its options.

#include <cstdint>
#include <string>
#include <vector>

#include "cli/common.h"
#include "cli/encoding.h"

namespace kcore::produce {

struct Options {
    cli::Common common;
    std::string topic;
    std::vector<std::string> words;  // TOPIC and FILEs.
    std::string key_separator;
    std::string delimiter = "\\n";
    std::string key;
    std::vector<std::string> headers;
    std::string input = "lines";
    std::string partitioner;
    std::string codec;
    std::string null_value;
    std::string null_key;
    std::string delete_key;
    std::string acks;
    std::string create;
    std::string format;
    std::string text_template;  // --template
    std::string dead_letter;
    std::string report;  // Its format; empty: the usual one.
    cli::Encodings encodings;
    double rate = 0;  // Records a second; 0: as fast as it goes.
    std::int64_t duration_ms = -1;
    std::int64_t seed = -1;
    std::int64_t partition = -1;
    std::int64_t delivery_timeout_ms = -1;  // -1: of the settings.
    std::int64_t timestamp_ms = -1;
    std::int64_t count = -1;
    bool nul_delimited = false;
    bool json_lines = false;
    bool file_per_record = false;
    bool lines_of_files = false;
    bool tombstone = false;
    bool has_key = false;
    bool has_null_value = false;
    bool has_null_key = false;
    bool has_delete_key = false;
    bool wants_create = false;
    bool no_idempotence = false;
    bool ignore_partition = false;
    bool topic_from_record = false;
    bool strict = false;
    bool tee = false;
    bool wants_report = false;
};

int run(const Options& options);

}  // namespace kcore::produce
