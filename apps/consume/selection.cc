#include "consume/selection.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/glob.h"

namespace kcore::consume {

using client::ConsumedRecord;

Grep Grep::parse(const std::string& text) {
    Grep out;
    std::string_view rest = text;
    if (rest.starts_with("k:") || rest.starts_with("v:")) {
        out.place = rest[0];
        rest.remove_prefix(2);
    } else if (rest.starts_with("h:") && rest.contains('=')) {
        out.place = 'h';
        out.header = rest.substr(2, rest.find('=') - 2);
        rest.remove_prefix(rest.find('=') + 1);
    }
    if (rest.starts_with('!')) {
        out.is_negated = true;
        rest.remove_prefix(1);
    }
    out.text = rest;
    return out;
}

bool Grep::matches(const ConsumedRecord& record) const {
    const auto holds = [this](const std::optional<BytesView>& bytes) {
        return bytes && as_text(*bytes).contains(text);
    };
    bool found = false;
    if (place == 'h') {
        found = std::ranges::any_of(record.headers, [&](const client::Header& one) {
            return one.key == header && holds(one.value);
        });
    } else {
        found = (place != 'v' && holds(record.key)) || (place != 'k' && holds(record.value));
    }
    return found != is_negated;
}

cli::Parsed<HeaderGlob> HeaderGlob::parse(const std::string& text) {
    const auto split = text.find('=');
    if (split == text.npos || split == 0) {
        return cli::refuse(fmt::format("'{}' is not NAME=GLOB", text));
    }
    return HeaderGlob{text.substr(0, split), text.substr(split + 1)};
}

bool HeaderGlob::matches(const ConsumedRecord& record) const {
    const bool is_plain = glob.find_first_of("*?") == glob.npos;
    return std::ranges::any_of(record.headers, [&](const client::Header& one) {
        if (one.key != name || !one.value) return false;
        const auto value = as_text(*one.value);
        return is_plain ? value == glob : cli::glob_matches(glob, value);
    });
}

bool Selection::matches(const ConsumedRecord& record) const {
    const auto fits = [&](const auto& rule) { return rule.matches(record); };
    return std::ranges::all_of(greps, fits) && std::ranges::all_of(headers, fits) &&
           std::ranges::all_of(filters, fits);
}

}  // namespace kcore::consume
