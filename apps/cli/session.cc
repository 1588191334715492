#include "cli/session.h"

#include <fmt/format.h>

#include "cli/interrupt.h"
#include "cli/near.h"
#include "cli/terminal.h"
#include "io/posix.h"

namespace kcore::cli {

namespace {

constexpr std::int64_t kLookUs = 200'000;
constexpr std::int64_t kWaitMs = 10'000;

}  // namespace

int Session::show(const Changes& changes) {
    const auto code = console_.show(changes);
    const bool is_pending = common_.dry_run && !changes.rows.empty();
    return code == kDone && is_pending ? kPending : code;
}

int Session::wait_until(const std::function<Result<std::string>()>& missing,
                        std::int64_t limit_ms) {
    catch_interrupts();
    io::PosixClock clock;
    if (limit_ms < 0) limit_ms = common_.timeout_ms >= 0 ? common_.timeout_ms : kWaitMs;
    const auto deadline = clock.in_ms(limit_ms);
    for (;;) {
        auto what = missing();
        if (!what) return console_.fail({"", what.error()});
        if (what->empty()) return kDone;
        if (interrupted()) return kInterrupted;
        if (clock.now() >= deadline) {
            console_.notice(*what);
            return kTimeRanOut;
        }
        pause_us(kLookUs);
    }
}

int run_in_session(const Common& common, const std::function<int(Session&)>& command) {
    auto config = client_config(common);
    if (!config) return Console(common).usage(config.error());
    Session session(common, std::move(*config));
    return command(session);
}

std::function<Sheet()> change_fields(std::string noun) {
    return [noun = std::move(noun)] { return Changes{noun}.sheet(); };
}

Parsed<std::pair<std::string, std::string>> split_pair(const std::string& text) {
    const auto split = text.find('=');
    if (split == text.npos || split == 0) {
        return refuse(fmt::format("'{}' is not key=value", text));
    }
    return std::pair{text.substr(0, split), text.substr(split + 1)};
}

Failure unknown_name(const std::string& resource, std::string_view kind, const std::string& name,
                     const std::vector<std::string>& known) {
    const auto near = nearest(name, known);
    return {resource, Error(Errc::invalid_config, fmt::format("unknown {} {}", kind, name)),
            near ? "did you mean " + *near + "?" : ""};
}

}  // namespace kcore::cli
