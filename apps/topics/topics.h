#pragma once
// The commands of ktopics: their options as parsed, and one function each.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cli/common.h"
#include "client/admin.h"
#include "client/client.h"

namespace kcore::topics {

struct Options {
    cli::Common common;
    std::vector<std::string> names;
    std::string pattern;
    std::vector<std::string> configs;  // -c k=v
    std::vector<std::string> set;      // --set k=v
    std::vector<std::string> unset;
    std::vector<std::string> append;
    std::vector<std::string> subtract;
    std::vector<std::string> at;             // Of offsets.
    std::vector<std::string> partitions_of;  // -p of offsets
    std::string section = "all";
    std::string by = "topic";  // Of sizes.
    std::string key;
    std::int64_t partitions = -1;
    std::int64_t add_partitions = 0;
    std::int64_t replication_factor = -1;
    bool if_not_exists = false;
    bool if_exists = false;
    bool internal = false;
    bool detailed = false;
    bool is_regex = false;
    bool all = false;
    bool docs = false;
    bool under_replicated = false;
    bool unavailable = false;
    bool with_overrides = false;
    bool sort_by_size = false;
    bool in_sync = false;
};

// What a command needs: a connection, and a way to speak.
class Session {
public:
    explicit Session(const Options& options);

    // False when the settings are wrong, which was said.
    bool open();
    const Options& options() const { return options_; }
    cli::Console& console() { return console_; }
    client::Admin& admin() { return *admin_; }

    // The names given, with --regex all topics that one of them matches.
    Result<std::vector<std::string>> wanted();

private:
    const Options& options_;
    cli::Console console_;
    std::unique_ptr<client::Client> client_;
    std::unique_ptr<client::Admin> admin_;
};

int list(const Options& options);
int describe(const Options& options);
int create(const Options& options);
int remove(const Options& options);
int alter(const Options& options);
int config(const Options& options);
bool changes_configs(const Options& options);  // Of config: not only shows them.
int offsets(const Options& options);
int sizes(const Options& options);
int wait(const Options& options);

// "k=v" -> {k, v}. Refuses what has no '='.
cli::Parsed<std::pair<std::string, std::string>> split_pair(const std::string& text);

}  // namespace kcore::topics
