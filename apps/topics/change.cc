#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "cli/near.h"
#include "cli/sheet.h"
#include "topics/topics.h"

namespace kcore::topics {

namespace {

using Answer = cli::Console::Answer;

struct ChangeRow {
    std::string topic;
    std::string id;
    std::string action;
    std::int64_t partitions = -1;
    std::int64_t replication_factor = -1;
    std::optional<Error> error;
};

const std::vector<cli::Field<ChangeRow>> kChangeFields{
    {{"topic", "TOPIC"}, [](const ChangeRow& r) { return cli::Json(r.topic); }},
    {{"action", "ACTION"}, [](const ChangeRow& r) { return cli::Json(r.action); }},
    {{"id", "ID"}, [](const ChangeRow& r) { return r.id.empty() ? cli::Json() : cli::Json(r.id); }},
    {{"partition_count", "PARTITIONS", cli::Kind::number},
     [](const ChangeRow& r) { return r.partitions < 0 ? cli::Json() : cli::Json(r.partitions); }},
    {{"replication_factor", "RF", cli::Kind::number},
     [](const ChangeRow& r) {
         return r.replication_factor < 0 ? cli::Json() : cli::Json(r.replication_factor);
     }},
    {{"error", "ERROR", cli::Kind::text, cli::Show::wide},
     [](const ChangeRow& r) { return cli::error_json(r.error); }}};

// For people one line a change, else rows.
void show(cli::Console& console, const Options& options, const std::vector<ChangeRow>& rows) {
    if (options.common.output != "table") {
        console.show(cli::make_sheet("topics", kChangeFields, rows));
        return;
    }
    for (const auto& row : rows) {
        if (row.error) continue;
        auto line = fmt::format("{} {}", row.action, row.topic);
        const bool has_shape = row.partitions >= 0;
        if (has_shape) line += fmt::format("  partitions={}", row.partitions);
        if (row.replication_factor >= 0) {
            line += fmt::format(" replication-factor={}", row.replication_factor);
        }
        if (has_shape && !row.id.empty()) line += fmt::format(" id={}", row.id);
        console.print(line + "\n");
    }
}

ChangeRow to_row(const client::TopicOutcome& outcome, bool is_dry) {
    ChangeRow row;
    row.topic = outcome.name;
    row.id = outcome.id.is_zero() ? "" : outcome.id.to_string();
    row.action = is_dry ? "would create" : "created";
    row.partitions = outcome.partitions;
    row.replication_factor = outcome.replication_factor;
    row.error = outcome.error;
    return row;
}

}  // namespace

int create(const Options& options) {
    Session session(options);
    auto& console = session.console();
    std::vector<std::pair<std::string, std::string>> configs;
    for (const auto& text : options.configs) {
        auto pair = split_pair(text);
        if (!pair) return console.usage("-c " + pair.error());
        configs.push_back(std::move(*pair));
    }
    if (!session.open()) return cli::kUsage;
    std::vector<client::NewTopic> topics;
    for (const auto& name : options.names) {
        topics.push_back({name, static_cast<std::int32_t>(options.partitions),
                          static_cast<std::int16_t>(options.replication_factor), configs});
    }
    const bool is_dry = options.common.dry_run;
    auto outcomes = session.admin().create_topics(std::move(topics), is_dry);
    if (!outcomes) return console.fail({"", outcomes.error()});
    std::vector<ChangeRow> rows;
    int code = is_dry ? cli::kPending : cli::kDone;
    for (const auto& outcome : *outcomes) {
        const bool is_there = outcome.error && outcome.error->code == Errc::topic_already_exists;
        if (is_there && options.if_not_exists) {
            console.notice(fmt::format("{} already exists", outcome.name));
            continue;
        }
        rows.push_back(to_row(outcome, is_dry));
        if (!outcome.error) continue;
        console.fail({outcome.name, *outcome.error, is_there ? "--if-not-exists" : ""});
        code = std::max<int>(cli::exit_code_of(*outcome.error), cli::kFailed);
    }
    show(console, options, rows);
    return code;
}

int remove(const Options& options) {
    Session session(options);
    auto& console = session.console();
    if (!session.open()) return cli::kUsage;
    auto names = session.wanted();
    if (!names) return console.fail({"", names.error()});
    auto view = session.admin().metadata(*names);
    if (!view) return console.fail({"", view.error()});
    std::vector<ChangeRow> plan;
    int code = cli::kDone;
    for (const auto& name : *names) {
        const auto* topic = (*view)->find(name);
        if (topic != nullptr && topic->error == Errc::none) {
            plan.push_back({name,
                            topic->id.to_string(),
                            "would delete",
                            static_cast<std::int64_t>(topic->partitions.size()),
                            -1,
                            {}});
        } else if (!options.if_exists) {
            const auto why = topic == nullptr || topic->error == Errc::none
                                 ? Errc::unknown_topic_or_partition
                                 : topic->error;
            const auto* hint = why == Errc::unknown_topic_or_partition ? "--if-exists" : "";
            code = console.fail({name, Error(why, "there is no such topic"), hint});
        }
    }
    if (plan.empty()) return code;
    if (!options.common.yes) show(console, options, plan);
    const auto answer = console.confirm(fmt::format("delete {} topic(s)?", plan.size()));
    if (answer != Answer::apply) return cli::kPending;
    std::vector<std::string> doomed;
    for (const auto& row : plan) doomed.push_back(row.topic);
    auto outcomes = session.admin().delete_topics(std::move(doomed));
    if (!outcomes) return console.fail({"", outcomes.error()});
    std::vector<ChangeRow> rows;
    for (const auto& outcome : *outcomes) {
        rows.push_back({outcome.name, "", "deleted", -1, -1, outcome.error});
        if (outcome.error) code = console.fail({outcome.name, *outcome.error});
    }
    show(console, options, rows);
    return code;
}

int alter(const Options& options) {
    Session session(options);
    auto& console = session.console();
    if ((options.partitions > 0) == (options.add_partitions > 0)) {
        return console.usage("give either --partitions or --add-partitions");
    }
    if (!session.open()) return cli::kUsage;
    const auto& name = options.names.front();
    auto view = session.admin().metadata(options.names);
    if (!view) return console.fail({"", view.error()});
    const auto* topic = (*view)->find(name);
    if (topic == nullptr || topic->error != Errc::none) {
        return console.fail(
            {name, Error(Errc::unknown_topic_or_partition, "there is no such topic")});
    }
    const auto now = static_cast<std::int64_t>(topic->partitions.size());
    const auto total = options.partitions > 0 ? options.partitions : now + options.add_partitions;
    const bool is_dry = options.common.dry_run;
    auto done = session.admin().create_partitions(name, static_cast<std::int32_t>(total), is_dry);
    if (!done) return console.fail({name, done.error()});
    console.notice(fmt::format("warning: keys of {} go to other partitions from now on", name));
    const std::vector<ChangeRow> rows{
        {name, topic->id.to_string(), is_dry ? "would alter" : "altered", total, -1, {}}};
    show(console, options, rows);
    return is_dry ? cli::kPending : cli::kDone;
}

namespace {

struct ConfigRow {
    std::string topic;
    client::ConfigEntry entry;
};

std::string source_name(client::ConfigSource source) {
    using Source = client::ConfigSource;
    switch (source) {
        case Source::topic:
            return "topic";
        case Source::dynamic_broker:
            return "broker";
        case Source::dynamic_default_broker:
            return "cluster";
        case Source::static_broker:
            return "file";
        case Source::default_config:
            return "default";
        default:
            return "other";
    }
}

const std::vector<cli::Field<ConfigRow>> kConfigFields{
    {{"key", "KEY"}, [](const ConfigRow& r) { return cli::Json(r.entry.name); }},
    {{"value", "VALUE"},
     [](const ConfigRow& r) {
         return r.entry.is_sensitive ? cli::Json("(hidden)") : cli::optional_json(r.entry.value);
     }},
    {{"source", "SOURCE"},
     [](const ConfigRow& r) { return cli::Json(source_name(r.entry.source)); }},
    {{"default", "DEFAULT"},
     [](const ConfigRow& r) { return cli::optional_json(r.entry.default_value); }},
    {{"topic", "TOPIC", cli::Kind::text, cli::Show::wide},
     [](const ConfigRow& r) { return cli::Json(r.topic); }},
    {{"documentation", "DOCUMENTATION", cli::Kind::text, cli::Show::wide}, [](const ConfigRow& r) {
         return r.entry.documentation.empty() ? cli::Json() : cli::Json(r.entry.documentation);
     }}};

Result<client::ResourceConfigs> read_configs(Session& session, const std::string& topic) {
    auto configs = session.admin().describe_configs(client::ResourceType::topic, {topic},
                                                    session.options().docs);
    if (!configs) return std::unexpected(std::move(configs).error());
    if (configs->empty()) return fail(Errc::unknown_server_error, "the broker answered nothing");
    if (configs->front().error) return std::unexpected(*configs->front().error);
    return std::move(configs->front());
}

cli::Parsed<std::vector<client::ConfigChange>> changes_of(const Options& options) {
    using Operation = client::ConfigOperation;
    std::vector<client::ConfigChange> out;
    for (const auto& [list, operation] : {std::pair{&options.set, Operation::set},
                                          {&options.append, Operation::append},
                                          {&options.subtract, Operation::subtract}}) {
        for (const auto& text : *list) {
            auto pair = split_pair(text);
            if (!pair) return cli::refuse(std::move(pair).error());
            out.push_back({pair->first, operation, pair->second});
        }
    }
    for (const auto& name : options.unset) out.push_back({name, Operation::remove, ""});
    return out;
}

int change_configs(Session& session, const client::ResourceConfigs& now,
                   std::vector<client::ConfigChange> changes) {
    const auto& options = session.options();
    auto& console = session.console();
    std::map<std::string, client::ConfigEntry> before;
    std::vector<std::string> known;
    for (const auto& entry : now.entries) {
        before[entry.name] = entry;
        known.push_back(entry.name);
    }
    for (const auto& change : changes) {
        if (before.contains(change.name)) continue;
        const auto near = cli::nearest(change.name, known);
        return console.fail(
            {options.names.front(),
             Error(Errc::invalid_config, fmt::format("unknown key {}", change.name)),
             near ? "did you mean " + *near + "?" : ""});
    }
    const bool is_dry = options.common.dry_run;
    auto done = session.admin().alter_configs(client::ResourceType::topic, options.names.front(),
                                              changes, is_dry);
    if (!done) return console.fail({options.names.front(), done.error()});
    for (const auto& change : changes) {
        const auto old = before[change.name].value.value_or("-");
        const auto next = change.operation == client::ConfigOperation::remove
                              ? before[change.name].default_value.value_or("(default)")
                              : change.value;
        console.notice(
            fmt::format("{}{}: {} -> {}", is_dry ? "would set " : "", change.name, old, next));
    }
    return is_dry ? cli::kPending : cli::kDone;
}

}  // namespace

bool changes_configs(const Options& options) {
    return !options.set.empty() || !options.unset.empty() || !options.append.empty() ||
           !options.subtract.empty();
}

int config(const Options& options) {
    Session session(options);
    auto& console = session.console();
    auto changes = changes_of(options);
    if (!changes) return console.usage(changes.error());
    if (options.common.output == "help") {
        console.show(cli::make_sheet<ConfigRow>("configs", kConfigFields, {}));
        return cli::kDone;
    }
    if (!session.open()) return cli::kUsage;
    const auto& topic = options.names.front();
    auto now = read_configs(session, topic);
    if (!now) return console.fail({topic, now.error()});
    if (!changes->empty()) return change_configs(session, *now, std::move(*changes));
    std::vector<ConfigRow> rows;
    for (const auto& entry : now->entries) {
        const bool is_set = entry.source == client::ConfigSource::topic;
        const bool is_wanted =
            options.key.empty() ? options.all || is_set : entry.name == options.key;
        if (is_wanted) rows.push_back({topic, entry});
    }
    if (!options.key.empty() && rows.empty()) {
        std::vector<std::string> known;
        for (const auto& entry : now->entries) known.push_back(entry.name);
        const auto near = cli::nearest(options.key, known);
        return console.fail(
            {topic, Error(Errc::invalid_config, fmt::format("unknown key {}", options.key)),
             near ? "did you mean " + *near + "?" : ""});
    }
    console.show(cli::make_sheet("configs", kConfigFields, rows));
    return cli::kDone;
}

}  // namespace kcore::topics
