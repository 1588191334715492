#pragma once
// Record lines: one record as one JSON object on a line, loss-free both ways (`kconsume -J`,
// `kproduce -J`). Bytes that are not UTF-8 travel as base64 and say so.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/parsed.h"
#include "client/record.h"

namespace kcore::cli {

struct RecordLineOptions {
    bool all_fields = false;     // Adds epoch, producer_id, producer_epoch and control.
    bool control_field = false;  // Adds control.
    bool key_is_json = false;    // The bytes were decoded: they are JSON text.
    bool value_is_json = false;
    std::string_view key_error = {};  // Why the bytes were not decoded.
    std::string_view value_error = {};
};

// Without the newline.
void append_record_line(std::string& to, const client::ConsumedRecord& record,
                        const RecordLineOptions& options = {});

// A record to produce that owns its bytes.
struct InputRecord {
    struct NamedValue {
        std::string name;
        std::optional<std::string> value;
    };
    std::optional<std::string> topic;
    std::optional<std::int32_t> partition;
    std::optional<std::string> key;
    std::optional<std::string> value;
    std::vector<NamedValue> headers;
    std::int64_t timestamp_ms = -1;
    std::string unknown_field;  // The first one met; empty when there was none.
};

// A key or value that is left out is null. Refuses what is not such an object, and why.
Parsed<InputRecord> parse_record_line(std::string_view line);

}  // namespace kcore::cli
