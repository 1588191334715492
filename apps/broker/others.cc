// What kbroker does to brokers that run: stop, status, ready.

#include <fmt/format.h>

#include <algorithm>

#include "broker/broker.h"
#include "cli/running.h"
#include "cli/sheet.h"
#include "cli/terminal.h"
#include "client/admin.h"
#include "io/posix.h"

namespace kcore::server {

namespace {

using cli::Json;
using cli::Kind;
using cli::Running;

constexpr std::int64_t kStopMs = 30'000;
constexpr std::int64_t kLookUs = 20'000;

const std::vector<cli::Field<Running>> kRunningFields{
    {{"bootstrap", "BOOTSTRAP"}, [](const Running& r) { return Json(r.bootstrap); }},
    {{"node_id", "NODE", Kind::number}, [](const Running& r) { return Json(r.node_id); }},
    {{"pid", "PID", Kind::number}, [](const Running& r) { return Json(r.pid); }},
    {{"data", "DATA"}, [](const Running& r) { return Json(r.data); }}};

std::vector<Running> chosen(const Options& options, cli::Console& console) {
    auto found = cli::list_running();
    for (const auto& path : found.stale) {
        console.notice(fmt::format("removed {}: its broker is gone", path));
    }
    auto all = std::move(found.brokers);
    std::erase_if(all, [&](const Running& r) {
        return (options.port >= 0 && r.port != options.port) ||
               (options.node_id >= 0 && r.node_id != options.node_id);
    });
    std::ranges::sort(all, {}, &Running::port);
    return all;
}

// Whether a cluster answers.
struct Readiness {
    std::string bootstrap;
    std::int64_t brokers = 0;
    bool is_ready = false;
};

const std::vector<cli::Field<Readiness>> kReadyFields{
    {{"bootstrap", "BOOTSTRAP"}, [](const Readiness& r) { return Json(r.bootstrap); }},
    {{"brokers", "BROKERS", Kind::number}, [](const Readiness& r) { return Json(r.brokers); }},
    {{"ready", "READY", Kind::truth}, [](const Readiness& r) { return Json(r.is_ready); }}};

}  // namespace

cli::Sheet running_fields() { return cli::make_sheet<Running>("brokers", kRunningFields, {}); }
cli::Sheet ready_fields() { return cli::make_sheet<Readiness>("clusters", kReadyFields, {}); }

int stop(const Options& options) {
    cli::Console console(options.common);
    const auto running = chosen(options, console);
    if (running.empty()) {
        console.warn_line("error: no such broker is running (of this user)");
        return cli::kFailed;
    }
    if (running.size() > 1 && !options.all) {
        console.warn_line("error: several brokers are running: name one by --port, or --all");
        console.show(cli::make_sheet("brokers", kRunningFields, running));
        return cli::kUsage;
    }
    const auto limit = options.common.timeout_ms >= 0 ? options.common.timeout_ms : kStopMs;
    int code = cli::kDone;
    for (const auto& one : running) {
        if (!one.process.terminate() && !one.process.ends_within(0)) {
            console.warn_line(fmt::format("error: process {} cannot be signalled", one.pid));
            code = cli::kFailed;
        } else if (!one.process.ends_within(limit)) {
            console.warn_line(
                fmt::format("error: process {} still runs after {} ms", one.pid, limit));
            code = cli::kTimeRanOut;
        } else {
            console.notice(fmt::format("stopped {}", one.bootstrap));
        }
    }
    return code;
}

int status(const Options& options) {
    cli::Console console(options.common);
    const auto running = chosen(options, console);
    console.show(cli::make_sheet("brokers", kRunningFields, running));
    return running.empty() ? cli::kConditionFails : cli::kDone;
}

int ready(const Options& options) {
    cli::Console console(options.common);
    auto config = cli::client_config(options.common);
    if (!config) return console.usage(config.error());
    Readiness row{fmt::format("{}", fmt::join(config->bootstrap, ","))};
    io::PosixClock clock;
    const auto deadline = clock.in_ms(std::max<std::int64_t>(options.wait_ms, 0));
    Error why(Errc::broker_not_available, "there is no broker");
    for (;;) {
        client::Client client(*config);
        client::Admin admin(client);
        auto view = admin.metadata(std::vector<std::string>());
        if (view) row.brokers = static_cast<std::int64_t>((*view)->brokers.size());
        row.is_ready = row.brokers > 0;
        if (!view) why = view.error();
        if (row.is_ready || clock.now() >= deadline) break;
        cli::pause_us(kLookUs);
    }
    console.show(cli::make_sheet<Readiness>("clusters", kReadyFields, {row}));
    if (row.is_ready) return cli::kDone;
    console.fail({"", why});
    return cli::kConditionFails;
}

}  // namespace kcore::server
