#include "cli/man.h"

#include <fmt/format.h>

#include "cli/help.h"

namespace kcore::cli {

namespace {

constexpr std::string_view kBegin = ".\\\" BEGIN GENERATED OPTIONS\n";
constexpr std::string_view kEnd = ".\\\" END GENERATED OPTIONS\n";

std::string roff(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\\') {
            out += "\\e";
        } else if (c == '-') {
            out += "\\-";
        } else if (c == '\'' && out.empty()) {
            out += "\\(aq";
        } else {
            out += c;
        }
    }
    if (out.starts_with('.')) out.insert(0, "\\&");
    return out;
}

void append_options(std::string& to, const Command& command) {
    for (const auto& option : command.options) {
        to += ".TP\n\\fB";
        bool first = true;
        for (const auto& name : split_commas(option.names)) {
            if (!first) to += "\\fR, \\fB";
            first = false;
            to += roff(name);
        }
        to += "\\fR";
        if (!option.placeholder.empty()) {
            const auto value = roff(option.placeholder);
            to += option.is_optional_value ? "[=\\fI" + value + "\\fR]" : " \\fI" + value + "\\fR";
        }
        to += "\n" + roff(option.help);
        if (!option.default_text.empty())
            to += fmt::format(" Default: {}.", roff(option.default_text));
        to += "\n";
    }
}

void append_commands(std::string& to, const Command& command, const std::string& path) {
    for (const auto& sub : command.commands) {
        const auto name = path + " " + sub.name;
        to += fmt::format(".SS {}\n{}\n", roff(usage_line(sub, name)), roff(sub.summary));
        append_options(to, sub);
        append_commands(to, sub, name);
    }
}

}  // namespace

std::string man_options(const Command& root) {
    std::string out;
    if (!root.commands.empty()) out += ".SH COMMANDS\n";
    append_commands(out, root, root.name);
    out += ".SH OPTIONS\n";
    append_options(out, root);
    out += ".TP\n\\fB\\-h\\fR, \\fB\\-\\-help\\fR\nHelp on one screen.\n";
    out += ".TP\n\\fB\\-\\-help\\-all\\fR\nHelp with every option.\n";
    out += ".TP\n\\fB\\-\\-help\\-json\\fR\nThe whole command tree as JSON.\n";
    out += ".TP\n\\fB\\-V\\fR, \\fB\\-\\-version\\fR\nThe version.\n";
    return out;
}

std::string with_man_options(const std::string& page, const Command& root) {
    const auto begin = page.find(kBegin);
    const auto end = page.find(kEnd);
    if (begin == page.npos || end == page.npos || end < begin) return "";
    return page.substr(0, begin + kBegin.size()) + man_options(root) + page.substr(end);
}

}  // namespace kcore::cli
