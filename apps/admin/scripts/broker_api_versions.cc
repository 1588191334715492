// kafka-broker-api-versions.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>

#include "admin/admin.h"
#include "admin/scripts/scripts.h"
#include "protocol/api_table.h"

namespace kcore::admin {

namespace {

using cli::Json;

struct Range {
    std::int64_t low = 0;
    std::int64_t high = 0;
};

std::string text_of(const Range& range) {
    return range.low == range.high ? fmt::format("{}", range.low)
                                   : fmt::format("{} to {}", range.low, range.high);
}

// What the broker offers, and what it does not of that which clients know.
std::map<std::int64_t, std::string> lines_of(const Json& answer) {
    std::map<std::int64_t, std::string> out;
    for (const auto& api : protocol::all_apis()) {
        if (!api.on_broker) continue;
        const auto key = static_cast<std::int64_t>(api.key);
        out[key] = fmt::format("{}({}): UNSUPPORTED", api.name, key);
    }
    for (const auto& one : answer["apiKeys"]) {
        const auto key = one["apiKey"].get<std::int64_t>();
        const Range range{one["minVersion"], one["maxVersion"]};
        const auto* known = protocol::find_api(static_cast<std::int16_t>(key));
        if (known == nullptr) {
            out[key] = fmt::format("UNKNOWN({}): {}", key, text_of(range));
            continue;
        }
        const auto usable = std::min<std::int64_t>(known->versions.high, range.high);
        out[key] = fmt::format("{}({}): {} [usable: {}]", known->name, key, text_of(range),
                               usable >= range.low ? std::to_string(usable) : "NONE");
    }
    return out;
}

int run_api_versions(Session& session) {
    auto& console = session.console();
    auto view = session.admin().metadata(std::vector<std::string>());
    if (!view) return console.fail({"", view.error()});
    int code = cli::kDone;
    for (const auto& [id, broker] : (*view)->brokers) {
        const auto name = fmt::format("{}:{} (id: {} rack: {} isFenced: false)", broker.host,
                                      broker.port, id, broker.rack.value_or("null"));
        auto answer = ask(session, "ApiVersions",
                          {{"clientSoftwareName", "kcore"}, {"clientSoftwareVersion", "1"}}, id);
        if (!answer) {
            console.print(fmt::format("{} -> ERROR: {}\n", name, answer.error().what));
            code = console.fail({fmt::format("broker {}", id), answer.error()});
            continue;
        }
        std::string list;
        for (const auto& [key, line] : lines_of(*answer)) {
            list += (list.empty() ? "\t" : ",\n\t") + line;
        }
        console.print(fmt::format("{} -> (\n{}\n)\n", name, list));
    }
    return code;
}

}  // namespace

cli::Command kafka_broker_api_versions() {
    const auto common = std::make_shared<cli::Common>();
    cli::Command out{.name = "kafka-broker-api-versions",
                     .summary = "The APIs of each broker and their versions."};
    out.options = cli::connection_options(*common);
    out.run = [common] {
        cli::FlagRules rules;
        rules.need("bootstrap-server", !common->bootstrap.empty());
        if (rules.are_broken()) return static_cast<int>(cli::kFailed);
        return cli::run_in_session(*common, run_api_versions);
    };
    return out;
}

}  // namespace kcore::admin
