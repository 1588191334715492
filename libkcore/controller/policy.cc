#include "controller/policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace kcore::controller {
namespace {

using Is = PolicyRule::Is;

struct Sign {
    std::string_view text;
    Is is;
};
constexpr std::array kSigns = {Sign{"<=", Is::at_most}, Sign{">=", Is::at_least},
                               Sign{"=", Is::equal}, Sign{"~", Is::like}};

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kBlank = " \t";
    const auto first = text.find_first_not_of(kBlank);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::optional<double> number_of(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

Result<PolicyRule> parse_rule(std::string_view text) {
    const auto refuse = [&](std::string_view why) {
        return fail(Errc::invalid_config, fmt::format("the rule \"{}\" {}", text, why));
    };
    const auto at = text.find_first_of("<>=~");
    if (at == 0 || at == std::string_view::npos) return refuse("is not subject<=value");
    for (const auto& sign : kSigns) {
        if (!text.substr(at).starts_with(sign.text)) continue;
        PolicyRule rule;
        rule.subject = trimmed(text.substr(0, at));
        rule.is = sign.is;
        rule.value = trimmed(text.substr(at + sign.text.size()));
        const bool compares = sign.is == Is::at_most || sign.is == Is::at_least;
        const auto number = compares ? number_of(rule.value) : std::optional(0.0);
        if (!number) return refuse("compares with no number");
        if (sign.is == Is::like) {
            auto pattern = Pattern::parse(rule.value);
            if (!pattern) return refuse("has a bad pattern: " + pattern.error().what);
            rule.pattern = std::move(*pattern);
        }
        rule.number = *number;
        return rule;
    }
    return refuse("has none of <=, >=, = and ~");
}

}  // namespace

bool PolicyRule::allows(const std::string& actual) const {
    if (is == Is::equal) return actual == value;
    if (is == Is::like) return pattern->matches(actual);
    const auto found = number_of(actual);
    return found && (is == Is::at_most ? *found <= number : *found >= number);
}

std::string PolicyRule::to_text() const {
    for (const auto& sign : kSigns) {
        if (sign.is == is) return fmt::format("{}{}{}", subject, sign.text, value);
    }
    return subject;
}

Result<Policy> parse_policy(std::string_view text) {
    Policy policy;
    while (!text.empty()) {
        const auto end = std::min(text.find(';'), text.size());
        const auto one = trimmed(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (one.empty()) continue;
        auto rule = parse_rule(one);
        if (!rule) return std::unexpected(rule.error());
        policy.push_back(std::move(*rule));
    }
    return policy;
}

Result<void> check_policy(const Policy& policy, const ConfigMap& values) {
    for (const auto& rule : policy) {
        const auto at = values.find(rule.subject);
        if (at == values.end() || rule.allows(at->second)) continue;
        return fail(Errc::policy_violation,
                    fmt::format("{}={} is against the rule {} of this cluster.", rule.subject,
                                at->second, rule.to_text()));
    }
    return {};
}

}  // namespace kcore::controller
