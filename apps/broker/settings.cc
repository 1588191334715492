#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <ranges>
#include <set>

#include "base/environment_properties.h"
#include "base/properties.h"
#include "base/server_properties.h"
#include "broker/broker.h"
#include "cli/input_file.h"
#include "cli/process.h"

namespace kcore::server {

namespace {

constexpr std::int64_t kDefaultPort = 9092;

// Settings from one place, which sentences about them name.
struct Layer {
    std::string place;  // "server.properties"; empty: assumed.
    std::vector<Property> properties;
};

Layer assumed(const ConfigMap& values) {
    Layer out;
    for (const auto& [key, value] : values) out.properties.push_back({key, value, 0});
    return out;
}

// What a single broker without a configuration has to be.
ConfigMap single_broker(const Options& options) {
    const auto port = options.port >= 0 ? options.port : kDefaultPort;
    const auto node = options.node_id >= 0 ? options.node_id : 1;
    const auto controller = port == 0 ? 0 : port + 1;
    return {
        {"process.roles", "broker,controller"},
        {"node.id", fmt::format("{}", node)},
        {"listeners",
         fmt::format("PLAINTEXT://127.0.0.1:{},CONTROLLER://127.0.0.1:{}", port, controller)},
        {"controller.listener.names", "CONTROLLER"},
        {"listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT"},
        {"controller.quorum.voters", fmt::format("{}@127.0.0.1:{}", node, controller)},
        {"offsets.topic.replication.factor", "1"},
    };
}

// What --dev changes, where nothing else is said.
ConfigMap for_development() {
    return {{"group.initial.rebalance.delay.ms", "0"},
            {"group.min.session.timeout.ms", "100"},
            {"auto.create.topics.enable", "true"},
            {"offsets.topic.num.partitions", "1"},
            {"num.network.threads", "1"}};
}

cli::Parsed<std::vector<Property>> read_file(const std::string& path) {
    auto file = cli::InputFile::open(path);
    if (!file) return cli::refuse(file.error());
    auto text = file->read_all();
    if (!text) return cli::refuse(fmt::format("{}: {}", path, text.error()));
    auto properties = parse_properties(as_bytes(*text));
    if (!properties) return cli::refuse(fmt::format("{}: {}", path, properties.error().what));
    return std::move(*properties);
}

std::string value_in(const Layer& layer, std::string_view key, std::string otherwise) {
    for (const auto& property : layer.properties) {
        if (property.key == key) return property.value;
    }
    return otherwise;
}

std::string_view name_of(std::string_view listener) {
    return listener.substr(0, listener.find(':'));
}

// The listeners of the file, those of clients on this port. Refuses what one port cannot mean.
cli::Parsed<std::string> listeners_at(std::int64_t port, const Layer& file) {
    const auto controllers = cli::split_commas(value_in(file, "controller.listener.names", ""));
    auto listeners = cli::split_commas(value_in(file, "listeners", "PLAINTEXT://:9092"));
    std::vector<std::string*> of_clients;
    for (auto& listener : listeners) {
        if (std::ranges::find(controllers, name_of(listener)) == controllers.end()) {
            of_clients.push_back(&listener);
        }
    }
    if (of_clients.size() != 1) {
        return cli::refuse(
            fmt::format("--port: {} has {} listeners for clients: use --override listeners=...",
                        file.place, of_clients.size()));
    }
    auto& listener = *of_clients.front();
    for (const auto& told : cli::split_commas(value_in(file, "advertised.listeners", ""))) {
        if (name_of(told) != name_of(listener)) continue;
        return cli::refuse(fmt::format(
            "--port: {} advertises {}: use --override for listeners and advertised.listeners",
            file.place, told));
    }
    listener = fmt::format("{}:{}", listener.substr(0, listener.rfind(':')), port);
    return fmt::format("{}", fmt::join(listeners, ","));
}

// The flags that stand over the file's lines.
cli::Parsed<void> add_flags(const Options& options, const Layer& file, std::vector<Layer>& layers) {
    std::vector<Layer> flags;
    if (options.port >= 0) {
        auto listeners = listeners_at(options.port, file);
        if (!listeners) return cli::refuse(listeners.error());
        flags.push_back({"--port", {{"listeners", *listeners, 0}}});
    }
    if (options.node_id >= 0) {
        flags.push_back({"--node-id", {{"node.id", fmt::format("{}", options.node_id), 0}}});
    }
    if (!options.data_dir.empty()) {
        flags.push_back({"--data-dir", {{"log.dirs", options.data_dir, 0}}});
    }
    std::ranges::move(flags, std::back_inserter(layers));
    return {};
}

void add_environment(std::vector<Layer>& layers, Settings& out) {
    auto environment = environment_properties(cli::environment_entries());
    layers.push_back({"the environment (KAFKA_...)", std::move(environment.properties)});
    for (const auto& name : environment.unknown) {
        out.warnings.push_back(fmt::format("{} names no setting", name));
    }
}

cli::Parsed<void> add_overrides(const Options& options, std::vector<Layer>& layers) {
    for (const auto& text : options.overrides) {
        const auto split = text.find('=');
        if (split == text.npos || split == 0) {
            return cli::refuse(fmt::format("--override '{}' is not key=value", text));
        }
        layers.push_back(
            {"--override " + text, {{text.substr(0, split), text.substr(split + 1), 0}}});
    }
    return {};
}

// Checks what of each layer the later ones leave, and puts it together.
cli::Parsed<void> combine(std::vector<Layer> layers, Settings& out) {
    std::set<std::string> taken;
    std::string errors;
    for (auto& [place, properties] : layers | std::views::reverse) {
        std::erase_if(properties, [&](const Property& p) { return taken.contains(p.key); });
        for (const auto& property : properties) taken.insert(property.key);
        auto checked = check_server_properties(properties);
        const auto prefix = place.empty() ? place : place + ": ";
        for (const auto& error : checked.errors) {
            errors += (errors.empty() ? "" : "; ") + prefix + error;
        }
        for (const auto& warning : checked.warnings) out.warnings.push_back(prefix + warning);
        out.values.merge(std::move(checked.settings));
    }
    if (!errors.empty()) return cli::refuse(std::move(errors));
    return {};
}

}  // namespace

cli::Parsed<Settings> settings_of(const Options& options, const ConfigMap& of_member) {
    Settings out;
    out.in_memory = options.is_dev && options.data_dir.empty();
    out.cluster_id =
        options.cluster_id.empty() ? cli::environment_value("CLUSTER_ID") : options.cluster_id;
    std::vector<Layer> layers;
    if (options.is_dev) layers.push_back(assumed(for_development()));
    if (!options.config.empty()) {
        auto read = read_file(options.config);
        if (!read) return cli::refuse(read.error());
        const Layer file{options.config, std::move(*read)};
        layers.push_back(file);
        add_environment(layers, out);
        auto added = add_flags(options, file, layers);
        if (!added) return cli::refuse(added.error());
        if (out.in_memory) out.remark = "development mode: data in memory, not in log.dirs";
    } else {
        auto values = single_broker(options);
        const auto data = !options.data_dir.empty() ? options.data_dir
                          : out.in_memory           ? std::string("/kcore")
                                                    : cli::state_directory() + "/data";
        values["log.dirs"] = data;
        for (const auto& [key, value] : of_member) values[key] = value;
        if (of_member.contains("node.id")) values["log.dirs"] += "/" + of_member.at("node.id");
        layers.push_back(assumed(values));
        add_environment(layers, out);
        const auto who = options.brokers > 1
                             ? fmt::format("{} brokers, all controllers", options.brokers)
                             : "broker and controller";
        out.remark = fmt::format("no configuration: {} on 127.0.0.1, data {}", who,
                                 out.in_memory ? "in memory" : "in " + data);
    }
    if (auto added = add_overrides(options, layers); !added) return cli::refuse(added.error());
    if (auto done = combine(std::move(layers), out); !done) return cli::refuse(done.error());
    return out;
}

}  // namespace kcore::server
