#include "cli/configs.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace kcore::cli {

namespace {

using client::ConfigOperation;
using client::ConfigSource;

Result<std::vector<client::ConfigEntry>> read(Session& session, const ConfigResource& resource,
                                              bool docs) {
    auto configs = session.admin().describe_configs(resource.type, {resource.name}, docs);
    if (!configs) return std::unexpected(std::move(configs).error());
    if (configs->empty()) return kcore::fail(Errc::unknown_server_error, "no answer");
    auto& first = configs->front();
    if (first.error) return std::unexpected(std::move(*first.error));
    std::ranges::sort(first.entries, {}, &client::ConfigEntry::name);
    return std::move(first.entries);
}

Parsed<std::vector<client::ConfigChange>> changes_of(const ConfigOptions& options) {
    std::vector<client::ConfigChange> out;
    for (const auto& [list, operation] : {std::pair{&options.set, ConfigOperation::set},
                                          {&options.append, ConfigOperation::append},
                                          {&options.subtract, ConfigOperation::subtract}}) {
        for (const auto& text : *list) {
            auto pair = split_pair(text);
            if (!pair) return refuse(std::move(pair).error());
            out.push_back({pair->first, operation, pair->second});
        }
    }
    for (const auto& name : options.unset) out.push_back({name, ConfigOperation::remove, ""});
    return out;
}

std::vector<std::string> names_of(const std::vector<client::ConfigEntry>& entries) {
    std::vector<std::string> out;
    for (const auto& entry : entries) out.push_back(entry.name);
    return out;
}

// What the key will be: lists are the broker's to put together.
std::string next_value(const client::ConfigChange& change, const client::ConfigEntry* now) {
    switch (change.operation) {
        case ConfigOperation::set:
            return change.value;
        case ConfigOperation::append:
            return "with " + change.value;
        case ConfigOperation::subtract:
            return "without " + change.value;
        case ConfigOperation::remove:
            break;
    }
    return now == nullptr ? "(default)" : now->default_value.value_or("(default)");
}

int change(Session& session, const ConfigResource& resource,
           const std::vector<client::ConfigEntry>& now,
           const std::vector<client::ConfigChange>& changes) {
    auto& console = session.console();
    const auto& shown = resource.shown.empty() ? resource.name : resource.shown;
    std::map<std::string, const client::ConfigEntry*> before;
    for (const auto& entry : now) before[entry.name] = &entry;
    for (const auto& one : changes) {
        // What all brokers share tells only what is set; the broker judges the rest.
        if (resource.name.empty() || before.contains(one.name)) continue;
        return console.fail(unknown_name(shown, "key", one.name, names_of(now)));
    }
    auto done =
        session.admin().alter_configs(resource.type, resource.name, changes, session.is_dry());
    if (!done) return console.fail({shown, done.error()});
    for (const auto& one : changes) {
        const auto found = before.find(one.name);
        const auto* entry = found == before.end() ? nullptr : found->second;
        const auto old = entry == nullptr ? "-" : entry->value.value_or("-");
        console.notice(fmt::format("{}{}: {} -> {}", session.is_dry() ? "would set " : "", one.name,
                                   old, next_value(one, entry)));
    }
    return session.is_dry() ? kPending : kDone;
}

}  // namespace

std::string config_source_name(ConfigSource source) {
    switch (source) {
        case ConfigSource::topic:
            return "topic";
        case ConfigSource::dynamic_broker:
            return "broker";
        case ConfigSource::dynamic_default_broker:
            return "cluster";
        case ConfigSource::static_broker:
            return "file";
        case ConfigSource::default_config:
            return "default";
        case ConfigSource::dynamic_broker_logger:
            return "logger";
        case ConfigSource::client_metrics:
            return "client-metrics";
        case ConfigSource::group:
            return "group";
        case ConfigSource::unknown:
            break;
    }
    return "unknown";
}

const std::vector<Field<ConfigRow>>& config_fields() {
    static const std::vector<Field<ConfigRow>> fields{
        {{"key", "KEY"}, [](const ConfigRow& r) { return Json(r.entry.name); }},
        {{"value", "VALUE"},
         [](const ConfigRow& r) {
             return r.entry.is_sensitive ? Json("(hidden)") : optional_json(r.entry.value);
         }},
        {{"source", "SOURCE"},
         [](const ConfigRow& r) { return Json(config_source_name(r.entry.source)); }},
        {{"default", "DEFAULT"},
         [](const ConfigRow& r) { return optional_json(r.entry.default_value); }},
        {{"read_only", "READ-ONLY", Kind::truth, Show::wide},
         [](const ConfigRow& r) { return Json(r.entry.is_read_only); }},
        {{"resource", "RESOURCE", Kind::text, Show::wide},
         [](const ConfigRow& r) { return Json(r.resource); }},
        {{"documentation", "DOCUMENTATION", Kind::text, Show::wide}, [](const ConfigRow& r) {
             return r.entry.documentation.empty() ? Json() : Json(r.entry.documentation);
         }}};
    return fields;
}

std::vector<Option> config_options(ConfigOptions& o) {
    return {list("--set", "K=V", "set a value", o.set),
            list("--unset", "K", "back to the default", o.unset),
            list("--append", "K=V", "add to a list", o.append),
            list("--subtract", "K=V", "take from a list", o.subtract),
            flag("-a,--all", "defaults too", o.all),
            flag("--docs", "all of them with what they are for", o.docs)};
}

Positional config_key(ConfigOptions& o) {
    return {.name = "KEY", .help = "one setting", .least = 0, .set = to_text(o.key)};
}

int show_or_change_configs(Session& session, const ConfigOptions& options,
                           const ConfigResource& resource) {
    auto& console = session.console();
    const auto& shown = resource.shown.empty() ? resource.name : resource.shown;
    auto changes = changes_of(options);
    if (!changes) return console.usage(changes.error());
    auto now = read(session, resource, options.docs);
    if (!now) return console.fail({shown, now.error()});
    if (!changes->empty()) return change(session, resource, *now, *changes);
    std::vector<ConfigRow> rows;
    const bool wants_all = options.all || options.docs;
    for (const auto& entry : *now) {
        const bool is_wanted = options.key.empty() ? wants_all || entry.source == resource.own
                                                   : entry.name == options.key;
        if (is_wanted) rows.push_back({shown, entry});
    }
    if (!options.key.empty() && rows.empty()) {
        return console.fail(unknown_name(shown, "key", options.key, names_of(*now)));
    }
    auto fields = config_fields();
    if (options.docs) fields.back().column.show = Show::always;
    return console.show(make_sheet("configs", fields, rows));
}

}  // namespace kcore::cli
