// What kbroker does to brokers that run: stop, status, ready.

#include <fmt/format.h>

#include <algorithm>

#include "broker/broker.h"
#include "cli/process.h"
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

const std::vector<cli::Field<Running>> kFields{
    {{"bootstrap", "BOOTSTRAP"}, [](const Running& r) { return Json(r.bootstrap); }},
    {{"node_id", "NODE", Kind::number}, [](const Running& r) { return Json(r.node_id); }},
    {{"pid", "PID", Kind::number}, [](const Running& r) { return Json(r.pid); }},
    {{"data", "DATA"}, [](const Running& r) { return Json(r.data); }}};

std::vector<Running> chosen(const Options& options) {
    auto all = cli::list_running();
    std::erase_if(all, [&](const Running& r) {
        return (options.port >= 0 && r.port != options.port) ||
               (options.node_id >= 0 && r.node_id != options.node_id);
    });
    std::ranges::sort(all, {}, &Running::port);
    return all;
}

}  // namespace

int stop(const Options& options) {
    cli::Console console(options.common);
    const auto running = chosen(options);
    if (running.empty()) {
        console.warn_line("error: no such broker is running (of this user)");
        return cli::kFailed;
    }
    if (running.size() > 1 && !options.all) {
        console.warn_line("error: several brokers are running: name one by --port, or --all");
        console.show(cli::make_sheet("brokers", kFields, running));
        return cli::kUsage;
    }
    io::PosixClock clock;
    int code = cli::kDone;
    for (const auto& one : running) {
        cli::terminate(one.pid);
        const auto limit = options.common.timeout_ms >= 0 ? options.common.timeout_ms : kStopMs;
        const auto deadline = clock.in_ms(limit);
        while (cli::is_alive(one.pid) && clock.now() < deadline) cli::pause_us(kLookUs);
        if (cli::is_alive(one.pid)) {
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
    const auto running = chosen(options);
    console.show(cli::make_sheet("brokers", kFields, running));
    return running.empty() ? cli::kConditionFails : cli::kDone;
}

int ready(const Options& options) {
    cli::Console console(options.common);
    auto config = cli::client_config(options.common);
    if (!config) return console.usage(config.error());
    io::PosixClock clock;
    const auto deadline = clock.in_ms(std::max<std::int64_t>(options.wait_ms, 0));
    for (;;) {
        client::Client client(*config);
        client::Admin admin(client);
        auto view = admin.metadata(std::vector<std::string>());
        if (view && !(*view)->brokers.empty()) {
            console.print(fmt::format("ready {} brokers={}\n", fmt::join(config->bootstrap, ","),
                                      (*view)->brokers.size()));
            return cli::kDone;
        }
        if (clock.now() >= deadline) {
            console.warn_line("not ready: " + (view ? "no broker" : view.error().what));
            return cli::kConditionFails;
        }
        cli::pause_us(kLookUs);
    }
}

}  // namespace kcore::server
