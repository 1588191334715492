#pragma once
// The commands of ktopics: their options as parsed, and one function each.

#include <cstdint>
#include <string>
#include <vector>

#include "cli/configs.h"
#include "cli/position.h"
#include "cli/session.h"

namespace kcore::topics {

using cli::Session;

struct Options {
    cli::Common common;
    std::vector<std::string> names;
    std::string pattern;
    std::vector<std::string> configs;  // -c k=v
    cli::ConfigOptions config;         // Of config.
    std::vector<std::string> at;       // Of offsets.
    std::string section = "all";
    std::string by = "topic";    // Of sizes.
    std::string to;              // Of trim.
    std::string file;            // Of reassign: a plan.
    std::string brokers;         // Of reassign: "1,2,3".
    std::string partition_list;  // Of trim and producers: "0,1,4-7".
    std::int64_t partitions = -1;
    std::int64_t add_partitions = 0;
    std::int64_t replication_factor = -1;
    std::int64_t records_max = 1'000'000;  // Of analyze, by partition.
    bool if_not_exists = false;
    bool if_exists = false;
    bool internal = false;
    bool detailed = false;
    bool is_regex = false;
    bool under_replicated = false;
    bool unavailable = false;
    bool under_min_isr = false;
    bool at_min_isr = false;
    bool with_overrides = false;
    bool sort_by_size = false;
    bool in_sync = false;
    bool data = false;    // Of clone: records too.
    bool is_all = false;  // Of elect: every partition.
    bool is_unclean = false;
    bool is_list = false;  // Of reassign.
    bool is_cancel = false;
};

int list(Session& session, const Options& options);
int describe(Session& session, const Options& options);
int create(Session& session, const Options& options);
int remove(Session& session, const Options& options);
int alter(Session& session, const Options& options);
int config(Session& session, const Options& options);
int offsets(Session& session, const Options& options);
int sizes(Session& session, const Options& options);
int wait(Session& session, const Options& options);
int trim(Session& session, const Options& options);
int purge(Session& session, const Options& options);
int recreate(Session& session, const Options& options);
int clone(Session& session, const Options& options);
int reassign(Session& session, const Options& options);
int elect(Session& session, const Options& options);
int producers(Session& session, const Options& options);
int analyze(Session& session, const Options& options);

// The names given, with --regex all topics that one of them matches.
Result<std::vector<std::string>> wanted(Session& session, const Options& options);

// All topics that are not internal, or with --internal those too; by name.
std::vector<std::string> all_names(const client::ClusterView& view, bool with_internal);

// The topic as the cluster has it now; refuses one that is not there.
Result<client::TopicView> existing(const client::ClusterView& view, const std::string& name);
Result<client::TopicView> existing(Session& session, const std::string& name);

// A topic of this name with the shape and the settings of the other.
Result<client::NewTopic> likeness(Session& session, const client::TopicView& topic,
                                  const std::string& name);

// Of the topic, those wanted, or all. Refuses one that it has not.
Result<std::vector<TopicPartition>> partitions_in(const client::TopicView& topic,
                                                  const std::vector<std::int32_t>& wanted);

cli::Sheet producer_sheet();
cli::Sheet analysis_sheet();
cli::Sheet move_sheet();

Error no_such_topic();

}  // namespace kcore::topics
