// kafka-console-consumer.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "base/pattern.h"
#include "cli/interrupt.h"
#include "cli/settings.h"
#include "client/admin.h"
#include "client/consumer.h"
#include "consume/scripts/message_formatter.h"
#include "consume/scripts/scripts.h"
#include "io/posix.h"

namespace kcore::consume {

namespace {

constexpr std::int64_t kConsolePollMs = 100;
constexpr std::int64_t kConsoleLookMs = 1'000;
constexpr std::int64_t kConsoleCommitMs = 5'000;
constexpr std::size_t kFlushBytes = 1 << 18;

struct Flags {
    cli::Common common;
    MessageFormatter formatter;
    std::vector<std::string> files;       // Of the formatter.
    std::vector<std::string> properties;  // Of the formatter, over the files.
    std::string topic;
    std::string include;
    std::string group;
    std::string offset;
    std::string isolation = "read_uncommitted";
    std::int64_t partition = -1;
    std::int64_t records_max = -1;
    std::int64_t idle_ms = -1;
    bool from_beginning = false;
    bool skips_errors = false;
    bool tells_events = false;
};

// Which partitions are read from where, as topics come and grow.
class Choice {
public:
    Choice(const Flags& flags, const Pattern& pattern, client::Client& client,
           client::Consumer& consumer)
        : flags_(flags), pattern_(pattern), admin_(client), consumer_(consumer) {}

    // Looks again. What is found later than the first time is read from its beginning.
    Result<void> refresh() {
        auto view = admin_.metadata(
            flags_.include.empty() ? std::optional(std::vector{flags_.topic}) : std::nullopt);
        if (!view) return std::unexpected(std::move(view).error());
        std::set<std::string> topics;
        std::vector<TopicPartition> added;
        for (const auto& [name, topic] : (*view)->topics) {
            const bool is_hidden = topic.is_internal && !flags_.include.empty();
            if (topic.error != Errc::none || is_hidden || !pattern_.matches(name)) continue;
            topics.insert(name);
            for (const auto& one : topic.partitions) {
                const bool is_wanted = flags_.partition < 0 || flags_.partition == one.index;
                if (is_wanted && !known_.contains({name, one.index})) {
                    added.push_back({name, one.index});
                }
            }
        }
        const bool is_first = std::exchange(is_first_, false);
        return flags_.group.empty() ? assign(added, is_first) : subscribe(std::move(topics));
    }

    void on_revoke(std::function<void()> done) { on_revoke_ = std::move(done); }

private:
    Result<void> subscribe(std::set<std::string> topics) {
        if (topics.empty() || topics == topics_) return {};
        topics_ = std::move(topics);
        consumer_.subscribe({topics_.begin(), topics_.end()}, on_revoke_);
        return {};
    }

    Result<void> assign(const std::vector<TopicPartition>& added, bool is_first) {
        if (added.empty()) return {};
        std::int64_t at = is_first ? client::kLatest : client::kEarliest;
        if (flags_.from_beginning || flags_.offset == "earliest") at = client::kEarliest;
        std::int64_t number = -1;
        const bool is_number = cli::parse_integer(flags_.offset, number);
        std::vector<client::OffsetQuery> queries;
        for (const auto& one : added) queries.push_back({one, at});
        auto answers = admin_.offsets(std::move(queries), false);
        if (!answers) return std::unexpected(std::move(answers).error());
        std::vector<client::Assignment> all;
        for (const auto& one : known_) {
            all.push_back({one, consumer_.position(one).value_or(0), client::kNoEnd});
        }
        for (const auto& answer : *answers) {
            if (answer.error) continue;  // The next look asks again.
            known_.insert(answer.partition);
            all.push_back({answer.partition, is_number ? number : answer.offset, client::kNoEnd});
        }
        consumer_.assign(std::move(all));
        return {};
    }

    const Flags& flags_;
    const Pattern& pattern_;
    client::Admin admin_;
    client::Consumer& consumer_;
    std::set<TopicPartition> known_;
    std::set<std::string> topics_;
    std::function<void()> on_revoke_;
    bool is_first_ = true;
};

// One run of the script.
class ConsoleRun {
public:
    ConsoleRun(const Flags& flags, client::Config config, const Pattern& pattern)
        : flags_(flags),
          commits_(!flags.group.empty() && config.consumer.auto_commit),
          client_(std::move(config)),
          consumer_(client_),
          choice_(flags, pattern, client_, consumer_) {
        choice_.on_revoke([this] { commit(); });
    }

    int run() {
        const auto code = read_all();
        cli::write_stdout(std::exchange(out_, ""));
        commit();
        fmt::print(stderr, "Processed a total of {} messages\n", count_);
        if (flags_.tells_events) cli::write_stdout("shutdown_complete\n");
        return cli::interrupted() ? cli::kInterrupted : code;
    }

private:
    int read_all() {
        const client::Visit visit = [this](const client::ConsumedRecord& record) {
            auto done = flags_.formatter.append(out_, record);
            if (!done && !flags_.skips_errors) return error_ = std::move(done).error(), false;
            if (out_.size() >= kFlushBytes) cli::write_stdout(std::exchange(out_, ""));
            return ++count_ < most();
        };
        auto last = clock_.now();
        auto looked = last - io::Milliseconds(kConsoleLookMs);
        auto committed = last;
        while (count_ < most() && error_.empty() && !cli::interrupted()) {
            const auto now = clock_.now();
            if (now - looked >= io::Milliseconds(kConsoleLookMs)) {
                looked = now;
                if (auto done = choice_.refresh(); !done) return fail(done.error());
            }
            auto got = consumer_.poll(kConsolePollMs, visit);
            if (!got) return fail(got.error());
            if (consumer_.is_drained()) cli::write_stdout(std::exchange(out_, ""));
            if (*got > 0) last = clock_.now();
            if (now - committed >= io::Milliseconds(kConsoleCommitMs)) {
                committed = now;
                commit();
            }
            if (flags_.idle_ms >= 0 && clock_.now() - last > io::Milliseconds(flags_.idle_ms)) {
                fmt::print(stderr, "no message within {} ms\n", flags_.idle_ms);
                return cli::kDone;
            }
        }
        if (error_.empty()) return cli::kDone;
        fmt::print(stderr, "error: {}\n", error_);
        return cli::kFailed;
    }

    std::uint64_t most() const {
        return flags_.records_max < 0 ? UINT64_MAX : static_cast<std::uint64_t>(flags_.records_max);
    }

    void commit() {
        if (!commits_) return;
        if (auto done = consumer_.commit(); !done) fail(done.error());
    }

    int fail(const Error& error) { return cli::Console(flags_.common).fail({"", error}); }

    const Flags& flags_;
    const bool commits_;
    io::PosixClock clock_;
    client::Client client_;
    client::Consumer consumer_;
    Choice choice_;
    std::string out_;
    std::string error_;  // Of a record.
    std::uint64_t count_ = 0;
};

cli::Parsed<void> read_properties(Flags& flags) {
    for (const auto& path : flags.files) {
        auto properties = cli::read_properties(path);
        if (!properties) return cli::refuse(properties.error());
        for (const auto& one : *properties) {
            auto done = flags.formatter.set(one.key + "=" + one.value);
            if (!done) return cli::refuse(fmt::format("{}: {}", path, done.error()));
        }
    }
    for (const auto& property : flags.properties) {
        auto done = flags.formatter.set(property);
        if (!done) return done;
    }
    return {};
}

bool are_right(const Flags& flags) {
    cli::FlagRules rules;
    const bool has_offset = !flags.offset.empty();
    std::int64_t number = 0;
    rules.need("bootstrap-server", !flags.common.bootstrap.empty());
    rules.refuse_if(flags.topic.empty() == flags.include.empty(),
                    "Exactly one of the following arguments is required: [topic], [include]");
    rules.refuse_if(flags.partition >= 0 && flags.topic.empty(),
                    "The topic is required when partition is specified.");
    rules.refuse_if(has_offset && flags.partition < 0,
                    "The partition is required when offset is specified.");
    rules.refuse_if(has_offset && flags.from_beginning,
                    "Options from-beginning and offset cannot be specified together.");
    rules.refuse_if(flags.partition >= 0 && !flags.group.empty(),
                    "Options group and partition cannot be specified together.");
    const bool is_word = flags.offset == "earliest" || flags.offset == "latest";
    const bool is_right =
        !has_offset || is_word || (cli::parse_integer(flags.offset, number) && number >= 0);
    rules.refuse_if(!is_right, fmt::format("The provided offset value '{}' is incorrect. Valid "
                                           "values are 'earliest', 'latest', or a non-negative "
                                           "number.",
                                           flags.offset));
    return !rules.are_broken();
}

int run(Flags& flags) {
    cli::Console console(flags.common);
    if (!are_right(flags)) return cli::kFailed;
    if (auto done = read_properties(flags); !done) return console.usage(done.error());
    client::Config defaults;
    defaults.allow_auto_create = true;
    defaults.consumer.offset_reset =
        flags.from_beginning ? client::OffsetReset::earliest : client::OffsetReset::latest;
    auto config = cli::read_settings(flags.common, std::move(defaults));
    if (!config) return console.usage(config.error());
    auto isolation = client::set_property(*config, "isolation.level", flags.isolation);
    if (!isolation) return console.usage(isolation.error().what);
    // A group of the properties is as good as one of the flags.
    if (flags.group.empty() && flags.partition < 0) flags.group = config->consumer.group_id;
    config->consumer.group_id = flags.group;
    // A topic by its name is asked for alone, so that any of those matches.
    auto pattern = Pattern::parse(flags.include.empty() ? ".*" : flags.include);
    if (!pattern) return console.usage(pattern.error().what);
    cli::catch_interrupts();
    return ConsoleRun(flags, std::move(*config), *pattern).run();
}

std::vector<cli::Option> options_of(Flags& f) {
    auto out = cli::connection_options(f.common);
    out[1].aliases = "--consumer.config";
    const auto formatter = [&f](const std::string& name) { return f.formatter.choose(name); };
    const auto property = [&f](std::string names, std::string key) -> cli::Option {
        return {.names = std::move(names),
                .placeholder = "CLASS",
                .help = "as " + key,
                .set = [&f, key](const std::string& name) {
                    return f.formatter.set(key + "=" + name);
                }};
    };
    std::vector<cli::Option> own{
        cli::text("--topic", "TOPIC", "the topic", f.topic),
        cli::text("--include", "PATTERN", "all topics that it matches", f.include)
            .also("--whitelist"),
        cli::number("--partition", "only this one", f.partition, 0, INT32_MAX),
        cli::text("--offset", "WHERE", "earliest, latest or a number, with --partition", f.offset),
        cli::flag("--from-beginning", "where the group has no offset", f.from_beginning),
        cli::number("--max-messages", "end after so many", f.records_max, -1),
        cli::number("--timeout-ms", "end after so long without one", f.idle_ms, -1),
        cli::text("--group", "GROUP", "as its member", f.group),
        cli::text("--isolation-level", "LEVEL", "read_committed, or all", f.isolation)
            .or_else("read_uncommitted")
            .one_of({"read_committed", "read_uncommitted"}),
        {.names = "--formatter",
         .placeholder = "CLASS",
         .help = "DefaultMessageFormatter, LoggingMessageFormatter or NoOpMessageFormatter",
         .set = formatter},
        cli::list("--formatter-property", "K=V",
                  "print.timestamp, print.partition, print.offset, print.delivery, print.epoch, "
                  "print.headers, print.key, print.value, key.separator, line.separator, "
                  "headers.separator, null.literal, key.deserializer, value.deserializer, "
                  "headers.deserializer",
                  f.properties)
            .also("--property"),
        cli::list("--formatter-config", "FILE", "properties of the formatter", f.files)
            .completing(cli::Complete::files),
        cli::flag("--skip-message-on-error", "leave out what cannot be read", f.skips_errors),
        cli::flag("--enable-systest-events", "say when it ends", f.tells_events),
        property("--key-deserializer", "key.deserializer"),
        property("--value-deserializer", "value.deserializer"),
        cli::list("--command-property", "K=V", "of the consumer", f.common.properties)
            .also("--consumer-property")};
    out.insert(out.end(), own.begin(), own.end());
    return out;
}

}  // namespace

cli::Command kafka_console_consumer() {
    const auto flags = std::make_shared<Flags>();
    cli::Command out{.name = "kafka-console-consumer", .summary = "Print the messages of topics."};
    out.options = options_of(*flags);
    out.examples = {
        {"kafka-console-consumer.sh --bootstrap-server localhost:9092 --topic orders "
         "--from-beginning",
         ""}};
    out.run = [flags] { return run(*flags); };
    return out;
}

}  // namespace kcore::consume
