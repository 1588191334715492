#pragma once
// The commands of kgroups: their options as parsed, and one function each.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cli/common.h"
#include "client/admin.h"
#include "client/client.h"

namespace kcore::groups {

struct Options {
    cli::Common common;
    std::vector<std::string> names;
    std::string pattern;
    std::vector<std::string> states;
    std::vector<std::string> types;
    std::vector<std::string> topics;  // -t T or T:p,p
    std::string section = "all";
    std::string to;
    std::string isolation = "read_uncommitted";
    std::int64_t most_lag = 0;  // Of wait.
    bool only_lag = false;
    bool all_topics = false;
};

// A connection, and a way to speak.
class Session {
public:
    explicit Session(const Options& options) : console_(options.common), options_(options) {}

    // False when the settings are wrong, which was said.
    bool open();
    cli::Console& console() { return console_; }
    client::Admin& admin() { return *admin_; }

private:
    cli::Console console_;
    const Options& options_;
    std::unique_ptr<client::Client> client_;
    std::unique_ptr<client::Admin> admin_;
};

int list(const Options& options);
int describe(const Options& options);
int reset(const Options& options);
int remove(const Options& options);
int delete_offsets(const Options& options);
int lag(const Options& options);  // describe, only the offsets; without names of all groups
int members(const Options& options);
int clone(const Options& options);
int wait(const Options& options);

// Whether "-t T" or "-t T:0,1" of the options name the partition; without any, all do.
bool is_chosen(const Options& options, const TopicPartition& partition);

}  // namespace kcore::groups
