#pragma once
// A regular expression in the syntax of RE2. Matching takes time linear in the text and a bounded
// stack, whatever expression and text are.

#include <memory>
#include <string_view>

#include "base/result.h"

namespace re2 {
class RE2;
}

namespace kcore {

// Thread-safe.
class Pattern {
public:
    //   invalid_regular_expression  with what is wrong and where
    static Result<Pattern> parse(std::string_view text);

    bool matches(std::string_view text) const;      // All of it.
    bool is_found_in(std::string_view text) const;  // Any part of it.

private:
    explicit Pattern(std::shared_ptr<const re2::RE2> compiled) : compiled_(std::move(compiled)) {}

    std::shared_ptr<const re2::RE2> compiled_;
};

}  // namespace kcore
