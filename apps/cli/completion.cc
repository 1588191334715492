#include "cli/completion.h"

#include <fmt/format.h>

#include <array>

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

// With what its own commands take, which completion does not tell apart.
Command whole(const Command& command) {
    auto out = command;
    for (const auto& sub : command.commands) {
        out.options.insert(out.options.end(), sub.options.begin(), sub.options.end());
        out.positionals.insert(out.positionals.end(), sub.positionals.begin(),
                               sub.positionals.end());
    }
    return out;
}

std::string command_names(const Command& command, std::string_view separator) {
    std::vector<std::string_view> names;
    for (const auto& sub : command.commands) names.push_back(sub.name);
    return fmt::format("{}", fmt::join(names, separator));
}

std::vector<std::string> global_names() {
    return {"-h", "--help", "--help-all", "--help-json", "-V", "--version"};
}

// Which cluster is meant; what is typed of them is repeated when names are asked for.
constexpr std::array<std::string_view, 7> kWhere{"-b", "--bootstrap-server", "-C", "--profile",
                                                 "-F", "--command-config",   "-X"};

// The same with the value in one word.
std::string where_with_value(std::string_view separator) {
    std::string out;
    for (const auto name : kWhere) {
        if (!name.starts_with("--")) continue;
        if (!out.empty()) out += separator;
        out += fmt::format("{}=*", name);
    }
    return out;
}

// A command that prints names; `where` is the shell's expression for what kWhere says.
std::string live_source(Complete what, std::string_view where) {
    if (what != Complete::topics && what != Complete::groups) return "";
    const auto* tool = what == Complete::topics ? "ktopics" : "kgroups";
    return fmt::format("{} list -o name --timeout 300ms -q {} 2>/dev/null", tool, where);
}

constexpr std::string_view kBashWhere = "\"${where[@]}\"";
constexpr std::string_view kZshWhere = "$where";

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
        } else if (const auto live = live_source(option.complete, kBashWhere); !live.empty()) {
            action = fmt::format("COMPREPLY=($(compgen -W \"$({})\" -- \"$cur\")); return", live);
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
    const auto names = command_names(command, " ");
    std::string live;
    for (const auto& positional : command.positionals) {
        if (live.empty()) live = live_source(positional.complete, kBashWhere);
        if (positional.complete == Complete::files) live = "compgen -f -- \"$cur\"";
    }
    if (!names.empty()) live = "echo " + names + (live.empty() ? "" : "; " + live);
    to += fmt::format("        plain={}\n", in_quotes(live));
}

std::string bash(const Command& root) {
    const auto function = "_" + root.name;
    auto out = fmt::format("# bash completion of {}; generated, do not edit\n{}() {{\n", root.name,
                           function);
    out +=
        "    local cur prev words plain command word i typed where=()\n"
        "    cur=${COMP_WORDS[COMP_CWORD]}\n    prev=${COMP_WORDS[COMP_CWORD-1]}\n    command=\n";
    // COMP_WORDS breaks addresses at their colon.
    out += fmt::format(
        "    read -ra typed <<<\"${{COMP_LINE:0:COMP_POINT}}\"\n"
        "    for ((i = 1; i < ${{#typed[@]}}; ++i)); do\n        case \"${{typed[i]}}\" in\n"
        "            {}) where+=(\"${{typed[@]:i:2}}\") ;;\n"
        "            {}) where+=(\"${{typed[i]}}\") ;;\n        esac\n    done\n",
        fmt::join(kWhere, "|"), where_with_value("|"));
    out += "    for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n        case \"$word\" in\n";
    for (const auto& sub : root.commands) {
        out += fmt::format("            {0}) command={0}; break ;;\n", sub.name);
    }
    out += "            *) ;;\n        esac\n    done\n    case \"$command\" in\n";
    for (const auto& sub : root.commands) {
        out += fmt::format("    {})\n", sub.name);
        append_bash_command(out, root, whole(sub));
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
    const auto live = live_source(option.complete, kZshWhere);
    if (live.empty()) return fmt::format(":{}:", label);
    return fmt::format(":{}:{{compadd -- $({})}}", label, live);
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
        const auto live = live_source(positional.complete, kZshWhere);
        if (live.empty()) continue;
        return fmt::format("'*:{}:{{compadd -- $({})}}'", zsh_text(positional.name), live);
    }
    return "'*::'";
}

std::string zsh(const Command& root) {
    auto out = fmt::format(
        "#compdef {0}\n# zsh completion of {0}; generated, do not edit\n_{0}() {{\n", root.name);
    out += fmt::format(
        "    local i\n    local -a where\n    for ((i = 2; i < CURRENT; ++i)); do\n"
        "        case ${{words[i]}} in\n            {}) where+=(${{words[i,i+1]}}) ;;\n"
        "            {}) where+=(${{words[i]}}) ;;\n        esac\n    done\n",
        fmt::join(kWhere, "|"), where_with_value("|"));
    out += "    local command=${words[(r)(";
    const auto any = command_names(root, "|");
    out += (any.empty() ? "---" : any) + ")]}\n    case \"$command\" in\n";
    for (const auto& bare : root.commands) {
        const auto sub = whole(bare);
        out += fmt::format("    {})\n        _arguments -s \\\n        '1: :' \\\n", sub.name);
        if (!sub.commands.empty()) {
            out += fmt::format("        '2:command:({})' \\\n", command_names(sub, " "));
        }
        append_zsh_options(out, sub);
        append_zsh_options(out, root);
        out += fmt::format("        {}\n        ;;\n", zsh_positional(sub));
    }
    out += "    *)\n        _arguments -s \\\n";
    append_zsh_options(out, root);
    if (root.commands.empty()) {
        out += fmt::format("        {}\n", zsh_positional(root));
    } else {
        out += fmt::format("        '1:command:({})'\n", command_names(root, " "));
    }
    return out + fmt::format("        ;;\n    esac\n}}\n_{0} \"$@\"\n", root.name);
}

void append_fish_options(std::string& to, const std::string& head, const Command& command,
                         const std::string& where) {
    for (const auto& option : command.options) {
        auto line = head;
        for (const auto& name : split_commas(option.names)) {
            line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
        }
        if (!option.placeholder.empty()) line += " -r";
        if (!option.choices.empty()) {
            line += fmt::format(" -f -a {}",
                                in_quotes(fmt::format("{}", fmt::join(option.choices, " "))));
        } else if (const auto live = live_source(option.complete, where); !live.empty()) {
            line += fmt::format(" -f -a {}", in_quotes(fmt::format("({})", live)));
        } else if (option.complete != Complete::files) {
            line += " -f";
        }
        to += fmt::format("{} -d {}\n", line, in_quotes(option.help));
    }
}

void append_fish_words(std::string& to, const std::string& head, const Command& command,
                       const std::string& where) {
    for (const auto& positional : command.positionals) {
        const auto live = live_source(positional.complete, where);
        if (live.empty()) continue;
        to += fmt::format("{} -f -a {}\n", head, in_quotes(fmt::format("({})", live)));
    }
}

std::string fish(const Command& root) {
    auto out = fmt::format("# fish completion of {}; generated, do not edit\n", root.name);
    const auto all = fmt::format("complete -c {}", root.name);
    const auto where = fmt::format("(__{}_where)", root.name);
    out += fmt::format(
        "function __{}_where\n    set -l words (commandline -opc)\n"
        "    for i in (seq (count $words))\n        switch $words[$i]\n            case {}\n"
        "                printf '%s\\n' $words[$i..(math $i + 1)]\n            case '{}'\n"
        "                echo $words[$i]\n        end\n    end\nend\n",
        root.name, fmt::join(kWhere, " "), where_with_value("' '"));
    append_fish_options(out, all, root, where);
    for (const auto& sub : root.commands) {
        out += fmt::format("{} -n __fish_use_subcommand -f -a {} -d {}\n", all, sub.name,
                           in_quotes(sub.summary));
    }
    for (const auto& bare : root.commands) {
        const auto sub = whole(bare);
        const auto head = fmt::format("{} -n '__fish_seen_subcommand_from {}'", all, sub.name);
        for (const auto& own : sub.commands) {
            out += fmt::format("{} -f -a {} -d {}\n", head, own.name, in_quotes(own.summary));
        }
        append_fish_options(out, head, sub, where);
        append_fish_words(out, head, sub, where);
    }
    if (root.commands.empty()) append_fish_words(out, all, root, where);
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
