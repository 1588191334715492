#pragma once
// The commands of kgroups: their options as parsed, and one function each.

#include <cstdint>
#include <string>
#include <vector>

#include "cli/configs.h"
#include "cli/session.h"
#include "groups/target.h"

namespace kcore::groups {

using cli::Session;

struct Options {
    cli::Common common;
    std::vector<std::string> names;
    std::string pattern;
    std::vector<std::string> states;
    std::vector<std::string> types;
    std::vector<TopicChoice> topics;
    std::string section = "all";
    std::string to;                       // Of reset.
    std::vector<std::string> member_ids;  // Of kick.
    std::vector<std::string> instance_ids;
    std::string isolation = "read_uncommitted";
    cli::ConfigOptions config;
    std::int64_t most_lag = 0;  // Of wait.
    std::int64_t before = 1;    // Of peek.
    std::int64_t after = 5;
    bool only_lag = false;
    bool wants_lag = false;  // Of list.
    bool all_topics = false;
    bool exports = false;  // Of reset.
};

int list(Session& session, const Options& options);
int describe(Session& session, const Options& options);
int reset(Session& session, const Options& options);
int remove(Session& session, const Options& options);
int delete_offsets(Session& session, const Options& options);
// describe, only the offsets; without names of all groups.
int lag(Session& session, const Options& options);
int members(Session& session, const Options& options);
int clone(Session& session, const Options& options);
int wait(Session& session, const Options& options);
int kick(Session& session, const Options& options);
int peek(Session& session, const Options& options);
int config(Session& session, const Options& options);

// What -o help tells of them.
cli::Sheet list_fields();
cli::Sheet describe_fields();
cli::Sheet members_fields();
cli::Sheet offsets_fields();
cli::Sheet peek_fields();

// Whether "-t T" or "-t T:0,1" of the options name the partition; without any, all do.
bool is_chosen(const Options& options, const TopicPartition& partition);

// One partition's committed offset, as it is and as it shall be.
struct OffsetChange {
    TopicPartition partition;
    std::optional<std::int64_t> current;
    std::int64_t next = 0;
    std::string note = {};
};

// What a reset of the group would do. `file`: what a target of that kind says.
Result<std::vector<OffsetChange>> reset_plan(Session& session, const Options& options,
                                             const Target& target, std::optional<Offsets> file);

// Shows them, asks, and commits them to the group.
int commit(Session& session, const std::string& group, const std::vector<OffsetChange>& rows,
           std::string_view question);

// What is behind the committed offsets, over all partitions chosen.
//   group_id_not_found  nothing is committed
Result<std::int64_t> total_lag(Session& session, const std::string& group, const Options& options);

Error no_such_group();

// The brokers that did not list their groups.
std::vector<cli::Failure> failures_of(const client::GroupList& groups);

}  // namespace kcore::groups
