// kafka-cluster.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "admin/admin.h"
#include "admin/scripts/scripts.h"

namespace kcore::admin {

namespace {

using cli::Json;

struct Flags {
    cli::Common common;
    std::int64_t id = -1;
    bool with_fenced = false;
};

int show_id(Session& session, const Flags&) {
    auto answer = ask(session, "DescribeCluster", Json::object());
    if (!answer) return session.console().fail({"", answer.error()});
    session.console().print(
        fmt::format("Cluster ID: {}\n", (*answer)["clusterId"].get<std::string>()));
    return cli::kDone;
}

int unregister_broker(Session& session, const Flags& flags) {
    auto answer = ask(session, "UnregisterBroker", {{"brokerId", flags.id}});
    if (!answer) return session.console().fail({"", answer.error()});
    session.console().print(fmt::format("Broker {} is no longer registered.\n", flags.id));
    return cli::kDone;
}

int list_endpoints(Session& session, const Flags& flags) {
    auto answer = ask(session, "DescribeCluster", {{"includeFencedBrokers", flags.with_fenced}});
    if (!answer) return session.console().fail({"", answer.error()});
    auto brokers = (*answer)["brokers"].get<std::vector<Json>>();
    std::ranges::sort(brokers, {},
                      [](const Json& one) { return one["brokerId"].get<std::int32_t>(); });
    const auto rack_of = [](const Json& broker) {
        return broker["rack"].is_null() ? "null" : broker["rack"].get<std::string>();
    };
    std::size_t host_width = 0;
    std::size_t rack_width = 10;
    for (const auto& broker : brokers) {
        host_width = std::max(host_width, broker["host"].get<std::string>().size());
        rack_width = std::max(rack_width, rack_of(broker).size());
    }
    const auto print = [&](const std::string& id, const std::string& host, const std::string& port,
                           const std::string& rack, const char* state, const char* type) {
        session.console().print(fmt::format("{:<10} {:<{}} {:<10} {:<{}} {:<10} {:<15}\n", id, host,
                                            host_width, port, rack, rack_width, state, type));
    };
    print("ID", "HOST", "PORT", "RACK", "STATE", "ENDPOINT_TYPE");
    for (const auto& broker : brokers) {
        print(broker["brokerId"].dump(), broker["host"].get<std::string>(), broker["port"].dump(),
              rack_of(broker), broker.value("isFenced", false) ? "fenced" : "unfenced", "broker");
    }
    return cli::kDone;
}

}  // namespace

cli::Command kafka_cluster() {
    const auto flags = std::make_shared<Flags>();
    auto& f = *flags;
    cli::Command out{.name = "kafka-cluster",
                     .summary = "The id of a cluster, its brokers, and brokers that are gone."};
    const auto action = [flags](std::string name, std::string summary,
                                int (*run)(Session&, const Flags&)) {
        cli::Command one{.name = std::move(name), .summary = std::move(summary)};
        one.options = {cli::text("-b,--bootstrap-server", "HOST:PORT",
                                 "brokers to begin with, by commas", flags->common.bootstrap)
                           .also("-C,--bootstrap-controller"),
                       cli::list("-c,--command-config", "FILE", "properties of the client",
                                 flags->common.files)
                           .also("--config")
                           .completing(cli::Complete::files)};
        one.run = [flags, run] {
            cli::FlagRules rules;
            rules.refuse_if(flags->common.bootstrap.empty(),
                            "one of --bootstrap-server, --bootstrap-controller is required");
            if (rules.are_broken()) return static_cast<int>(cli::kFailed);
            return cli::run_in_session(flags->common,
                                       [&](Session& session) { return run(session, *flags); });
        };
        return one;
    };
    out.commands = {action("cluster-id", "Show the id of the cluster.", show_id),
                    action("unregister", "Let the cluster forget a broker.", unregister_broker),
                    action("list-endpoints", "Show where the brokers are.", list_endpoints)};
    out.commands[1].options.push_back(cli::number("-i,--id", "of the broker", f.id, 0, INT32_MAX));
    const auto forget = out.commands[1].run;
    out.commands[1].run = [flags, forget] {
        cli::FlagRules rules;
        rules.refuse_if(flags->id < 0, "argument --id is required");
        return rules.are_broken() ? static_cast<int>(cli::kFailed) : forget();
    };
    out.commands[2].options.push_back(
        cli::flag("--include-fenced-brokers", "those that are fenced too", f.with_fenced));
    return out;
}

}  // namespace kcore::admin
