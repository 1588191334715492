#include "base/config_value.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>

#include "base/config_rule.h"

namespace kcore {

namespace {

constexpr std::string_view kSpace = " \t\n\r\f\v";

std::string_view trim(std::string_view text) {
    const auto from = text.find_first_not_of(kSpace);
    if (from == std::string_view::npos) return {};
    return text.substr(from, text.find_last_not_of(kSpace) - from + 1);
}

bool equal_any_case(std::string_view text, std::string_view lower) {
    if (text.size() != lower.size()) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) != lower[i]) return false;
    }
    return true;
}

Result<ConfigValue> wrong(const ConfigKey& key, std::string_view text, std::string_view why) {
    const auto shown = key.is_sensitive() ? "[hidden]" : text;
    return fail(Errc::invalid_config,
                fmt::format("Invalid value {} for configuration {}: {}", shown, key.name, why));
}

Result<ConfigValue> not_a_number(const ConfigKey& key, std::string_view text) {
    return wrong(key, text, fmt::format("Not a number of type {}", config_type_name(key.type)));
}

Result<ConfigValue> read_flag(const ConfigKey& key, std::string_view text) {
    if (equal_any_case(text, "true")) return ConfigValue(true);
    if (equal_any_case(text, "false")) return ConfigValue(false);
    return wrong(key, text, "Expected value to be either true or false");
}

std::int64_t type_limit(ConfigType type) {
    if (type == ConfigType::int16) return std::numeric_limits<std::int16_t>::max();
    if (type == ConfigType::int32) return std::numeric_limits<std::int32_t>::max();
    return std::numeric_limits<std::int64_t>::max();
}

Result<ConfigValue> read_integer(const ConfigKey& key, std::string_view text) {
    auto digits = text;
    if (digits.starts_with('+') && !digits.substr(1).starts_with('-')) digits.remove_prefix(1);
    std::int64_t value = 0;
    const auto* end = digits.data() + digits.size();
    const auto [at, error] = std::from_chars(digits.data(), end, value);
    const auto limit = type_limit(key.type);
    if (error != std::errc() || at != end || value > limit || value < -limit - 1) {
        return not_a_number(key, text);
    }
    return ConfigValue(value);
}

Result<ConfigValue> read_number(const ConfigKey& key, std::string_view text) {
    auto digits = text;
    if (digits.starts_with('+') && !digits.substr(1).starts_with('-')) digits.remove_prefix(1);
    if (!digits.empty() && std::string_view("dDfF").contains(digits.back()))
        digits.remove_suffix(1);
    double value = 0;
    const auto* end = digits.data() + digits.size();
    const auto [at, error] = std::from_chars(digits.data(), end, value);
    if (error != std::errc() || at != end || !std::isfinite(value)) return not_a_number(key, text);
    return ConfigValue(value);
}

Result<ConfigValue> read_typed(const ConfigKey& key, std::string_view text) {
    switch (key.type) {
        case ConfigType::boolean:
            return read_flag(key, trim(text));
        case ConfigType::int16:
        case ConfigType::int32:
        case ConfigType::int64:
            return read_integer(key, trim(text));
        case ConfigType::float64:
            return read_number(key, trim(text));
        case ConfigType::list:
            return ConfigValue(split_list(text));
        case ConfigType::password:
            return ConfigValue(std::string(text));
        case ConfigType::text:
        case ConfigType::java_class:
            return ConfigValue(std::string(trim(text)));
    }
    return wrong(key, text, "Unknown type");
}

// As Java writes a double: "0.5", "2.0", "1.7976931348623157E308".
std::string java_double(double value) {
    const double size = std::fabs(value);
    if (size != 0 && (size < 1e-3 || size >= 1e7)) {
        auto text = fmt::format("{:e}", value);
        char digits[32];
        const auto end =
            std::to_chars(digits, digits + sizeof digits, value, std::chars_format::scientific).ptr;
        text.assign(digits, end);
        const auto at = text.find('e');
        auto mantissa = text.substr(0, at);
        if (!mantissa.contains('.')) mantissa += ".0";
        const auto exponent = std::atoi(text.c_str() + at + 1);
        return fmt::format("{}E{}", mantissa, exponent);
    }
    auto text = fmt::format("{}", value);
    if (!text.contains('.')) text += ".0";
    return text;
}

}  // namespace

std::string_view config_type_name(ConfigType type) {
    switch (type) {
        case ConfigType::boolean:
            return "BOOLEAN";
        case ConfigType::text:
            return "STRING";
        case ConfigType::int32:
            return "INT";
        case ConfigType::int16:
            return "SHORT";
        case ConfigType::int64:
            return "LONG";
        case ConfigType::float64:
            return "DOUBLE";
        case ConfigType::list:
            return "LIST";
        case ConfigType::java_class:
            return "CLASS";
        case ConfigType::password:
            return "PASSWORD";
    }
    return "UNKNOWN";
}

ConfigValue::List split_list(std::string_view text) {
    ConfigValue::List items;
    text = trim(text);
    if (text.empty()) return items;
    for (;;) {
        const auto comma = text.find(',');
        items.emplace_back(trim(text.substr(0, comma)));
        if (comma == std::string_view::npos) return items;
        text.remove_prefix(comma + 1);
    }
}

std::string ConfigValue::to_text() const {
    if (is_null()) return {};
    if (const auto* flag = std::get_if<bool>(&value_)) return *flag ? "true" : "false";
    if (const auto* integer = std::get_if<std::int64_t>(&value_)) return std::to_string(*integer);
    if (const auto* number = std::get_if<double>(&value_)) return java_double(*number);
    if (const auto* text = std::get_if<std::string>(&value_)) return *text;
    return fmt::format("{}", fmt::join(std::get<List>(value_), ","));
}

Result<ConfigValue> parse_config(const ConfigKey& key, std::string_view text) {
    auto value = read_typed(key, text);
    if (!value) return value;
    return apply_rule(key, std::move(*value));
}

ConfigValue default_config(const ConfigKey& key) {
    if (key.initial == nullptr) return {};
    return parse_config(key, key.initial).value();
}

}  // namespace kcore
