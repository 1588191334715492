// Records and topics that go: trim, purge, recreate.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "cli/bounds.h"
#include "cli/interrupt.h"
#include "cli/position.h"
#include "cli/terminal.h"
#include "io/posix.h"
#include "topics/topics.h"

namespace kcore::topics {

namespace {

using Before = std::vector<std::pair<TopicPartition, std::int64_t>>;

// Plan, question, and what became of each partition.
int delete_before(Session& session, const std::string& topic,
                  const std::vector<client::Assignment>& ranges) {
    auto& console = session.console();
    cli::Changes plan{"partitions"};
    std::int64_t records = 0;
    Before before;
    for (const auto& range : ranges) {
        if (range.end <= range.start) continue;  // Nothing lies before it.
        records += range.end - range.start;
        before.emplace_back(range.partition, range.end);
        plan.rows.push_back({range.partition.to_string(),
                             "would trim",
                             {{"start_offset", range.start}, {"new_start_offset", range.end}}});
    }
    if (before.empty()) {
        console.notice(fmt::format("{}: there is nothing to delete", topic));
        return cli::kDone;
    }
    const auto question = fmt::format("delete up to {} record(s) of {}?", records, topic);
    if (!console.agree(plan, question)) return cli::kPending;
    auto trimmed = session.admin().delete_records(std::move(before));
    if (!trimmed) return console.fail({topic, trimmed.error()});
    cli::Changes done{"partitions"};
    for (const auto& one : *trimmed) {
        done.rows.push_back({one.partition.to_string(),
                             "trimmed",
                             {{"start_offset", one.low_watermark}},
                             one.error});
    }
    return session.show(done);
}

int trim_to(Session& session, const Options& options, cli::Range range) {
    auto& console = session.console();
    const auto& name = options.names.front();
    auto wanted = cli::parse_partitions(options.partition_list);
    if (!wanted) return console.usage("-p: " + wanted.error());
    auto topic = existing(session, name);
    if (!topic) return console.fail({name, topic.error()});
    auto partitions = partitions_in(*topic, *wanted);
    if (!partitions) return console.fail({name, partitions.error()});
    cli::Wanted bounds;
    bounds.partitions = std::move(*partitions);
    bounds.range = range;
    bounds.is_read_committed = false;
    bounds.ends_now = true;  // Nothing can be deleted that is not there.
    auto ranges = cli::resolve(session.client(), bounds);
    if (!ranges) return console.fail({name, ranges.error()});
    return delete_before(session, name, *ranges);
}

// Those set on the topic itself.
Result<std::vector<std::pair<std::string, std::string>>> own_configs(Session& session,
                                                                     const std::string& topic) {
    auto configs = session.admin().describe_configs(client::ResourceType::topic, {topic}, false);
    if (!configs) return std::unexpected(std::move(configs).error());
    std::vector<std::pair<std::string, std::string>> out;
    for (const auto& resource : *configs) {
        if (resource.error) return std::unexpected(*resource.error);
        for (const auto& entry : resource.entries) {
            if (entry.source == client::ConfigSource::topic) {
                out.emplace_back(entry.name, entry.value.value_or(""));
            }
        }
    }
    return out;
}

// How to make the topic by hand, should it be gone and not come back.
std::string create_line(const client::NewTopic& topic) {
    auto out = fmt::format("ktopics create {} -p {} -r {}", topic.name, topic.partitions,
                           topic.replication_factor);
    for (const auto& [key, value] : topic.configs) out += fmt::format(" -c {}={}", key, value);
    return out;
}

// The name stays taken until brokers have let go of the old topic.
Result<client::TopicOutcome> create_again(Session& session, const client::NewTopic& topic) {
    static constexpr std::int64_t kWaitMs = 10'000;
    static constexpr std::int64_t kLookUs = 100'000;
    io::PosixClock clock;
    const auto deadline = clock.in_ms(kWaitMs);
    for (;;) {
        auto made = session.admin().create_topics({topic}, false);
        if (!made) return std::unexpected(std::move(made).error());
        auto& outcome = made->front();
        if (!outcome.error) return std::move(outcome);
        const bool may_pass = outcome.error->code == Errc::topic_already_exists;
        if (!may_pass || clock.now() >= deadline) return std::unexpected(*outcome.error);
        cli::pause_us(kLookUs);
    }
}

}  // namespace

Result<client::NewTopic> likeness(Session& session, const client::TopicView& topic,
                                  const std::string& name) {
    client::NewTopic out;
    out.name = name;
    out.partitions = static_cast<std::int32_t>(topic.partitions.size());
    for (const auto& one : topic.partitions) {
        out.replication_factor =
            std::max(out.replication_factor, static_cast<std::int16_t>(one.replicas.size()));
    }
    auto configs = own_configs(session, topic.name);
    if (!configs) return std::unexpected(std::move(configs).error());
    out.configs = std::move(*configs);
    return out;
}

int trim(Session& session, const Options& options) {
    if (options.to.empty()) return session.console().usage("--to is missing");
    io::PosixClock clock;
    auto to = cli::parse_position(options.to, clock.wall_ms());
    if (!to) return session.console().usage("--to: " + to.error());
    return trim_to(session, options, {.start = std::nullopt, .end = *to});
}

int purge(Session& session, const Options& options) { return trim_to(session, options, {}); }

int recreate(Session& session, const Options& options) {
    auto& console = session.console();
    const auto& name = options.names.front();
    auto old = existing(session, name);
    if (!old) return console.fail({name, old.error()});
    auto topic = likeness(session, *old, name);
    if (!topic) return console.fail({name, topic.error()});
    auto details = cli::Json{{"partitions", topic->partitions},
                             {"replication_factor", topic->replication_factor}};
    const cli::Changes plan{"topics", {{name, "would recreate", details}}};
    if (!console.agree(plan, fmt::format("delete {} and create it empty?", name))) {
        return cli::kPending;
    }
    auto gone = session.admin().delete_topics({name});
    if (!gone) return console.fail({name, gone.error()});
    for (const auto& one : *gone) {
        if (one.error) return console.fail({name, *one.error});
    }
    auto made = create_again(session, *topic);
    if (!made) return console.fail({name, made.error(), create_line(*topic)});
    details["id"] = made->id.to_string();
    return session.show({"topics", {{name, "recreated", details}}});
}

}  // namespace kcore::topics
