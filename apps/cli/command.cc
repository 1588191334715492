#include "cli/command.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <utility>

namespace kcore::cli {

Setter to_number(std::int64_t& out, std::int64_t least, std::int64_t most) {
    return [&out, least, most](const std::string& text) -> Parsed<void> {
        std::int64_t value = 0;
        if (!parse_integer(text, value) || value < least || value > most) {
            return refuse(
                fmt::format("'{}' is not a whole number from {} to {}", text, least, most));
        }
        out = value;
        return {};
    };
}

Setter to_words(std::vector<std::string>& out) {
    return [&out](const std::string& text) -> Parsed<void> {
        for (auto& word : split_commas(text)) out.push_back(std::move(word));
        return {};
    };
}

Setter to_some_of(std::vector<std::string>& out, std::vector<std::string> words) {
    return [&out, words = std::move(words)](const std::string& text) -> Parsed<void> {
        const auto is_same = [](char one, char other) {
            return std::tolower(static_cast<unsigned char>(one)) ==
                   std::tolower(static_cast<unsigned char>(other));
        };
        for (const auto& part : split_commas(text)) {
            const auto found = std::ranges::find_if(words, [&](const std::string& word) {
                return std::ranges::equal(word, part, is_same);
            });
            if (found == words.end()) {
                return refuse(fmt::format("'{}' is none of {}", part, fmt::join(words, ", ")));
            }
            out.push_back(*found);
        }
        return {};
    };
}

Option Option::also(std::string more) && {
    aliases = std::move(more);
    return std::move(*this);
}
Option Option::or_else(std::string text) && {
    default_text = std::move(text);
    return std::move(*this);
}
Option Option::one_of(std::vector<std::string> words) && {
    choices = std::move(words);
    complete = Complete::choices;
    return std::move(*this);
}
Option Option::completing(Complete what) && {
    complete = what;
    return std::move(*this);
}
Option Option::minor() && {
    is_minor = true;
    return std::move(*this);
}

namespace {

Option option(std::string names, std::string placeholder, std::string help, Setter set) {
    return {.names = std::move(names),
            .placeholder = std::move(placeholder),
            .help = std::move(help),
            .set = std::move(set)};
}

}  // namespace

Option flag(std::string names, std::string help, bool& out) {
    return option(std::move(names), "", std::move(help), to_switch(out));
}
Option text(std::string names, std::string placeholder, std::string help, std::string& out) {
    return option(std::move(names), std::move(placeholder), std::move(help), to_text(out));
}
Option list(std::string names, std::string placeholder, std::string help,
            std::vector<std::string>& out) {
    return option(std::move(names), std::move(placeholder), std::move(help), to_list(out));
}
Option number(std::string names, std::string help, std::int64_t& out, std::int64_t least,
              std::int64_t most) {
    return option(std::move(names), "N", std::move(help), to_number(out, least, most));
}
Option duration(std::string names, std::string help, std::int64_t& out_ms) {
    return option(std::move(names), "DUR", std::move(help), to_duration(out_ms));
}
Option size(std::string names, std::string help, std::int64_t& out_bytes) {
    return option(std::move(names), "SIZE", std::move(help), to_size(out_bytes));
}

std::string display_name(const Option& option) { return split_commas(option.names).back(); }

}  // namespace kcore::cli
