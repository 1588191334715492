#include <fmt/format.h>

#include "base/properties.h"
#include "base/server_properties.h"
#include "broker/broker.h"
#include "cli/input_file.h"
#include "cli/process.h"

namespace kcore::server {

namespace {

constexpr std::int64_t kPort = 9092;

// What a single broker without a configuration has to be.
ConfigMap assumed(const Options& options) {
    const auto port = options.port >= 0 ? options.port : kPort;
    const auto node = options.node_id >= 0 ? options.node_id : 1;
    const auto controller = port == 0 ? 0 : port + 1;
    ConfigMap out{
        {"process.roles", "broker,controller"},
        {"node.id", fmt::format("{}", node)},
        {"listeners",
         fmt::format("PLAINTEXT://127.0.0.1:{},CONTROLLER://127.0.0.1:{}", port, controller)},
        {"controller.listener.names", "CONTROLLER"},
        {"listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT"},
        {"controller.quorum.voters", fmt::format("{}@127.0.0.1:{}", node, controller)},
        {"offsets.topic.replication.factor", "1"},
    };
    if (!options.is_dev) return out;
    out["group.initial.rebalance.delay.ms"] = "0";
    out["group.min.session.timeout.ms"] = "100";
    out["auto.create.topics.enable"] = "true";
    out["offsets.topic.num.partitions"] = "1";
    out["num.network.threads"] = "1";
    return out;
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

// An override stands for the file's line.
void replace(std::vector<Property>& properties, const std::string& key, const std::string& value) {
    std::erase_if(properties, [&](const Property& p) { return p.key == key; });
    properties.push_back({key, value, 0});
}

}  // namespace

cli::Parsed<Settings> settings_of(const Options& options) {
    Settings out;
    std::vector<Property> properties;
    if (!options.config.empty()) {
        auto read = read_file(options.config);
        if (!read) return cli::refuse(read.error());
        properties = std::move(*read);
    } else {
        for (const auto& [key, value] : assumed(options)) properties.push_back({key, value, 0});
        out.in_memory = options.is_dev && options.data_dir.empty();
        const auto data = !options.data_dir.empty() ? options.data_dir
                          : out.in_memory           ? std::string("/kcore")
                                                    : cli::state_directory() + "/data";
        properties.push_back({"log.dirs", data, 0});
        out.remark = fmt::format("no configuration: broker and controller on 127.0.0.1, data {}",
                                 out.in_memory ? "in memory" : "in " + data);
    }
    if (!options.config.empty() && !options.data_dir.empty()) {
        replace(properties, "log.dirs", options.data_dir);
    }
    for (const auto& text : options.overrides) {
        const auto split = text.find('=');
        if (split == text.npos || split == 0) {
            return cli::refuse(fmt::format("--override '{}' is not key=value", text));
        }
        replace(properties, text.substr(0, split), text.substr(split + 1));
    }
    auto checked = check_server_properties(properties);
    if (!checked.errors.empty()) {
        std::string all;
        for (const auto& error : checked.errors) all += (all.empty() ? "" : "; ") + error;
        return cli::refuse(options.config.empty() ? all : options.config + ": " + all);
    }
    out.values = std::move(checked.settings);
    out.warnings = std::move(checked.warnings);
    return out;
}

}  // namespace kcore::server
