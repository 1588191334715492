#pragma once
// Which records are wanted by their content: --grep, --header, --filter, and the context around
// them.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/parsed.h"
#include "client/record.h"
#include "consume/expression.h"

namespace kcore::consume {

// "[k:|v:|h:NAME=][!]TEXT"; without a place, key or value.
struct Grep {
    char place = 0;  // 'k', 'v', 'h' or 0.
    std::string header;
    std::string text;
    bool is_negated = false;

    static Grep parse(const std::string& text);
    bool matches(const client::ConsumedRecord& record) const;
};

// "NAME=GLOB": some header of this name has such a value.
struct HeaderGlob {
    std::string name;
    std::string glob;

    static cli::Parsed<HeaderGlob> parse(const std::string& text);
    bool matches(const client::ConsumedRecord& record) const;
};

// All of them have to hold.
struct Selection {
    std::vector<Grep> greps;
    std::vector<HeaderGlob> headers;
    std::vector<Expression> filters;

    bool empty() const { return greps.empty() && headers.empty() && filters.empty(); }
    bool matches(const client::ConsumedRecord& record) const;
};

}  // namespace kcore::consume
