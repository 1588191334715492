#pragma once
// The scripts of Kafka. A tool that is called by the name of one, with or without ".sh", takes its
// flags, prints what it prints and ends with its exit codes: what fails ends with 1.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/common.h"

namespace kcore::cli {

struct Script {
    std::string name;  // "kafka-topics"
    std::function<Command()> table;
};

// Runs the one that the program was called as; nothing when it is none of them.
std::optional<int> run_script(const std::vector<Script>& scripts, int argc, char** argv);

// --bootstrap-server and --command-config.
std::vector<Option> connection_options(Common& common);

// What is wrong with a script's flags by themselves: the first thing found.
class FlagRules {
public:
    // `action` is the one of several that exclude each other that was given.
    explicit FlagRules(std::string action = "") : action_(std::move(action)) {}

    void need(std::string_view flag, bool is_given);
    // With these actions only.
    void allow(std::string_view flag, bool is_given, const std::vector<std::string_view>& actions);
    void exclude(std::string_view flag, bool is_given, std::string_view other, bool other_is_given);
    void refuse_if(bool is_wrong, std::string sentence);

    // Says it on stderr, if anything is.
    bool are_broken() const;

private:
    const std::string action_;
    std::string problem_;
};

// The only one of `flags` that is given; empty when there are none or several.
std::string only_given(const std::vector<std::pair<std::string_view, bool>>& flags);

}  // namespace kcore::cli
