#include "base/pattern.h"

#include <fmt/format.h>
#include <re2/re2.h>

namespace kcore {

Result<Pattern> Pattern::parse(std::string_view text) {
    auto compiled = std::make_shared<const re2::RE2>(text, re2::RE2::Quiet);
    if (compiled->ok()) return Pattern(std::move(compiled));
    return fail(Errc::invalid_regular_expression,
                fmt::format("\"{}\": {}", text, compiled->error()));
}

bool Pattern::matches(std::string_view text) const { return re2::RE2::FullMatch(text, *compiled_); }

bool Pattern::is_found_in(std::string_view text) const {
    return re2::RE2::PartialMatch(text, *compiled_);
}

}  // namespace kcore
