#include "base/config_rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "base/pattern.h"

namespace kcore {

namespace {

using Kind = ConfigRule::Kind;
using Verdict = Result<ConfigValue>;

std::unexpected<Error> breaks_rule(const ConfigKey& key, std::string_view value,
                                   std::string_view why) {
    return fail(Errc::invalid_config,
                fmt::format("Invalid value {} for configuration {}: {}", value, key.name, why));
}

double as_number(const ConfigKey& key, const ConfigValue& value) {
    return key.type == ConfigType::float64 ? value.number() : static_cast<double>(value.integer());
}

Verdict check_range(const ConfigKey& key, ConfigValue value) {
    const auto& rule = key.rule;
    const auto number = as_number(key, value);
    if (rule.kind == Kind::between_or) {
        if (number == rule.extra || (number >= rule.low && number <= rule.high)) return value;
        return breaks_rule(key, value.to_text(),
                           fmt::format("Value must be between {} and {} or equal to {}", rule.low,
                                       rule.high, rule.extra));
    }
    if (number < rule.low) {
        return breaks_rule(key, value.to_text(),
                           fmt::format("Value must be at least {}", rule.low));
    }
    if (rule.kind == Kind::between && number > rule.high) {
        return breaks_rule(key, value.to_text(),
                           fmt::format("Value must be no more than {}", rule.high));
    }
    return value;
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (auto& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return out;
}

Verdict check_word(const ConfigKey& key, ConfigValue value) {
    const auto words = split_list(key.rule.words);
    const bool any_case = key.rule.kind == Kind::one_of_any_case;
    for (const auto& word : words) {
        if (word == value.text() || (any_case && lower(word) == lower(value.text()))) return value;
    }
    return breaks_rule(key, value.text(),
                       fmt::format("String must be one of{}: {}",
                                   any_case ? " (case insensitive)" : "", key.rule.words));
}

bool has_repeats(const ConfigValue::List& list) {
    return std::set<std::string_view>(list.begin(), list.end()).size() != list.size();
}

std::string bracketed(std::string_view words) { return fmt::format("[{}]", words); }

Verdict check_list(const ConfigKey& key, ConfigValue value) {
    const auto& rule = key.rule;
    const bool may_be_empty = rule.kind == Kind::set_of || rule.kind == Kind::distinct;
    const auto words = split_list(rule.words);
    if (value.list().empty() && !may_be_empty) {
        const auto valid = words.empty() ? "any non-empty value" : bracketed(rule.words);
        return fail(Errc::invalid_config,
                    fmt::format("Configuration '{}' must not be empty. Valid values include: {}",
                                key.name, valid));
    }
    if (std::ranges::find(value.list(), "") != value.list().end()) {
        return fail(Errc::invalid_config,
                    fmt::format("Configuration '{}' values must not be empty.", key.name));
    }
    if (has_repeats(value.list()) && rule.kind != Kind::set_of) {
        return fail(Errc::invalid_config,
                    fmt::format("Configuration '{}' values must not be duplicated.", key.name));
    }
    ConfigValue::List kept;
    for (const auto& item : value.list()) {
        if (!words.empty() && std::ranges::find(words, item) == words.end()) {
            return breaks_rule(key, item, fmt::format("String must be one of: {}", rule.words));
        }
        if (std::ranges::find(kept, item) == kept.end()) kept.push_back(item);
    }
    return ConfigValue(std::move(kept));
}

bool all_digits(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool is_replica(std::string_view text) {
    const auto colon = text.find(':');
    return colon != std::string_view::npos && all_digits(text.substr(0, colon)) &&
           all_digits(text.substr(colon + 1));
}

Verdict check_replicas(const ConfigKey& key, ConfigValue value) {
    const auto& list = value.list();
    if (list == ConfigValue::List{"*"} || std::ranges::all_of(list, is_replica)) return value;
    return breaks_rule(
        key, bracketed(value.to_text()),
        fmt::format("{} must be the literal '*' or a list of replicas in the following "
                    "format: [partitionId]:[brokerId],[partitionId]:[brokerId],...",
                    key.name));
}

std::string_view take_digits(std::string_view& text) {
    const auto end = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto digits = text.substr(0, end);
    text.remove_prefix(end);
    return digits;
}

// Takes "[-+]n" and the unit off the front of `text`, if they stand there; of seconds a fraction
// too.
void take_part(std::string_view& text, char unit) {
    constexpr std::size_t kFractionMax = 9;
    auto rest = text;
    if (rest.starts_with('-') || rest.starts_with('+')) rest.remove_prefix(1);
    if (take_digits(rest).empty()) return;
    if (unit == 's' && rest.starts_with('.')) {
        rest.remove_prefix(1);
        if (take_digits(rest).size() > kFractionMax) return;
    }
    if (rest.starts_with(unit)) text = rest.substr(1);
}

// pndtnhnmn.ns: at least one part, t only before a time part.
bool is_duration(std::string_view text) {
    if (!text.starts_with('p') || text.size() == 1) return false;
    text.remove_prefix(1);
    take_part(text, 'd');
    if (!text.starts_with('t')) return text.empty();
    text.remove_prefix(1);
    if (text.empty()) return false;
    for (const char unit : {'h', 'm', 's'}) take_part(text, unit);
    return text.empty();
}

Verdict check_offset_reset(const ConfigKey& key, ConfigValue value) {
    constexpr std::string_view kDuration = "by_duration:";
    const auto text = lower(value.text());
    if (text == "latest" || text == "earliest") return value;
    if (text.starts_with(kDuration) && is_duration(text.substr(kDuration.size()))) {
        return value;
    }
    return breaks_rule(
        key, value.text(),
        fmt::format("Invalid value `{}` for configuration {}. The value must be either "
                    "'earliest', 'latest' or of the format 'by_duration:<PnDTnHnMn.nS>'.",
                    value.text(), key.name));
}

Verdict check_metrics_interval(const ConfigKey& key, ConfigValue value) {
    constexpr std::int64_t kShortest = 100, kLongest = 3600000;
    if (value.integer() >= kShortest && value.integer() <= kLongest) return value;
    return fail(Errc::invalid_config,
                fmt::format("Invalid value {} for {}, interval must be between {} and {} (1 hour)",
                            value.integer(), key.name, kShortest, kLongest));
}

Verdict check_client_match(ConfigValue value) {
    constexpr std::string_view kKeys =
        "client_id, client_instance_id, client_software_name, client_software_version, "
        "client_source_address, client_source_port";
    constexpr std::size_t kPatternMax = 256;
    const auto known = split_list(kKeys);
    for (const auto& item : value.list()) {
        const auto equals = item.find('=');
        const auto name = item.substr(0, equals);
        if (equals == std::string::npos || item.size() > kPatternMax ||
            std::ranges::find(known, name) == known.end() ||
            !Pattern::parse(item.substr(equals + 1))) {
            return fail(Errc::invalid_config, "Illegal client matching pattern: " + item);
        }
    }
    return value;
}

}  // namespace

Result<ConfigValue> apply_rule(const ConfigKey& key, ConfigValue value) {
    switch (key.rule.kind) {
        case Kind::any:
            return value;
        case Kind::at_least:
        case Kind::between:
        case Kind::between_or:
            return check_range(key, std::move(value));
        case Kind::one_of:
        case Kind::one_of_any_case:
            return check_word(key, std::move(value));
        case Kind::list_of:
        case Kind::set_of:
        case Kind::distinct:
        case Kind::distinct_non_empty:
            return check_list(key, std::move(value));
        case Kind::non_empty:
            if (value.text().empty()) return breaks_rule(key, "", "String must be non-empty");
            return value;
        case Kind::replica_list:
            return check_replicas(key, std::move(value));
        case Kind::offset_reset:
            return check_offset_reset(key, std::move(value));
        case Kind::metrics_interval:
            return check_metrics_interval(key, std::move(value));
        case Kind::client_match:
            return check_client_match(std::move(value));
    }
    return value;
}

std::string describe_allowed(const ConfigKey& key) {
    const auto& rule = key.rule;
    const auto type = config_type_name(key.type);
    switch (rule.kind) {
        case Kind::at_least:
            return fmt::format("{}, at least {}", type, rule.low);
        case Kind::between:
            return fmt::format("{}, {} to {}", type, rule.low, rule.high);
        case Kind::between_or:
            return fmt::format("{}, {} to {} or {}", type, rule.low, rule.high, rule.extra);
        case Kind::one_of:
        case Kind::one_of_any_case:
            return fmt::format("one of {}", rule.words);
        case Kind::list_of:
            return fmt::format("a list of {}", rule.words);
        case Kind::set_of:
            return fmt::format("a list, perhaps empty, of {}", rule.words);
        case Kind::distinct_non_empty:
        case Kind::non_empty:
            return fmt::format("{}, not empty", type);
        case Kind::replica_list:
            return "* or a list of partition:broker";
        case Kind::offset_reset:
            return "latest, earliest or by_duration:<ISO-8601 duration>";
        case Kind::metrics_interval:
            return "INT, 100 to 3600000";
        case Kind::client_match:
            return "a list of key=regex";
        case Kind::any:
        case Kind::distinct:
            return std::string(type);
    }
    return std::string(type);
}

}  // namespace kcore
