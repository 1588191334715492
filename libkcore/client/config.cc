#include "client/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <span>

namespace kcore::client {

namespace {

constexpr std::int64_t kMostInt = std::numeric_limits<std::int32_t>::max();
constexpr std::array<std::string_view, 5> kCodecs{"none", "gzip", "snappy", "lz4", "zstd"};
constexpr std::array<std::string_view, 5> kPartitioners{"murmur2", "sticky", "random", "roundrobin",
                                                        "crc32"};
constexpr std::array<std::string_view, 3> kResets{"earliest", "latest", "none"};

using Set = Result<void> (*)(Config&, std::string_view value);
using Get = std::string (*)(const Config&);

struct Property {
    std::string_view name;
    std::string_view help;
    Set set;
    Get get;
    std::string_view alias = {};
};

std::unexpected<Error> wrong(std::string_view value, std::string_view allowed) {
    return fail(Errc::invalid_config, fmt::format("'{}' is not {}", value, allowed));
}

Result<void> to_integer(std::int64_t& out, std::string_view value, std::int64_t least,
                        std::int64_t most) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc() || end != value.data() + value.size() || number < least ||
        number > most) {
        return wrong(value, fmt::format("a whole number from {} to {}", least, most));
    }
    out = number;
    return {};
}

Result<void> to_bool(bool& out, std::string_view value) {
    if (value != "true" && value != "false") return wrong(value, "true or false");
    out = value == "true";
    return {};
}

template <class T>
Result<void> to_choice(T& out, std::string_view value, std::span<const std::string_view> names) {
    const auto found = std::ranges::find(names, value);
    if (found == names.end()) return wrong(value, fmt::format("one of {}", fmt::join(names, ", ")));
    out = static_cast<T>(found - names.begin());
    return {};
}

std::vector<std::string> split(std::string_view list) {
    std::vector<std::string> out;
    while (!list.empty()) {
        auto item = list.substr(0, list.find(','));
        list.remove_prefix(std::min(list.size(), item.size() + 1));
        while (item.starts_with(' ')) item.remove_prefix(1);
        while (item.ends_with(' ')) item.remove_suffix(1);
        if (!item.empty()) out.emplace_back(item);
    }
    return out;
}

Result<void> set_acks(Config& config, std::string_view value) {
    if (value == "all" || value == "-1") {
        config.producer.acks = -1;
    } else if (value == "0" || value == "1") {
        config.producer.acks = value == "0" ? 0 : 1;
    } else {
        return wrong(value, "one of all, -1, 0, 1");
    }
    return {};
}

Result<void> set_security(Config&, std::string_view value) {
    if (value == "PLAINTEXT" || value == "plaintext") return {};
    return fail(Errc::unsupported_version,
                fmt::format("security.protocol {} is not in this version, only PLAINTEXT", value));
}

Result<void> set_assignors(Config& config, std::string_view value) {
    using Known = std::pair<std::string_view, std::string_view>;
    static constexpr std::array<Known, 4> kKnown{
        {{"range", "RangeAssignor"},
         {"roundrobin", "RoundRobinAssignor"},
         {"sticky", "StickyAssignor"},
         {"cooperative-sticky", "CooperativeStickyAssignor"}}};
    std::vector<std::string> names;
    for (const auto& name : split(value)) {
        const auto simple = std::string_view(name).substr(name.rfind('.') + 1);
        const auto found = std::ranges::find_if(
            kKnown, [&](const Known& one) { return name == one.first || simple == one.second; });
        if (found == kKnown.end()) {
            return wrong(name, "one of range, roundrobin, sticky, cooperative-sticky");
        }
        names.emplace_back(found->first);
    }
    if (names.empty()) return wrong(value, "a list of assignors");
    config.consumer.assignors = std::move(names);
    return {};
}

Result<void> set_isolation(Config& config, std::string_view value) {
    if (value != "read_committed" && value != "read_uncommitted") {
        return wrong(value, "read_committed or read_uncommitted");
    }
    config.consumer.is_read_committed = value == "read_committed";
    return {};
}

Result<void> set_bootstrap(Config& config, std::string_view value) {
    auto list = split(value);
    if (list.empty()) return wrong(value, "a list of host:port");
    config.bootstrap = std::move(list);
    return {};
}

#define KCORE_NUMBER(name, member, least, most, help, ...)                                         \
    Property {                                                                                     \
        name, help,                                                                                \
            [](Config& c, std::string_view v) { return to_integer(c.member, v, least, most); },    \
            [](const Config& c) { return fmt::format("{}", c.member); } __VA_OPT__(, ) __VA_ARGS__ \
    }
#define KCORE_BOOL(name, member, help, ...)                                             \
    Property {                                                                          \
        name, help, [](Config& c, std::string_view v) { return to_bool(c.member, v); }, \
            [](const Config& c) -> std::string {                                        \
                return c.member ? "true" : "false";                                     \
            } __VA_OPT__(, ) __VA_ARGS__                                                \
    }
#define KCORE_TEXT(name, member, help)                                                          \
    Property {                                                                                  \
        name, help, [](Config& c, std::string_view v) { return c.member = v, Result<void>(); }, \
            [](const Config& c) { return c.member; }                                            \
    }
#define KCORE_CHOICE(name, member, names, help, ...)                                             \
    Property {                                                                                   \
        name, help, [](Config& c, std::string_view v) { return to_choice(c.member, v, names); }, \
            [](const Config& c) {                                                                \
                return std::string(names[static_cast<std::size_t>(c.member)]);                   \
            } __VA_OPT__(, ) __VA_ARGS__                                                         \
    }

const std::array kProperties{
    Property{"bootstrap.servers", "addresses to begin with", set_bootstrap,
             [](const Config& c) { return fmt::format("{}", fmt::join(c.bootstrap, ",")); },
             "metadata.broker.list"},
    KCORE_TEXT("client.id", client_id, "name that brokers log for this client"),
    Property{"security.protocol", "PLAINTEXT", set_security,
             [](const Config&) -> std::string { return "PLAINTEXT"; }},
    KCORE_NUMBER("socket.connection.setup.timeout.ms", connect_timeout_ms, 1, kMostInt,
                 "time to connect"),
    KCORE_NUMBER("request.timeout.ms", request_timeout_ms, 1, kMostInt, "wait for one answer",
                 "socket.timeout.ms"),
    KCORE_NUMBER("default.api.timeout.ms", api_timeout_ms, 1, kMostInt,
                 "one call with its retries"),
    KCORE_NUMBER("retry.backoff.ms", retry_backoff_ms, 1, kMostInt, "first pause before a retry"),
    KCORE_NUMBER("retry.backoff.max.ms", retry_backoff_max_ms, 1, kMostInt, "longest pause"),
    KCORE_NUMBER("metadata.max.age.ms", metadata_max_age_ms, 1, kMostInt, "refresh of metadata",
                 "topic.metadata.refresh.interval.ms"),
    KCORE_BOOL("allow.auto.create.topics", allow_auto_create, "let brokers create topics"),
    Property{"acks", "all, 1 or 0", set_acks,
             [](const Config& c) -> std::string {
                 return c.producer.acks < 0 ? "all" : fmt::format("{}", c.producer.acks);
             },
             "request.required.acks"},
    KCORE_BOOL("enable.idempotence", producer.is_idempotent, "no duplicates by retries"),
    KCORE_NUMBER("batch.size", producer.batch_size_bytes, 1, kMostInt, "bytes of a batch"),
    KCORE_NUMBER("linger.ms", producer.linger_ms, 0, kMostInt, "wait for more records",
                 "queue.buffering.max.ms"),
    KCORE_NUMBER("buffer.memory", producer.buffer_memory_bytes, 1 << 16,
                 std::numeric_limits<std::int64_t>::max(), "bytes held unsent"),
    KCORE_NUMBER("delivery.timeout.ms", producer.delivery_timeout_ms, 1, kMostInt,
                 "limit from send to acknowledgement", "message.timeout.ms"),
    KCORE_NUMBER("max.request.size", producer.max_request_size_bytes, 1, kMostInt,
                 "bytes of one record", "message.max.bytes"),
    KCORE_NUMBER("max.in.flight.requests.per.connection", producer.max_in_flight, 1, 1'000,
                 "requests under way per broker", "max.in.flight"),
    KCORE_CHOICE("compression.type", producer.codec, kCodecs, "none, gzip, snappy, lz4, zstd",
                 "compression.codec"),
    KCORE_CHOICE("partitioner", producer.partitioner, kPartitioners,
                 "murmur2, sticky, random, roundrobin, crc32"),
    KCORE_TEXT("group.id", consumer.group_id, "consumer group"),
    KCORE_TEXT("group.instance.id", consumer.group_instance_id, "static member"),
    Property{
        "partition.assignment.strategy", "range, roundrobin, sticky, cooperative-sticky",
        set_assignors,
        [](const Config& c) { return fmt::format("{}", fmt::join(c.consumer.assignors, ",")); }},
    KCORE_CHOICE("auto.offset.reset", consumer.offset_reset, kResets, "earliest, latest, none"),
    Property{"isolation.level", "read_committed, read_uncommitted", set_isolation,
             [](const Config& c) -> std::string {
                 return c.consumer.is_read_committed ? "read_committed" : "read_uncommitted";
             }},
    KCORE_BOOL("enable.auto.commit", consumer.auto_commit, "commit what was handed out"),
    KCORE_BOOL("check.crcs", consumer.check_crcs, "check each batch"),
    KCORE_NUMBER("auto.commit.interval.ms", consumer.auto_commit_interval_ms, 1, kMostInt,
                 "time between commits"),
    KCORE_NUMBER("session.timeout.ms", consumer.session_timeout_ms, 1, kMostInt,
                 "silence after which a member is dropped"),
    KCORE_NUMBER("heartbeat.interval.ms", consumer.heartbeat_interval_ms, 1, kMostInt,
                 "time between heartbeats"),
    KCORE_NUMBER("max.poll.interval.ms", consumer.rebalance_timeout_ms, 1, kMostInt,
                 "time to rejoin in a rebalance"),
    KCORE_NUMBER("fetch.min.bytes", consumer.fetch_min_bytes, 0, kMostInt, "least of an answer"),
    KCORE_NUMBER("fetch.max.bytes", consumer.fetch_max_bytes, 0, kMostInt, "most of an answer"),
    KCORE_NUMBER("fetch.max.wait.ms", consumer.fetch_max_wait_ms, 0, kMostInt,
                 "wait for fetch.min.bytes", "fetch.wait.max.ms"),
    KCORE_NUMBER("max.partition.fetch.bytes", consumer.max_partition_fetch_bytes, 0, kMostInt,
                 "most of one partition", "fetch.message.max.bytes"),
    KCORE_TEXT("client.rack", consumer.rack, "rack of this client"),
};

#undef KCORE_NUMBER
#undef KCORE_BOOL
#undef KCORE_TEXT
#undef KCORE_CHOICE

// Letters in common at the start and the end: enough to name what was meant.
std::size_t likeness(std::string_view a, std::string_view b) {
    const auto most = std::min(a.size(), b.size());
    std::size_t head = 0;
    while (head < most && a[head] == b[head]) ++head;
    std::size_t tail = 0;
    while (tail < most - head && a[a.size() - 1 - tail] == b[b.size() - 1 - tail]) ++tail;
    return head + tail;
}

std::unexpected<Error> unknown(std::string_view name) {
    const auto best = std::ranges::max(kProperties, {},
                                       [&](const Property& p) { return likeness(name, p.name); });
    const bool is_near = likeness(name, best.name) * 2 >= std::max(name.size(), best.name.size());
    return fail(Errc::invalid_config,
                fmt::format("unknown property {}{}", name,
                            is_near ? fmt::format(": did you mean {}?", best.name) : ""));
}

}  // namespace

Result<void> set_property(Config& config, std::string_view name, std::string_view value) {
    const auto found = std::ranges::find_if(
        kProperties, [&](const Property& p) { return p.name == name || p.alias == name; });
    if (found == kProperties.end()) return unknown(name);
    auto done = found->set(config, value);
    if (done) return done;
    return fail(done.error().code, fmt::format("{}: {}", name, done.error().what));
}

std::vector<PropertyInfo> describe_properties(const Config& config) {
    std::vector<PropertyInfo> out;
    for (const auto& property : kProperties) {
        out.push_back(
            {std::string(property.name), property.get(config), std::string(property.help)});
    }
    return out;
}

}  // namespace kcore::client
