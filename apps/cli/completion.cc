#include "cli/completion.h"

#include <fmt/format.h>

#include <algorithm>

namespace kcore::cli {

namespace {

// The same words for all of a command's options and, with `values` set, what follows them.
std::vector<std::string> names_of(const Command& command) {
    std::vector<std::string> out;
    for (const auto& option : command.options) {
        for (auto& name : split_commas(option.names)) out.push_back(std::move(name));
    }
    return out;
}

std::vector<std::string> global_names() {
    return {"-h", "--help", "--help-all", "--help-json", "-V", "--version"};
}

std::string_view live_source(Complete what) {
    if (what == Complete::topics) return "ktopics list -o name --timeout 300ms -q";
    if (what == Complete::groups) return "kgroups list -o name --timeout 300ms -q";
    return "";
}

std::string in_quotes(std::string_view text) {
    std::string out = "'";
    for (const char c : text) {
        if (c == '\'') {
            out += "'\\''";
        } else {
            out += c;
        }
    }
    return out + "'";
}

// One bash case for each option that takes a value.
void append_bash_values(std::string& to, const Command& command) {
    for (const auto& option : command.options) {
        if (option.placeholder.empty()) continue;
        const auto names = fmt::format("{}", fmt::join(split_commas(option.names), "|"));
        std::string action = "COMPREPLY=(); return";
        if (!option.choices.empty()) {
            action = fmt::format("COMPREPLY=($(compgen -W \"{}\" -- \"$cur\")); return",
                                 fmt::join(option.choices, " "));
        } else if (option.complete == Complete::files) {
            action = "COMPREPLY=($(compgen -f -- \"$cur\")); return";
        } else if (const auto live = live_source(option.complete); !live.empty()) {
            action = fmt::format(
                "COMPREPLY=($(compgen -W \"$({} 2>/dev/null)\" -- \"$cur\")); return", live);
        }
        to += fmt::format("            {}) {} ;;\n", names, action);
    }
}

std::string bash_words(const Command& root, const Command& command) {
    auto words = names_of(command);
    if (&command != &root) {
        for (auto& name : names_of(root)) words.push_back(std::move(name));
    }
    for (auto& name : global_names()) words.push_back(std::move(name));
    return fmt::format("{}", fmt::join(words, " "));
}

void append_bash_command(std::string& to, const Command& root, const Command& command) {
    to += "        case \"$prev\" in\n";
    append_bash_values(to, command);
    if (&command != &root) append_bash_values(to, root);
    to += "        esac\n";
    to += fmt::format("        words={}\n", in_quotes(bash_words(root, command)));
    std::string live;
    for (const auto& positional : command.positionals) {
        if (live.empty()) live = live_source(positional.complete);
        if (positional.complete == Complete::files) live = "compgen -f -- \"$cur\"";
    }
    for (const auto& sub : command.commands) live += (live.empty() ? "echo " : " ") + sub.name;
    to += fmt::format("        plain={}\n", in_quotes(live));
}

std::string bash(const Command& root) {
    const auto function = "_" + root.name;
    auto out = fmt::format("# bash completion of {}; generated, do not edit\n{}() {{\n", root.name,
                           function);
    out +=
        "    local cur prev words plain command word\n"
        "    cur=${COMP_WORDS[COMP_CWORD]}\n    prev=${COMP_WORDS[COMP_CWORD-1]}\n    command=\n"
        "    for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n        case \"$word\" in\n";
    for (const auto& sub : root.commands) {
        out += fmt::format("            {0}) command={0}; break ;;\n", sub.name);
    }
    out += "            *) ;;\n        esac\n    done\n    case \"$command\" in\n";
    for (const auto& sub : root.commands) {
        out += fmt::format("    {})\n", sub.name);
        append_bash_command(out, root, sub);
        out += "        ;;\n";
    }
    out += "    *)\n";
    append_bash_command(out, root, root);
    out +=
        "        ;;\n    esac\n    case \"$cur\" in\n"
        "    -*) COMPREPLY=($(compgen -W \"$words\" -- \"$cur\")) ;;\n"
        "    *) COMPREPLY=($(compgen -W \"$(eval \"$plain\" 2>/dev/null)\" -- \"$cur\")) ;;\n"
        "    esac\n}\n";
    return out + fmt::format("complete -F {} {}\n", function, root.name);
}

std::string zsh_text(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
        if (c == '\'') {
            out += "'\\''";
        } else {
            out += c;
        }
    }
    return out;
}

std::string zsh_value(const Option& option) {
    if (option.placeholder.empty()) return "";
    const auto label = zsh_text(option.placeholder);
    if (!option.choices.empty())
        return fmt::format(":{}:({})", label, fmt::join(option.choices, " "));
    if (option.complete == Complete::files) return fmt::format(":{}:_files", label);
    const auto live = live_source(option.complete);
    if (live.empty()) return fmt::format(":{}:", label);
    return fmt::format(":{}:{{compadd -- $({} 2>/dev/null)}}", label, live);
}

void append_zsh_options(std::string& to, const Command& command) {
    for (const auto& option : command.options) {
        for (const auto& name : split_commas(option.names)) {
            to += fmt::format("        '*{}[{}]{}' \\\n", name, zsh_text(option.help),
                              zsh_value(option));
        }
    }
}

std::string zsh_positional(const Command& command) {
    for (const auto& positional : command.positionals) {
        if (positional.complete == Complete::files) return "'*:file:_files'";
        const auto live = live_source(positional.complete);
        if (live.empty()) continue;
        return fmt::format("'*:{}:{{compadd -- $({} 2>/dev/null)}}'", zsh_text(positional.name),
                           live);
    }
    return "'*::'";
}

std::string zsh(const Command& root) {
    auto out = fmt::format(
        "#compdef {0}\n# zsh completion of {0}; generated, do not edit\n_{0}() {{\n", root.name);
    out += "    local command=${words[(r)(";
    std::string any;
    for (const auto& sub : root.commands) any += (any.empty() ? "" : "|") + sub.name;
    out += (any.empty() ? "---" : any) + ")]}\n    case \"$command\" in\n";
    for (const auto& sub : root.commands) {
        out += fmt::format("    {})\n        _arguments -s \\\n        '1: :' \\\n", sub.name);
        append_zsh_options(out, sub);
        append_zsh_options(out, root);
        out += fmt::format("        {}\n        ;;\n", zsh_positional(sub));
    }
    out += "    *)\n        _arguments -s \\\n";
    append_zsh_options(out, root);
    if (root.commands.empty()) {
        out += fmt::format("        {}\n", zsh_positional(root));
    } else {
        out += fmt::format("        '1:command:({})'\n", fmt::join(split_commas([&] {
                                                                       auto names = any;
                                                                       std::ranges::replace(
                                                                           names, '|', ',');
                                                                       return names;
                                                                   }()),
                                                                   " "));
    }
    return out + fmt::format("        ;;\n    esac\n}}\n_{0} \"$@\"\n", root.name);
}

void append_fish_options(std::string& to, const std::string& head, const Command& command) {
    for (const auto& option : command.options) {
        auto line = head;
        for (const auto& name : split_commas(option.names)) {
            line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
        }
        if (!option.placeholder.empty()) line += " -r";
        if (!option.choices.empty()) {
            line += fmt::format(" -f -a {}",
                                in_quotes(fmt::format("{}", fmt::join(option.choices, " "))));
        } else if (const auto live = live_source(option.complete); !live.empty()) {
            line += fmt::format(" -f -a {}", in_quotes(fmt::format("({} 2>/dev/null)", live)));
        } else if (option.complete != Complete::files) {
            line += " -f";
        }
        to += fmt::format("{} -d {}\n", line, in_quotes(option.help));
    }
}

std::string fish(const Command& root) {
    auto out = fmt::format("# fish completion of {}; generated, do not edit\n", root.name);
    const auto all = fmt::format("complete -c {}", root.name);
    append_fish_options(out, all, root);
    for (const auto& sub : root.commands) {
        out += fmt::format("{} -n __fish_use_subcommand -f -a {} -d {}\n", all, sub.name,
                           in_quotes(sub.summary));
    }
    for (const auto* command : [&] {
             std::vector<const Command*> list;
             for (const auto& sub : root.commands) list.push_back(&sub);
             if (root.commands.empty()) list.push_back(&root);
             return list;
         }()) {
        const auto head = command == &root ? all
                                           : fmt::format("{} -n '__fish_seen_subcommand_from {}'",
                                                         all, command->name);
        if (command != &root) append_fish_options(out, head, *command);
        for (const auto& positional : command->positionals) {
            const auto live = live_source(positional.complete);
            if (!live.empty()) {
                out += fmt::format("{} -f -a {}\n", head,
                                   in_quotes(fmt::format("({} 2>/dev/null)", live)));
            }
        }
    }
    return out;
}

}  // namespace

std::optional<std::string> completion_script(const Command& root, std::string_view shell) {
    if (shell == "bash") return bash(root);
    if (shell == "zsh") return zsh(root);
    if (shell == "fish") return fish(root);
    return std::nullopt;
}

}  // namespace kcore::cli
