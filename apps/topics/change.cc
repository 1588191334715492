// Commands that make, grow, set and delete topics.
#include <fmt/format.h>

#include <algorithm>

#include "topics/topics.h"

namespace kcore::topics {

namespace {

cli::Json shape(const client::TopicOutcome& made) {
    auto out = cli::Json::object();
    if (made.partitions >= 0) out["partitions"] = made.partitions;
    if (made.replication_factor >= 0) out["replication_factor"] = made.replication_factor;
    if (!made.id.is_zero()) out["id"] = made.id.to_string();
    return out;
}

}  // namespace

int create(Session& session, const Options& options) {
    auto& console = session.console();
    std::vector<std::pair<std::string, std::string>> configs;
    for (const auto& text : options.configs) {
        auto pair = cli::split_pair(text);
        if (!pair) return console.usage("-c " + pair.error());
        configs.push_back(std::move(*pair));
    }
    std::vector<client::NewTopic> topics;
    for (const auto& name : options.names) {
        topics.push_back({name, static_cast<std::int32_t>(options.partitions),
                          static_cast<std::int16_t>(options.replication_factor), configs});
    }
    auto outcomes = session.admin().create_topics(std::move(topics), session.is_dry());
    if (!outcomes) return console.fail({"", outcomes.error()});
    cli::Changes changes{"topics"};
    for (const auto& outcome : *outcomes) {
        const bool is_there = outcome.error && outcome.error->code == Errc::topic_already_exists;
        if (is_there && options.if_not_exists) {
            console.notice(fmt::format("{} already exists", outcome.name));
            continue;
        }
        const auto* action = session.is_dry() ? "would create" : "created";
        changes.rows.push_back({outcome.name, action, shape(outcome), outcome.error,
                                is_there ? "--if-not-exists" : ""});
    }
    return session.show(changes);
}

int remove(Session& session, const Options& options) {
    auto& console = session.console();
    auto names = wanted(session, options);
    if (!names) return console.fail({"", names.error()});
    auto view = session.admin().metadata(*names);
    if (!view) return console.fail({"", view.error()});
    cli::Changes plan{"topics"};
    int code = cli::kDone;
    for (const auto& name : *names) {
        auto topic = existing(**view, name);
        if (topic) {
            plan.rows.push_back(
                {name,
                 "would delete",
                 {{"partitions", topic->partitions.size()}, {"id", topic->id.to_string()}}});
            continue;
        }
        const bool is_missing = topic.error().code == Errc::unknown_topic_or_partition;
        if (is_missing && options.if_exists) continue;
        code = console.fail({name, topic.error(), is_missing ? "--if-exists" : ""});
    }
    if (plan.rows.empty()) return code;
    const auto question = fmt::format("delete {} topic(s)?", plan.rows.size());
    if (!console.agree(plan, question)) return cli::kPending;
    std::vector<std::string> doomed;
    for (const auto& row : plan.rows) doomed.push_back(row.name);
    auto outcomes = session.admin().delete_topics(std::move(doomed));
    if (!outcomes) return console.fail({"", outcomes.error()});
    cli::Changes done{"topics"};
    for (const auto& one : *outcomes) done.rows.push_back({one.name, "deleted", {}, one.error});
    return std::max(code, session.show(done));
}

int alter(Session& session, const Options& options) {
    auto& console = session.console();
    if ((options.partitions > 0) == (options.add_partitions > 0)) {
        return console.usage("give either --partitions or --add-partitions");
    }
    const auto& name = options.names.front();
    auto topic = existing(session, name);
    if (!topic) return console.fail({name, topic.error()});
    const auto now = static_cast<std::int64_t>(topic->partitions.size());
    const auto total = options.partitions > 0 ? options.partitions : now + options.add_partitions;
    auto done =
        session.admin().create_partitions(name, static_cast<std::int32_t>(total), session.is_dry());
    if (!done) return console.fail({name, done.error()});
    console.notice(fmt::format("warning: keys of {} go to other partitions from now on", name));
    const auto* action = session.is_dry() ? "would alter" : "altered";
    return session.show({"topics", {{name, action, {{"partitions", total}}}}});
}

int config(Session& session, const Options& options) {
    return cli::show_or_change_configs(
        session, options.config,
        {client::ResourceType::topic, options.names.front(), "", client::ConfigSource::topic});
}

}  // namespace kcore::topics
