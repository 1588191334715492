// Quotas of users, clients and addresses.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "admin/admin.h"

namespace kcore::admin {

namespace {

using cli::Json;
using cli::Kind;

constexpr std::array<std::string_view, 3> kTypes{"user", "client-id", "ip"};
const std::vector<std::string> kKeys{"producer_byte_rate", "consumer_byte_rate",
                                     "request_percentage", "controller_mutation_rate",
                                     "connection_creation_rate"};

// "user=alice" is that user, "user" alone the default of users.
struct Entity {
    std::string type;
    std::optional<std::string> name;

    Json json() const {
        return {{"entityType", type}, {"entityName", name ? Json(*name) : Json()}};
    }
};

struct Words {
    std::vector<Entity> entities;
    std::vector<std::string> others;
};

Words sorted(const std::vector<std::string>& words) {
    Words out;
    for (const auto& word : words) {
        const auto split = word.find('=');
        const auto type = word.substr(0, split);
        if (std::ranges::find(kTypes, type) == kTypes.end()) {
            out.others.push_back(word);
        } else if (split == word.npos) {
            out.entities.push_back({type, std::nullopt});
        } else {
            out.entities.push_back({type, word.substr(split + 1)});
        }
    }
    return out;
}

std::string text_of(const Json& entity) {
    std::string out;
    for (const auto& part : entity) {
        if (!out.empty()) out += ' ';
        out += part["entityType"].get<std::string>();
        if (!part["entityName"].is_null()) out += "=" + part["entityName"].get<std::string>();
    }
    return out;
}

Json entity_json(const std::vector<Entity>& entities) {
    auto out = Json::array();
    for (const auto& one : entities) out.push_back(one.json());
    return out;
}

struct QuotaRow {
    std::string entity;
    std::string key;
    double value = 0;
};

Json number_json(double value) {
    const bool is_whole = std::floor(value) == value && std::abs(value) < 9e15;
    return is_whole ? Json(static_cast<std::int64_t>(value)) : Json(value);
}

const std::vector<cli::Field<QuotaRow>> kFields{
    {{"entity", "ENTITY"}, [](const QuotaRow& r) { return Json(r.entity); }},
    {{"key", "KEY"}, [](const QuotaRow& r) { return Json(r.key); }},
    {{"value", "VALUE", Kind::number}, [](const QuotaRow& r) { return number_json(r.value); }}};

// Of entities that have all of `chosen`, and with `is_strict` nothing else.
Result<std::vector<QuotaRow>> read(Session& session, const std::vector<Entity>& chosen,
                                   bool is_strict) {
    auto components = Json::array();
    for (const auto& one : chosen) {
        components.push_back({{"entityType", one.type},
                              {"matchType", one.name ? 0 : 1},
                              {"match", one.name ? Json(*one.name) : Json()}});
    }
    auto answer =
        ask(session, "DescribeClientQuotas", {{"components", components}, {"strict", is_strict}});
    if (!answer) return std::unexpected(std::move(answer).error());
    std::vector<QuotaRow> rows;
    if ((*answer)["entries"].is_null()) return rows;
    for (const auto& entry : (*answer)["entries"]) {
        for (const auto& value : entry["values"]) {
            rows.push_back({text_of(entry["entity"]), value["key"].get<std::string>(),
                            value["value"].get<double>()});
        }
    }
    std::ranges::sort(rows, {}, [](const QuotaRow& r) { return std::pair(r.entity, r.key); });
    return rows;
}

int alter(Session& session, const std::vector<Entity>& entities, const Json& operations) {
    auto& console = session.console();
    const auto entity = entity_json(entities);
    const auto name = text_of(entity);
    auto answer = ask(session, "AlterClientQuotas",
                      {{"entries", {{{"entity", entity}, {"ops", operations}}}},
                       {"validateOnly", session.is_dry()}});
    if (!answer) return console.fail({name, answer.error()});
    for (const auto& entry : (*answer)["entries"]) {
        if (auto error = error_of(entry)) return console.fail({name, *error});
    }
    cli::Changes done{"quotas"};
    for (const auto& one : operations) {
        const bool is_gone = one["remove"].get<bool>();
        auto details = Json{{"key", one["key"]}};
        if (!is_gone) details["value"] = number_json(one["value"].get<double>());
        const auto* action = is_gone ? "unset" : "set";
        done.rows.push_back(
            {name, std::string(session.is_dry() ? "would " : "") + action, details});
    }
    return session.show(done);
}

cli::Parsed<double> parse_number(const std::string& text) {
    double value = 0;
    const auto* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error == std::errc() && stop == end) return value;
    auto size = cli::parse_size_bytes(text);
    if (!size) return cli::refuse(fmt::format("'{}' is neither a number nor a size", text));
    return static_cast<double>(*size);
}

int unknown_key(Session& session, const std::string& key) {
    return session.console().fail(cli::unknown_name("", "quota", key, kKeys));
}

constexpr const char* kNoEntity =
    "name whom it is for: user=NAME, client-id=NAME, ip=ADDRESS; "
    "without =NAME the default";

}  // namespace

cli::Sheet quota_fields() { return cli::make_sheet<QuotaRow>("quotas", kFields, {}); }

int list_quotas(Session& session, const Options& options) {
    const auto words = sorted(options.words);
    if (!words.others.empty()) return session.console().usage(kNoEntity);
    auto rows = read(session, words.entities, false);
    if (!rows) return session.console().fail({"", rows.error()});
    return session.console().show(cli::make_sheet("quotas", kFields, *rows));
}

int set_quotas(Session& session, const Options& options) {
    auto& console = session.console();
    const auto words = sorted(options.words);
    if (words.entities.empty()) return console.usage(kNoEntity);
    auto operations = Json::array();
    for (const auto& word : words.others) {
        auto pair = cli::split_pair(word);
        if (!pair) return console.usage(pair.error());
        if (std::ranges::find(kKeys, pair->first) == kKeys.end()) {
            return unknown_key(session, pair->first);
        }
        auto value = parse_number(pair->second);
        if (!value) return console.usage(fmt::format("{}: {}", pair->first, value.error()));
        operations.push_back({{"key", pair->first}, {"value", *value}, {"remove", false}});
    }
    if (operations.empty()) return console.usage("KEY=VALUE is missing");
    return alter(session, words.entities, operations);
}

int unset_quotas(Session& session, const Options& options) {
    auto& console = session.console();
    auto words = sorted(options.words);
    if (words.entities.empty()) return console.usage(kNoEntity);
    if (words.others.empty()) {
        auto rows = read(session, words.entities, true);
        if (!rows) return console.fail({"", rows.error()});
        for (const auto& row : *rows) words.others.push_back(row.key);
    }
    if (words.others.empty()) {
        console.notice("there is no quota to unset");
        return cli::kDone;
    }
    auto operations = Json::array();
    for (const auto& key : words.others) {
        if (std::ranges::find(kKeys, key) == kKeys.end()) return unknown_key(session, key);
        operations.push_back({{"key", key}, {"value", 0.0}, {"remove", true}});
    }
    return alter(session, words.entities, operations);
}

}  // namespace kcore::admin
