#include <fmt/format.h>

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

// The sentence to refuse with when a directory is in use already.
std::optional<cli::Failure> formatted_before(const Options& options,
                                             const broker::BrokerConfig& config, io::Disk& disk) {
    for (const auto& directory : config.log_dirs) {
        auto meta = log::read_meta_properties(disk, directory);
        if (!meta) return cli::Failure(directory, meta.error());
        if (!*meta) continue;
        const auto& cluster = (*meta)->cluster_id;
        if (!options.cluster_id.empty() && cluster != options.cluster_id) {
            return cli::Failure(directory,
                                Error(Errc::inconsistent_cluster_id,
                                      fmt::format("it is formatted for cluster {}, not {}", cluster,
                                                  options.cluster_id)));
        }
        if (options.ignore_formatted) continue;
        return cli::Failure(directory,
                            Error(Errc::invalid_request,
                                  fmt::format("it is formatted already, for cluster {}", cluster)),
                            "--ignore-formatted");
    }
    return std::nullopt;
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
    if (auto failure = formatted_before(options, *config, *disk)) return console.fail(*failure);
    broker::StorageOptions how;
    how.cluster_id = settings->cluster_id;
    how.adds_directories = true;
    how.first_records = std::move(*records);
    auto storage = broker::open_storage(*config, env, how);
    if (!storage) return console.fail({"", storage.error()});
    auto synced = storage->unsynced.sync_all(*disk);
    if (!synced) return console.fail({"", synced.error()});
    console.print(fmt::format("formatted {} for cluster {}\n", fmt::join(config->log_dirs, ","),
                              storage->cluster_id));
    return cli::kDone;
}

}  // namespace kcore::server
