#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "perf/perf.h"

namespace kcore::perf {

namespace {

constexpr std::array<std::pair<const char*, double>, 7> kPercentiles{{{"p50", 50},
                                                                      {"p75", 75},
                                                                      {"p95", 95},
                                                                      {"p99", 99},
                                                                      {"p99.9", 99.9},
                                                                      {"p99.99", 99.99},
                                                                      {"max", 100}}};

double ms(std::int64_t us) { return static_cast<double>(us) / 1000; }

cli::Json latency_json(const cli::Histogram& histogram) {
    cli::Json out{{"mean_ms", histogram.mean() / 1000}};
    for (const auto& [name, percent] : kPercentiles) {
        out[std::string(name) + "_ms"] = ms(histogram.percentile(percent));
    }
    return out;
}

}  // namespace

void report(cli::Console& console, const Options& options, const Outcome& outcome) {
    const auto seconds = std::max(outcome.seconds, 1e-9);
    const auto rate = static_cast<double>(outcome.records) / seconds;
    // What was read may be of any size.
    const auto size = outcome.test != "consume" ? static_cast<double>(options.record_size)
                      : outcome.records == 0    ? 0
                                                : static_cast<double>(outcome.bytes) /
                                                   static_cast<double>(outcome.records);
    const auto mib = static_cast<double>(outcome.bytes) / (1024.0 * 1024.0) / seconds;
    if (console.is_json()) {
        cli::Json row{{"_v", 1},
                      {"test", outcome.test},
                      {"topic", options.topic},
                      {"records", outcome.records},
                      {"bytes", outcome.bytes},
                      {"failed", outcome.failed},
                      {"seconds", outcome.seconds},
                      {"records_per_second", rate},
                      {"mib_per_second", mib},
                      {"record_size", std::llround(size)}};
        if (outcome.latency_us != nullptr) row["latency"] = latency_json(*outcome.latency_us);
        if (outcome.send_latency_us != nullptr) {
            row["closed_loop_latency"] = latency_json(*outcome.send_latency_us);
        }
        console.print(row.dump() + "\n");
        return;
    }
    const auto* verb = outcome.test == "consume" ? "read" : "sent";
    auto line = fmt::format("{} records {}, {:.1f} records/sec ({:.2f} MB/sec)", outcome.records,
                            verb, rate, mib);
    if (outcome.latency_us != nullptr) {
        const auto& h = *outcome.latency_us;
        const auto at = [&](double percent) { return ms(h.percentile(percent)); };
        line += fmt::format(
            ", {:.2f} ms avg latency, {:.2f} ms max latency, {:.0f} ms 50th, {:.0f} ms 95th, "
            "{:.0f} ms 99th, {:.0f} ms 99.9th.",
            h.mean() / 1000, ms(h.max()), at(50), at(95), at(99), at(99.9));
    }
    console.print(line + "\n");
}

std::optional<client::Config> settings(cli::Console& console, const Options& options) {
    auto config = cli::client_config(options.common);
    if (!config) {
        console.usage(config.error());
        return std::nullopt;
    }
    for (const auto& [name, value] :
         {std::pair{"acks", options.acks}, {"compression.type", options.codec}}) {
        if (value.empty()) continue;
        auto done = client::set_property(*config, name, value);
        if (done) continue;
        console.usage(done.error().what);
        return std::nullopt;
    }
    if (options.batch_size > 0) config->producer.batch_size_bytes = options.batch_size;
    if (options.linger_ms >= 0) config->producer.linger_ms = options.linger_ms;
    return std::move(*config);
}

}  // namespace kcore::perf
