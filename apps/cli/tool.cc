#include "cli/tool.h"

#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <fstream>
#include <sstream>

#include "cli/completion.h"
#include "cli/help.h"
#include "cli/interrupt.h"
#include "cli/man.h"
#include "cli/parse.h"
#include "cli/process.h"
#include "cli/settings.h"
#include "cli/terminal.h"

namespace kcore::cli {

namespace {

int complain(const UsageError& wrong) {
    std::string line = "error: " + wrong.sentence;
    if (!wrong.hint.empty()) line += ". " + wrong.hint;
    fmt::print(stderr, "{}\n", line);
    if (wrong.hint.empty()) fmt::print(stderr, "see {} --help\n", wrong.path);
    return kUsage;
}

// `tool completion SHELL`, and `tool man PAGE`, which a build step calls to renew a page.
std::optional<int> generated(const Command& root, const std::vector<std::string>& arguments) {
    if (arguments.size() != 2) return std::nullopt;
    if (arguments[0] == "completion") {
        const auto script = completion_script(root, arguments[1]);
        if (!script) {
            fmt::print(stderr, "error: no completion for '{}': bash, zsh or fish\n", arguments[1]);
            return kUsage;
        }
        write_stdout(*script);
        return kDone;
    }
    if (arguments[0] != "--man-page") return std::nullopt;
    std::ifstream in(arguments[1]);
    std::stringstream page;
    page << in.rdbuf();
    const auto out = with_man_options(page.str(), root);
    write_stdout(out);
    return out.empty() ? kFailed : kDone;
}

int show_properties(const Common& common) {
    auto config = client_config(common);
    if (!config) {
        fmt::print(stderr, "error: {}\n", config.error());
        return kUsage;
    }
    for (const auto& property : client::describe_properties(*config)) {
        write_stdout(fmt::format("{}={}  # {}\n", property.name, property.value, property.help));
    }
    return kDone;
}

// What a read_only profile forbids; nothing when the command may run.
std::optional<int> refused(const Chosen& chosen, const Common& common) {
    const auto& changes = chosen.command->changes;
    if (!changes) return std::nullopt;
    Console console(common);
    auto profile = read_only_profile(common);
    if (!profile) return console.usage(profile.error());
    if (!*profile || !changes()) return std::nullopt;
    const auto why = fmt::format("profile {} is read_only: {} is refused", **profile, chosen.path);
    return console.fail({"", Error(Errc::cluster_authorization_failed, why)});
}

// Until it is interrupted, since what fails now may be well again the next time.
int watch(const Command& command, const Common& common) {
    static constexpr std::string_view kClear = "\x1b[H\x1b[2J\x1b[3J";
    catch_interrupts();
    while (!interrupted()) {
        if (stdout_is_terminal()) write_stdout(kClear);
        const auto code = command.run();
        if (code == kUsage) return code;
        if (!interrupted()) pause_us(common.watch_ms * 1000);
    }
    return kInterrupted;
}

// -X list and -X dump, which need no command to go with them.
std::optional<int> asked_for_properties(const Common& common) {
    auto mine = common;
    const auto asked = std::erase_if(
        mine.properties, [](const std::string& one) { return one == "list" || one == "dump"; });
    if (asked == 0) return std::nullopt;
    return show_properties(mine);
}

int run_chosen(const Chosen& chosen, const Common& common) {
    if (common.output == "help" && chosen.command->fields) {
        return Console(common).show(chosen.command->fields());
    }
    if (const auto code = refused(chosen, common)) return *code;
    if (common.watch_ms > 0) return watch(*chosen.command, common);
    return chosen.command->run();
}

int dispatch(const Command& root, const Common& common, const ParseResult& result) {
    if (const auto* help = std::get_if<WantsHelp>(&result)) {
        write_stdout(help_text(*help->command, help->path, help->all));
        return kDone;
    }
    if (std::holds_alternative<WantsHelpJson>(result)) {
        write_stdout(help_json(root, KCORE_VERSION));
        return kDone;
    }
    if (std::holds_alternative<WantsVersion>(result)) {
        write_stdout(fmt::format("{} {}\n", root.name, KCORE_VERSION));
        return kDone;
    }
    const auto* wrong = std::get_if<UsageError>(&result);
    if (wrong != nullptr && !wrong->is_unfinished) return complain(*wrong);
    if (const auto done = asked_for_properties(common)) return *done;
    if (wrong != nullptr) return complain(*wrong);
    return run_chosen(std::get<Chosen>(result), common);
}

}  // namespace

int run_tool(const Command& root, const Common& common, int argc, char** argv) {
    fill_standard_streams();
    std::signal(SIGPIPE, SIG_IGN);
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    try {
        if (const auto done = generated(root, arguments)) return *done;
        return dispatch(root, common, parse(root, arguments));
    } catch (const std::exception& error) {
        fmt::print(stderr, "error: {}\n", error.what());
        return kFailed;
    }
}

}  // namespace kcore::cli
