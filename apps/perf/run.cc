#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <future>

#include "cli/interrupt.h"
#include "client/admin.h"
#include "client/consumer.h"
#include "io/posix.h"
#include "perf/load.h"
#include "perf/perf.h"

namespace kcore::perf {

namespace {

constexpr std::int64_t kPollMs = 100;

int finish(cli::Console& console, Load& load, const Options& options) {
    if (auto error = load.first_error()) return console.fail({options.topic, *error});
    if (load.failed() > 0) return cli::kFailed;
    return cli::interrupted() ? cli::kInterrupted : cli::kDone;
}

Options with_limit(Options options) {
    if (options.records < 0 && options.duration_ms < 0) options.records = 1'000'000;
    return options;
}

}  // namespace

Result<std::vector<client::Assignment>> assignments(client::Admin& admin, const std::string& topic,
                                                    std::int64_t at) {
    auto view = admin.metadata(std::vector<std::string>{topic});
    if (!view) return std::unexpected(view.error());
    const auto* known = (*view)->find(topic);
    if (known == nullptr || known->error != Errc::none) {
        return fail(Errc::unknown_topic_or_partition, topic + ": there is no such topic");
    }
    std::vector<client::OffsetQuery> queries;
    for (const auto& partition : known->partitions)
        queries.push_back({{topic, partition.index}, at});
    auto answers = admin.offsets(std::move(queries), true);
    if (!answers) return std::unexpected(answers.error());
    std::vector<client::Assignment> out;
    for (const auto& answer : *answers) {
        if (answer.error) return std::unexpected(*answer.error);
        out.push_back({answer.partition, answer.offset, client::kNoEnd});
    }
    return out;
}

int produce(const Options& given) {
    cli::catch_interrupts();
    const auto options = with_limit(given);
    cli::Console console(options.common);
    auto config = settings(console, options);
    if (!config) return cli::kUsage;
    client::Client client(std::move(*config));
    Load load(client, options, false);
    io::PosixClock clock;
    load.run(clock.now());
    const auto latency = load.latency_us();
    const auto closed = load.send_latency_us();
    Outcome outcome{"produce",
                    load.acked(),
                    load.acked() * static_cast<std::uint64_t>(options.record_size),
                    load.failed(),
                    load.seconds(),
                    &latency,
                    options.throughput > 0 ? &closed : nullptr};
    report(console, options, outcome);
    return finish(console, load, options);
}

int consume(const Options& options) {
    cli::catch_interrupts();
    cli::Console console(options.common);
    auto config = settings(console, options);
    if (!config) return cli::kUsage;
    config->consumer.group_id = options.group;
    client::Client client(std::move(*config));
    client::Admin admin(client);
    client::Consumer consumer(client);
    if (options.group.empty()) {
        auto all = assignments(admin, options.topic, client::kEarliest);
        if (!all) return console.fail({options.topic, all.error()});
        consumer.assign(std::move(*all));
    } else {
        consumer.subscribe({options.topic}, {});
    }
    io::PosixClock clock;
    std::uint64_t records = 0;
    std::uint64_t bytes = 0;
    const auto most =
        options.records >= 0 ? static_cast<std::uint64_t>(options.records) : UINT64_MAX;
    const client::Visit visit = [&](const client::ConsumedRecord& record) {
        ++records;
        bytes += (record.key ? record.key->size() : 0) + (record.value ? record.value->size() : 0);
        return records < most;
    };
    auto first = clock.now();
    auto last = first;
    while (records < most && !cli::interrupted()) {
        const bool had_none = records == 0;
        const auto before = clock.now();
        auto got = consumer.poll(kPollMs, visit);
        if (!got) return console.fail({options.topic, got.error()});
        const auto now = clock.now();
        if (*got > 0 && had_none) first = before;
        if (*got > 0) last = now;
        if (now - last > io::Milliseconds(options.idle_ms)) break;
    }
    const std::chrono::duration<double> spent = last - first;
    Outcome outcome;
    outcome.test = "consume";
    outcome.records = records;
    outcome.bytes = bytes;
    outcome.seconds = spent.count();
    report(console, options, outcome);
    if (cli::interrupted()) return cli::kInterrupted;
    return options.records >= 0 && records < most ? cli::kTimeRanOut : cli::kDone;
}

// One thread sends on schedule, this one reads what arrives; the value says when it was due.
int e2e(const Options& given) {
    cli::catch_interrupts();
    auto options = given;
    if (options.records < 0 && options.duration_ms < 0) options.records = 10'000;
    if (options.throughput < 0) options.throughput = 1'000;
    cli::Console console(options.common);
    auto config = settings(console, options);
    if (!config) return cli::kUsage;
    if (options.linger_ms < 0) config->producer.linger_ms = 0;
    client::Client client(std::move(*config));
    client::Admin admin(client);
    client::Consumer consumer(client);
    auto all = assignments(admin, options.topic, client::kLatest);
    if (!all) return console.fail({options.topic, all.error()});
    consumer.assign(std::move(*all));
    Load load(client, options, true);
    io::PosixClock clock;
    const auto start = clock.now();
    std::promise<void> sent;
    auto all_sent = sent.get_future();
    const auto pool = io::make_posix_pool(1);
    pool->submit([&] {
        load.run(start);
        sent.set_value();
    });
    cli::Histogram latency_us;
    std::uint64_t read = 0;
    const client::Visit visit = [&](const client::ConsumedRecord& record) {
        if (!record.value || record.value->size() < 8) return true;
        const auto now_us =
            std::chrono::duration_cast<std::chrono::microseconds>(clock.now() - start).count();
        if (++read > static_cast<std::uint64_t>(options.warmup_records)) {
            latency_us.add(now_us - load_be<std::int64_t>(record.value->data()));
        }
        return true;
    };
    auto last = clock.now();
    for (;;) {
        const bool is_sent =
            all_sent.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
        if (is_sent && read >= load.acked()) break;
        auto got = consumer.poll(kPollMs, visit);
        if (!got) {
            all_sent.wait();
            return console.fail({options.topic, got.error()});
        }
        if (*got > 0) last = clock.now();
        if (is_sent && clock.now() - last > io::Milliseconds(options.idle_ms)) break;
    }
    all_sent.wait();
    Outcome outcome{
        "e2e",         read,           read * static_cast<std::uint64_t>(options.record_size),
        load.failed(), load.seconds(), &latency_us,
        nullptr};
    report(console, options, outcome);
    if (read < load.acked()) return cli::kTimeRanOut;
    return finish(console, load, options);
}

}  // namespace kcore::perf
