#include <fmt/format.h>

#include <algorithm>

#include "broker/broker.h"
#include "broker/config.h"
#include "broker/node_storage.h"
#include "cli/quantity.h"
#include "io/posix.h"
#include "io/posix_disk.h"
#include "log/meta_properties.h"
#include "metadata/features.h"
#include "metadata/snapshot.h"

namespace kcore::server {

namespace {

std::string all_releases() {
    std::vector<std::string_view> names;
    for (auto level = metadata::kMetadataVersionMin; level <= metadata::kMetadataVersionLatest;
         ++level) {
        names.push_back(metadata::metadata_version_name(level));
    }
    return fmt::format("{}", fmt::join(names, ", "));
}

// Of --feature NAME=LEVEL.
cli::Parsed<metadata::FeatureLevels> chosen_levels(const Options& options) {
    metadata::FeatureLevels out;
    for (const auto& text : options.features) {
        const auto split = text.find('=');
        std::int64_t level = 0;
        if (split == text.npos || !cli::parse_integer(text.substr(split + 1), level) ||
            level != static_cast<std::int16_t>(level)) {
            return cli::refuse(fmt::format("--feature '{}' is not name=level", text));
        }
        const auto name = text.substr(0, split);
        if (name == metadata::kMetadataVersion && !options.release.empty()) {
            return cli::refuse("--feature metadata.version and --release-version say the same");
        }
        if (!out.emplace(name, static_cast<std::int16_t>(level)).second) {
            return cli::refuse(fmt::format("--feature {} is given twice", name));
        }
    }
    return out;
}

cli::Parsed<std::vector<metadata::Record>> first_records(const Options& options) {
    auto version = metadata::kMetadataVersionLatest;
    if (!options.release.empty()) {
        const auto known = metadata::metadata_version_of(options.release);
        if (!known) {
            return cli::refuse(fmt::format("--release-version: there is no '{}'; there are {}",
                                           options.release, all_releases()));
        }
        version = *known;
    }
    auto chosen = chosen_levels(options);
    if (!chosen) return cli::refuse(chosen.error());
    const auto own = chosen->find(metadata::kMetadataVersion);
    if (own != chosen->end()) version = own->second;
    auto levels = metadata::initial_levels(version, *chosen);
    if (!levels) return cli::refuse("--feature: " + levels.error().what);
    return metadata::bootstrap_records(*levels);
}

// The sentence to refuse with when a directory is in use already. One of another cluster is
// refused by open_storage().
std::optional<cli::Failure> formatted_before(const std::string& cluster_id,
                                             const broker::BrokerConfig& config, io::Disk& disk) {
    for (const auto& directory : config.log_dirs) {
        auto meta = log::read_meta_properties(disk, directory);
        if (!meta) return cli::Failure(directory, meta.error());
        if (!*meta) continue;
        const auto& cluster = (*meta)->cluster_id;
        if (!cluster_id.empty() && cluster != cluster_id) continue;
        return cli::Failure(directory,
                            Error(Errc::invalid_request,
                                  fmt::format("it is formatted already, for cluster {}", cluster)),
                            "--ignore-formatted");
    }
    return std::nullopt;
}

// "3000@host:9093:JEXY6aqzQY-32P5TStzaFg"
cli::Parsed<raft::Voter> parse_voter(const std::string& text, const std::string& listener) {
    raft::Voter voter;
    const auto at = text.find('@');
    const auto last = text.rfind(':');
    const auto middle = last == text.npos ? text.npos : text.rfind(':', last - 1);
    std::int64_t id = -1;
    std::int64_t port = 0;
    const bool is_whole = at != text.npos && middle != text.npos && at < middle &&
                          cli::parse_integer(text.substr(0, at), id) && id >= 0 &&
                          cli::parse_integer(text.substr(middle + 1, last - middle - 1), port);
    const auto directory = is_whole ? Uuid::parse(text.substr(last + 1)) : std::nullopt;
    if (!directory || port <= 0 || port > UINT16_MAX || id > INT32_MAX) {
        return cli::refuse(
            fmt::format("--initial-controllers '{}' is not id@host:port:directory-id", text));
    }
    voter.key = {static_cast<std::int32_t>(id), *directory};
    voter.endpoints.push_back(
        {listener, {text.substr(at + 1, middle - at - 1), static_cast<std::uint16_t>(port)}});
    return voter;
}

// The voters that the directory is to name; none: they are configured, or others have them.
cli::Parsed<std::vector<raft::Voter>> first_voters(const Options& options,
                                                   const broker::BrokerConfig& config) {
    const int ways = (options.is_standalone ? 1 : 0) +
                     (options.initial_controllers.empty() ? 0 : 1) +
                     (options.has_no_initial_controllers ? 1 : 0);
    std::vector<raft::Voter> voters;
    if (ways == 0) return voters;
    if (ways > 1) {
        return cli::refuse(
            "--standalone, --initial-controllers and --no-initial-controllers exclude each other");
    }
    if (!config.voters.empty()) {
        return cli::refuse(
            "controller.quorum.voters makes a static quorum: leave it out for a "
            "dynamic one, and name controller.quorum.bootstrap.servers");
    }
    if (!config.is_controller) {
        return cli::refuse("only a controller has voters: process.roles has no controller");
    }
    if (options.has_no_initial_controllers) return voters;
    const auto& listener = config.controller_listeners.front();
    for (const auto& list : options.initial_controllers) {
        for (const auto& text : cli::split_commas(list)) {
            auto voter = parse_voter(text, listener);
            if (!voter) return cli::refuse(voter.error());
            voters.push_back(std::move(*voter));
        }
    }
    if (!options.is_standalone) {
        const auto is_self = [&](const auto& v) { return v.key.id == config.node_id; };
        if (std::ranges::any_of(voters, is_self)) return voters;
        return cli::refuse(
            fmt::format("--initial-controllers does not name this node, {}", config.node_id));
    }
    raft::Voter self;
    self.key.id = config.node_id;
    for (const auto& one : config.listeners) {
        if (!one.is_controller) continue;
        auto address = one.advertised.host.empty() ? one.bind : one.advertised;
        if (address.port == 0 || address.host.empty() || address.host == "0.0.0.0") {
            return cli::refuse(fmt::format(
                "--standalone: listener {} needs a host and a port that others can dial",
                one.name));
        }
        self.endpoints.push_back({one.name, address});
    }
    voters.push_back(std::move(self));
    return voters;
}

}  // namespace

// Formats what was never used, as a start would; a directory that is in use is named.
int format(const Options& options) {
    cli::Console console(options.common);
    auto settings = settings_of(options);
    if (!settings) return console.usage(settings.error());
    auto config = broker::make_broker_config(settings->values);
    if (!config) return console.usage(config.error().what);
    auto records = first_records(options);
    if (!records) return console.usage(records.error());
    auto voters = first_voters(options, *config);
    if (!voters) return console.usage(voters.error());
    if (!settings->cluster_id.empty() && !Uuid::parse(settings->cluster_id)) {
        console.warn(fmt::format("cluster id {} is not a uuid as other tools make them",
                                 settings->cluster_id));
    }
    io::PosixClock clock;
    io::PosixRandom random;
    io::PosixLoop loop(clock);
    const auto disk = io::make_posix_disk();
    const auto net = io::make_posix_net(loop);
    const auto pool = io::make_posix_pool(1);
    io::Env env{clock, *disk, *net, random, loop, *pool};
    if (!options.ignore_formatted) {
        auto failure = formatted_before(settings->cluster_id, *config, *disk);
        if (failure) return console.fail(*failure);
    }
    broker::StorageOptions how;
    how.cluster_id = settings->cluster_id;
    how.is_id_required = !settings->cluster_id.empty();
    how.adds_directories = true;
    how.first_records = std::move(*records);
    how.voters = std::move(*voters);
    auto storage = broker::open_storage(*config, env, how);
    if (!storage) return console.fail({"", storage.error()});
    auto synced = storage->unsynced.sync_all(*disk);
    if (!synced) return console.fail({"", synced.error()});
    const auto& fresh = storage->formatted;
    console.print(fresh.empty()
                      ? fmt::format("nothing to format: all log directories are, for cluster {}\n",
                                    storage->cluster_id)
                      : fmt::format("formatted {} for cluster {}\n", fmt::join(fresh, ","),
                                    storage->cluster_id));
    return cli::kDone;
}

}  // namespace kcore::server
