#include "cli/script.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <span>

#include "cli/help.h"
#include "cli/parse.h"
#include "cli/process.h"
#include "cli/text.h"

namespace kcore::cli {

namespace {

// The name that the program was called by, without its folder and .sh.
std::string called_as(std::string_view path) {
    auto name = path.substr(path.rfind('/') + 1);
    if (name.ends_with(".sh")) name.remove_suffix(3);
    return std::string(name);
}

bool may_have_value(const Command& root, const std::string& word) {
    return std::ranges::any_of(root.options, [&](const Option& option) {
        if (!option.is_optional_value) return false;
        const auto names = split_commas(option.names + "," + option.aliases);
        return std::ranges::find(names, word) != names.end();
    });
}

// With "=" where a value may be left out, so that the word behind it is taken for one.
std::vector<std::string> plain_words(const Command& root, std::span<char*> arguments) {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        auto& word = out.emplace_back(arguments[i]);
        const bool is_last = i + 1 == arguments.size() || *arguments[i + 1] == '-';
        if (!is_last && may_have_value(root, word)) word = word + "=" + arguments[++i];
    }
    return out;
}

int run(const Command& root, std::span<char*> given) {
    const auto arguments = plain_words(root, given);
    const auto result = parse(root, arguments);
    if (const auto* help = std::get_if<WantsHelp>(&result)) {
        write_stdout(help_text(root, help->path, true));
        return kDone;
    }
    if (std::holds_alternative<WantsVersion>(result)) {
        write_stdout(fmt::format("4.4.0 (kcore {})\n", KCORE_VERSION));
        return kDone;
    }
    if (const auto* wrong = std::get_if<UsageError>(&result)) {
        fmt::print(stderr, "{}\n{}see {} --help\n", wrong->sentence,
                   wrong->hint.empty() ? "" : wrong->hint + "\n", root.name);
        return kFailed;
    }
    const auto* chosen = std::get_if<Chosen>(&result);
    if (chosen == nullptr) return kFailed;
    const auto code = chosen->command->run();
    return code == kDone || code == kInterrupted ? code : kFailed;
}

}  // namespace

std::optional<int> run_script(const std::vector<Script>& scripts, int argc, char** argv) {
    if (argc < 1) return std::nullopt;
    const auto found = std::ranges::find(scripts, called_as(argv[0]), &Script::name);
    if (found == scripts.end()) return std::nullopt;
    fill_standard_streams();
    std::signal(SIGPIPE, SIG_IGN);
    try {
        return run(found->table(), {argv + 1, static_cast<std::size_t>(argc - 1)});
    } catch (const std::exception& error) {
        fmt::print(stderr, "error: {}\n", error.what());
        return kFailed;
    }
}

std::vector<Option> connection_options(Common& common) {
    return {text("--bootstrap-server", "HOST:PORT", "brokers to begin with, by commas",
                 common.bootstrap),
            list("--command-config", "FILE", "properties of the client", common.files)
                .completing(Complete::files)};
}

void FlagRules::need(std::string_view flag, bool is_given) {
    refuse_if(!is_given, fmt::format("Missing required argument \"[{}]\"", flag));
}

void FlagRules::allow(std::string_view flag, bool is_given,
                      const std::vector<std::string_view>& actions) {
    const bool is_allowed = std::ranges::find(actions, action_) != actions.end();
    exclude(flag, is_given, action_, !is_allowed);
}

void FlagRules::exclude(std::string_view flag, bool is_given, std::string_view other,
                        bool other_is_given) {
    refuse_if(is_given && other_is_given,
              fmt::format("Option \"[{}]\" can't be used with option \"[{}]\"", flag, other));
}

void FlagRules::refuse_if(bool is_wrong, std::string sentence) {
    if (is_wrong && problem_.empty()) problem_ = std::move(sentence);
}

bool FlagRules::are_broken() const {
    if (!problem_.empty()) fmt::print(stderr, "{}\n", problem_);
    return !problem_.empty();
}

std::string only_given(const std::vector<std::pair<std::string_view, bool>>& flags) {
    std::string out;
    for (const auto& [name, is_given] : flags) {
        if (!is_given) continue;
        if (!out.empty()) return "";
        out = name;
    }
    return out;
}

}  // namespace kcore::cli
