#include "groups/target.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "cli/quantity.h"
#include "cli/time_text.h"

namespace kcore::groups {

namespace {

using To = Target::Kind;

// "+10" and "-10"; nothing for what is not a signed number.
std::optional<std::int64_t> parse_signed(const std::string& text) {
    std::int64_t number = 0;
    const bool is_signed = text.starts_with('+') || text.starts_with('-');
    if (!is_signed || !cli::parse_integer(text.substr(1), number) || number < 0) {
        return std::nullopt;
    }
    return text[0] == '-' ? -number : number;
}

std::string unquoted(std::string text) {
    while (!text.empty() && (text.back() == '\r' || text.back() == ' ')) text.pop_back();
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
        return text.substr(1, text.size() - 2);
    }
    return text;
}

cli::Parsed<Offsets> from_json(const nlohmann::json& document) {
    const auto& list = document.is_object() ? document.value("offsets", document) : document;
    if (!list.is_array()) return cli::refuse("it is not a list of offsets");
    Offsets out;
    for (const auto& one : list) {
        const auto* field = one.contains("new_offset") ? "new_offset" : "offset";
        const bool is_whole = one.is_object() && one.contains("topic") &&
                              one["topic"].is_string() && one.contains("partition") &&
                              one["partition"].is_number_integer() && one.contains(field) &&
                              one[field].is_number_integer();
        if (!is_whole) {
            return cli::refuse(fmt::format("'{}' lacks topic, partition or offset", one.dump()));
        }
        const TopicPartition name{one["topic"].get<std::string>(),
                                  one["partition"].get<std::int32_t>()};
        out[name] = one[field].get<std::int64_t>();
    }
    return out;
}

}  // namespace

cli::Parsed<Target> parse_target(const std::string& text, std::int64_t now_ms) {
    for (const auto& [word, kind] : {std::pair{"earliest", To::earliest}, {"latest", To::latest}}) {
        if (!text.starts_with(word)) continue;
        const auto rest = text.substr(std::string_view(word).size());
        if (rest.empty()) return Target{kind, 0, ""};
        if (const auto more = parse_signed(rest)) return Target{kind, *more, ""};
    }
    if (text == "current") return Target{To::current, 0, ""};
    if (text.starts_with("group:")) return Target{To::group, 0, text.substr(6)};
    if (text.starts_with("file:")) return Target{To::file, 0, text.substr(5)};
    if (text.starts_with('@')) {
        auto time = cli::parse_time_ms(text.substr(1), now_ms);
        if (!time) return cli::refuse(time.error());
        return Target{To::time, *time, ""};
    }
    if (const auto shift = parse_signed(text)) return Target{To::shift, *shift, ""};
    std::int64_t number = 0;
    if (cli::parse_integer(text, number) && number >= 0) return Target{To::offset, number, ""};
    if (text.starts_with('-')) {  // With a unit it is a time.
        auto before = cli::parse_duration_ms(text.substr(1));
        if (before) return Target{To::time, now_ms - *before, ""};
    }
    return cli::refuse(
        fmt::format("'{}' is not a target: earliest, latest-5, current, 42, +10, -10, @TIME, -1h, "
                    "group:OTHER, file:FILE",
                    text));
}

namespace {

cli::Parsed<TopicChoice> parse_topic(const std::string& text) {
    const auto colon = text.find(':');
    TopicChoice out{text.substr(0, colon), {}};
    if (colon == text.npos) return out;
    for (const auto& digits : cli::split_commas(text.substr(colon + 1))) {
        std::int64_t number = 0;
        if (!cli::parse_integer(digits, number) || number < 0 || number > INT32_MAX) {
            return cli::refuse(fmt::format("'{}' of '{}' is not a partition", digits, text));
        }
        out.partitions.push_back(static_cast<std::int32_t>(number));
    }
    return out;
}

}  // namespace

cli::Option topics_option(std::string names, std::string help, std::vector<TopicChoice>& out) {
    return {.names = std::move(names),
            .placeholder = "T[:P,P]",
            .help = std::move(help),
            .set = [&out](const std::string& text) -> cli::Parsed<void> {
                auto choice = parse_topic(text);
                if (!choice) return cli::refuse(std::move(choice).error());
                out.push_back(std::move(*choice));
                return {};
            }};
}

cli::Parsed<std::int64_t> parse_iso_duration_ms(const std::string& text) {
    std::string plain;  // As the durations of our own flags.
    bool is_time = false;
    const bool is_iso = text.size() > 2 && text.starts_with('P');
    for (std::size_t i = 1; is_iso && i < text.size(); ++i) {
        const char c = text[i];
        if (c == 'T') {
            is_time = true;
        } else if (c == 'D' && !is_time) {
            plain += 'd';
        } else if ((c == 'H' || c == 'M' || c == 'S') && is_time) {
            plain += static_cast<char>(c + ('a' - 'A'));
        } else if ((c >= '0' && c <= '9') || c == '.') {
            plain += c;
        } else {
            plain.clear();
            break;
        }
    }
    const auto ms = cli::parse_duration_ms(plain);
    if (!plain.empty() && ms) return *ms;
    return cli::refuse(fmt::format("'{}' is not a duration such as P1DT2H30M", text));
}

std::string datetime_target(const std::string& time) {
    const auto clock = time.find('T');
    const bool has_zone = clock != time.npos && time.find_first_of("Z+-", clock) != time.npos;
    return "@" + time + (has_zone ? "" : "Z");
}

cli::Parsed<std::string> duration_target(const std::string& iso) {
    auto ms = parse_iso_duration_ms(iso);
    if (!ms) return cli::refuse(std::move(ms).error());
    return fmt::format("-{}ms", *ms);
}

std::string shift_target(const std::string& by) {
    return by.starts_with('-') || by.starts_with('+') ? by : "+" + by;
}

cli::Parsed<Offsets> parse_offsets(const std::string& text, const std::string& group) {
    const auto json = nlohmann::json::parse(text, nullptr, false);
    if (json.is_array() || json.is_object()) return from_json(json);
    Offsets out;
    std::istringstream in(text);
    std::string line;
    for (int number = 1; std::getline(in, line); ++number) {
        if (unquoted(line).empty()) continue;
        auto fields = cli::split_commas(line);
        for (auto& field : fields) field = unquoted(field);
        if (fields.size() == 4) {
            if (fields.front() != group) continue;
            fields.erase(fields.begin());
        }
        std::int64_t partition = 0;
        std::int64_t offset = 0;
        const bool is_right = fields.size() == 3 && cli::parse_integer(fields[1], partition) &&
                              cli::parse_integer(fields[2], offset) && partition >= 0 &&
                              partition <= INT32_MAX && offset >= 0;
        if (!is_right) {
            return cli::refuse(
                fmt::format("line {} is not topic,partition,offset: '{}'", number, line));
        }
        out[{fields[0], static_cast<std::int32_t>(partition)}] = offset;
    }
    return out;
}

}  // namespace kcore::groups
