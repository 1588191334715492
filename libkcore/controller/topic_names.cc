#include "controller/topic_names.h"

#include <fmt/format.h>

#include <algorithm>

namespace kcore::controller {
namespace {

constexpr std::size_t kNameCharactersMax = 249;

bool is_legal(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

std::unexpected<Error> illegal(std::string why) {
    return fail(Errc::invalid_topic_exception, "Topic name is invalid: " + why);
}

}  // namespace

Result<void> check_topic_name(std::string_view name) {
    if (name.empty()) return illegal("the empty string is not allowed");
    if (name == "." || name == "..") return illegal(fmt::format("'{}' is not allowed", name));
    if (name.size() > kNameCharactersMax) {
        return illegal(fmt::format("the length of '{}' is longer than the max allowed length {}",
                                   name, kNameCharactersMax));
    }
    if (!std::ranges::all_of(name, is_legal)) {
        return illegal(fmt::format(
            "'{}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'",
            name));
    }
    return {};
}

bool may_collide(std::string_view name) {
    return name.find_first_of("._") != std::string_view::npos;
}

std::string unify_name(std::string_view name) {
    std::string unified(name);
    std::ranges::replace(unified, '.', '_');
    return unified;
}

}  // namespace kcore::controller
