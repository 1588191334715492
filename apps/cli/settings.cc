#include "cli/settings.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "base/log_sink.h"
#include "base/properties.h"
#include "cli/process.h"
#include "cli/profile.h"
#include "client/address.h"
#include "io/posix.h"

namespace kcore::cli {

namespace {

Parsed<void> apply(client::Config& config, const std::string& name, const std::string& value) {
    auto done = client::set_property(config, name, value);
    if (done) return {};
    return refuse(std::move(done).error().what);
}

Parsed<Bytes> read_all(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) return refuse(fmt::format("cannot read {}", path));
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    return to_bytes(text);
}

// A file of client properties: unknown keys warn, since such files are shared with other clients.
Parsed<void> apply_file(client::Config& config, const std::string& path) {
    const auto properties = read_properties(path);
    if (!properties) return refuse(properties.error());
    for (const auto& property : *properties) {
        auto done = client::set_property(config, property.key, property.value);
        if (done) continue;
        const auto where = fmt::format("{}:{}: {}", path, property.line, done.error().what);
        if (!done.error().what.starts_with("unknown property")) return refuse(where);
        fmt::print(stderr, "warning: {}\n", where);
    }
    return {};
}

Parsed<std::optional<Profile>> chosen_profile(const Common& common) {
    const auto name = common.profile.empty() ? environment_value("KCORE_PROFILE") : common.profile;
    return find_profile(name, environment_value("KCORE_CONFIG"));
}

Parsed<void> apply_profile(client::Config& config, const Common& common) {
    auto profile = chosen_profile(common);
    if (!profile) return refuse(std::move(profile).error());
    if (!*profile) return {};
    if (!(*profile)->bootstrap.empty()) {
        auto done = apply(config, "bootstrap.servers", (*profile)->bootstrap);
        if (!done) return done;
    }
    for (const auto& [key, value] : (*profile)->properties) {
        auto done = apply(config, key, value);
        if (!done) return refuse(fmt::format("profile {}: {}", (*profile)->name, done.error()));
    }
    return {};
}

// KCORE_SASL_USERNAME is sasl.username; names that belong to the tools themselves are left out.
Parsed<void> apply_environment(client::Config& config) {
    static constexpr std::string_view kPrefix = "KCORE_";
    for (char** at = environ; at != nullptr && *at != nullptr; ++at) {
        const std::string_view entry(*at);
        const auto split = entry.find('=');
        if (!entry.starts_with(kPrefix) || split == entry.npos) continue;
        auto name = std::string(entry.substr(kPrefix.size(), split - kPrefix.size()));
        if (name == "PROFILE" || name == "CONFIG") continue;
        if (name == "BOOTSTRAP_SERVER") name = "BOOTSTRAP_SERVERS";
        std::ranges::transform(name, name.begin(), [](char c) {
            return c == '_' ? '.' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        });
        auto done = client::set_property(config, name, entry.substr(split + 1));
        if (!done && !done.error().what.starts_with("unknown property")) {
            return refuse(fmt::format("{}: {}", entry.substr(0, split), done.error().what));
        }
    }
    return {};
}

// Where the cluster is reached and as whom.
Parsed<void> apply_reach(client::Config& config, const Common& common) {
    config.force_bootstrap = common.force_bootstrap;
    for (const auto& text : common.host_map) {
        const auto split = text.find('=');
        if (split == text.npos) return refuse(fmt::format("--host-map: '{}' is not A=B", text));
        const auto named = client::parse_address(std::string_view(text).substr(0, split));
        const auto reached = client::parse_address(std::string_view(text).substr(split + 1));
        for (const auto* address : {&named, &reached}) {
            if (!*address) return refuse("--host-map: " + address->error().what);
        }
        config.host_map[named->to_string()] = reached->to_string();
    }
    if (common.as_version.empty()) return {};
    const auto release = protocol::Release::parse(common.as_version);
    if (!release) return refuse("--as-version: " + release.error().what);
    config.speaks_as = *release;
    return {};
}

// What -v tells goes to stderr.
void apply_verbosity(client::Config& config, int verbose) {
    if (verbose == 0) return;
    auto clock = std::make_shared<io::PosixClock>();
    auto sink = make_stream_sink(stderr, [clock] { return clock->wall_ms(); });
    sink->level = verbose > 1 ? LogLevel::debug : LogLevel::info;
    config.log = Logger(std::move(sink), "client");
    config.logs_bodies = verbose > 2;
}

}  // namespace

Parsed<std::vector<Property>> read_properties(const std::string& path) {
    const auto bytes = read_all(path);
    if (!bytes) return refuse(bytes.error());
    auto properties = parse_properties(*bytes);
    if (!properties) return refuse(fmt::format("{}: {}", path, properties.error().what));
    return std::move(*properties);
}

Parsed<std::optional<std::string>> read_only_profile(const Common& common) {
    auto profile = chosen_profile(common);
    if (!profile) return refuse(std::move(profile).error());
    if (!*profile || !(*profile)->read_only) return std::nullopt;
    return std::move((*profile)->name);
}

Parsed<client::Config> read_settings(const Common& common, client::Config defaults) {
    auto config = std::move(defaults);
    config.client_id = "kcore";
    if (auto done = apply_profile(config, common); !done) return refuse(done.error());
    for (const auto& file : common.files) {
        if (auto done = apply_file(config, file); !done) return refuse(done.error());
    }
    if (auto done = apply_environment(config); !done) return refuse(done.error());
    for (const auto& property : common.properties) {
        const auto split = property.find('=');
        if (split == property.npos)
            return refuse(fmt::format("-X {}: write -X NAME=VALUE", property));
        auto done = apply(config, property.substr(0, split), property.substr(split + 1));
        if (done) continue;
        const bool is_strange =
            done.error().starts_with("unknown property") && !done.error().ends_with('?');
        const auto* hint = is_strange ? ". -X list shows those that there are" : "";
        return refuse(fmt::format("-X {}{}", done.error(), hint));
    }
    if (!common.bootstrap.empty()) {
        auto done = apply(config, "bootstrap.servers", common.bootstrap);
        if (!done) return refuse(done.error());
    }
    for (const auto& address : config.bootstrap) {
        if (auto parsed = client::parse_address(address); !parsed) {
            return refuse("bootstrap.servers: " + parsed.error().what);
        }
    }
    if (auto done = apply_reach(config, common); !done) return refuse(done.error());
    apply_verbosity(config, common.verbose);
    if (common.timeout_ms >= 0) config.api_timeout_ms = common.timeout_ms;
    if (common.connect_timeout_ms >= 0) config.connect_timeout_ms = common.connect_timeout_ms;
    return config;
}

}  // namespace kcore::cli
