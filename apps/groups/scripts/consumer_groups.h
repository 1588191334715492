#pragma once
// The actions of kafka-consumer-groups. What goes wrong is told in the first person that asks: the
// caller prints it as the script does.

#include <cstdint>
#include <string>
#include <vector>

#include "cli/session.h"
#include "groups/groups.h"

namespace kcore::groups {

struct ScriptFlags {
    Options common;  // Groups, topics and what else kgroups has too.
    std::string regex;
    std::string state_filter;
    std::string type_filter;
    std::string target;       // Of --reset-offsets, as kgroups spells it.
    std::string target_flag;  // Which flag gave it.
    std::string second_target_flag;
    bool lists = false;
    bool describes = false;
    bool deletes = false;
    bool resets = false;
    bool deletes_offsets = false;
    bool wants_state = false;
    bool wants_type = false;
    bool wants_members = false;
    bool wants_offsets = false;
    bool is_verbose = false;
    bool all_groups = false;
    bool all_topics = false;
    bool executes = false;
    bool is_dry = false;
    bool exports = false;
};

// A table whose columns are as wide as the script makes them.
class ScriptTable {
public:
    struct Column {
        std::string header;
        std::size_t width = 15;  // At least; 0: the last one, which is not filled up.
        bool grows = false;
    };
    explicit ScriptTable(std::vector<Column> columns) : columns_(std::move(columns)) {}

    void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
    bool is_empty() const { return rows_.empty(); }
    std::string text() const;

private:
    std::vector<Column> columns_;
    std::vector<std::vector<std::string>> rows_;
};

// Those named, or with --all-groups all.
Result<std::vector<std::string>> script_groups(Session& session, const ScriptFlags& flags);

Result<void> script_describe(Session& session, const ScriptFlags& flags);
Result<void> script_reset(Session& session, const ScriptFlags& flags);
Result<void> script_delete_offsets(Session& session, const ScriptFlags& flags);

}  // namespace kcore::groups
