#pragma once
// The option table: what a tool offers, as data. Parsing, help, --help-json, man pages and
// completions are all rendered from it, so none of them can know an option that another lacks.

#include <cstdint>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "cli/parsed.h"
#include "cli/quantity.h"
#include "cli/sheet.h"
#include "cli/text.h"

namespace kcore::cli {

// What completion offers for a value.
enum class Complete : std::uint8_t { nothing, files, topics, groups, choices };

using Setter = std::function<Parsed<void>(const std::string&)>;

// What an option of the tool is for. A command without that refuses it.
enum class Concerns : std::uint8_t { all, cluster, rows };

struct Option {
    std::string names;        // "-b,--bootstrap-server"; the last is what messages call it.
    std::string placeholder;  // "HOST:PORT"; empty: a switch, whose setter gets "".
    std::string help;
    Setter set;  // Called once per occurrence, in order.

    std::string aliases = {};  // "--brokers,--broker-list": accepted, never shown.
    std::string default_text = {};
    std::vector<std::string> choices = {};
    Complete complete = Complete::nothing;
    bool is_optional_value = false;  // "--watch" and "--watch=2s".
    bool is_minor = false;           // Only in --help-all and the man page.
    std::string group = {};          // "Common options", say; empty: the command's own.
    Concerns concerns = Concerns::all;

    Option also(std::string names) &&;    // Aliases.
    Option or_else(std::string text) &&;  // What it is when it is not given.
    Option one_of(std::vector<std::string> words) &&;
    Option completing(Complete what) &&;
    Option minor() &&;
};

struct Positional {
    std::string name;  // "TOPIC"
    std::string help;
    std::size_t least = 1;
    std::size_t most = 1;  // 0: any number.
    Setter set;
    Complete complete = Complete::nothing;
};

struct Example {
    std::string line;
    std::string says;
};

struct Command {
    std::string name;
    std::string summary;
    std::vector<Positional> positionals = {};
    std::vector<Option> options = {};
    std::vector<Command> commands = {};
    std::vector<Example> examples = {};
    std::vector<std::string> not_yet = {};  // Commands and options that a later version brings.
    Setter rest = {};                       // Takes what follows "--", one call per word.
    std::string notes = {};                 // Below the options in --help-all.
    // Whether this run would change the cluster, which a read_only profile refuses.
    std::function<bool()> changes = {};
    bool is_local = false;               // Speaks to no cluster.
    std::function<Sheet()> fields = {};  // Its rows without any, for -o help.
    std::function<int()> run = {};
};

inline bool always() { return true; }

// Setters for the types of values that options hold.
inline Setter to_switch(bool& out) {
    return [&out](const std::string&) -> Parsed<void> { return out = true, Parsed<void>(); };
}
inline Setter to_text(std::string& out) {
    return [&out](const std::string& text) -> Parsed<void> { return out = text, Parsed<void>(); };
}
inline Setter to_list(std::vector<std::string>& out) {
    return [&out](const std::string& text) -> Parsed<void> {
        out.push_back(text);
        return {};
    };
}
// By `parse`, a function of text that answers Parsed<T>.
template <class T, class Parse>
Setter to_value(T& out, Parse parse) {
    return [&out, parse](const std::string& text) -> Parsed<void> {
        auto value = parse(text);
        if (!value) return refuse(std::move(value).error());
        out = std::move(*value);
        return {};
    };
}
Setter to_number(std::int64_t& out, std::int64_t least, std::int64_t most);

template <class T>
Setter to_duration(T& out) {
    return to_value(out, parse_duration_ms);
}
template <class T>
Setter to_size(T& out) {
    return to_value(out, parse_size_bytes);
}

// Each piece of "a,b,c" by itself.
Setter to_words(std::vector<std::string>& out);
// Only these words, in any case.
Setter to_some_of(std::vector<std::string>& out, std::vector<std::string> words);

// Options by the type of what they hold.
Option flag(std::string names, std::string help, bool& out);
Option text(std::string names, std::string placeholder, std::string help, std::string& out);
Option list(std::string names, std::string placeholder, std::string help,
            std::vector<std::string>& out);
Option number(std::string names, std::string help, std::int64_t& out, std::int64_t least = 0,
              std::int64_t most = INT64_MAX);
Option duration(std::string names, std::string help, std::int64_t& out_ms);
Option size(std::string names, std::string help, std::int64_t& out_bytes);

// What `names` says: the long name without dashes, or the letter when there is none.
std::string display_name(const Option& option);

}  // namespace kcore::cli
