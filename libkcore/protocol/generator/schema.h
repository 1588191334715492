#pragma once
// The schema files as a model: messages, structs, fields. Reading checks what the wire rules
// demand.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace kcore::generator {

struct Versions {
    int low = 0;
    int high = -1;

    bool empty() const { return high < low; }
};

struct Struct;

struct Field {
    std::string name;
    std::string type;  // Without the "[]".
    bool is_array = false;
    bool is_struct = false;
    Versions plain;
    Versions tagged;
    Versions nullable;
    int tag = -1;
    bool default_null = false;
    std::int64_t default_number = 0;
    bool ignorable = false;
    bool never_compact = false;
    bool map_key = false;
    std::string entity;

    bool is_optional() const { return !nullable.empty() && type != "records"; }
};

struct Struct {
    std::string name;
    std::vector<Field> fields;
};

struct Message {
    std::string name;
    std::string doc;  // What it is, for the comment above the struct.
    Versions versions;
    Versions flexible;
    Versions deprecated;
    bool latest_unstable = false;
    int api_key = -1;
    int record_type = -1;
    std::vector<Struct> structs;  // Nested ones, each after those it uses.
    std::vector<Field> fields;
};

// One schema file.
struct Family {
    std::string file;    // "api/00-Produce.json"
    std::string header;  // "api/produce.h"
    std::vector<Message> messages;
    // Of an API; empty otherwise.
    std::string api_name;
    bool on_broker = false;
    bool on_controller = false;
};

// Throws std::runtime_error with the file's name and what is wrong in it.
Family read_family(const std::filesystem::path& root, const std::filesystem::path& file);

std::string snake_case(std::string name);

}  // namespace kcore::generator
