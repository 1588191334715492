#pragma once
// What the generator knows of all messages. Not for use outside of this layer: see
// protocol/api_table.h and protocol/record_types.h.

#include <span>
#include <string_view>

#include "protocol/message_info.h"

namespace kcore::protocol {

struct ApiEntry {
    std::string_view name;
    bool on_broker;
    bool on_controller;
    const MessageInfo* request;
    const MessageInfo* response;
};

// By ascending key.
std::span<const ApiEntry> generated_apis();

struct RecordEntry {
    std::string_view folder;  // Of the schema: "metadata", "coordinator-key", ...
    const MessageInfo* message;
};

// Every message that is no request and no response.
std::span<const RecordEntry> generated_records();

}  // namespace kcore::protocol
