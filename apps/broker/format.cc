#include <fmt/format.h>

#include "broker/broker.h"
#include "broker/config.h"
#include "broker/node_storage.h"
#include "io/posix.h"
#include "io/posix_disk.h"
#include "log/meta_properties.h"

namespace kcore::server {

// Formats what was never used, as a start would; a directory that is in use is named.
int format(const Options& options) {
    cli::Console console(options.common);
    auto settings = settings_of(options);
    if (!settings) return console.usage(settings.error());
    auto config = broker::make_broker_config(settings->values);
    if (!config) return console.usage(config.error().what);
    if (!options.cluster_id.empty() && !Uuid::parse(options.cluster_id)) {
        console.warn(fmt::format("cluster id {} is not a uuid as other tools make them",
                                 options.cluster_id));
    }
    io::PosixClock clock;
    io::PosixRandom random;
    io::PosixLoop loop(clock);
    const auto disk = io::make_posix_disk();
    const auto net = io::make_posix_net(loop);
    const auto pool = io::make_posix_pool(1);
    io::Env env{clock, *disk, *net, random, loop, *pool};
    for (const auto& directory : config->log_dirs) {
        auto meta = log::read_meta_properties(*disk, directory);
        if (!meta) return console.fail({directory, meta.error()});
        if (!*meta || options.ignore_formatted) continue;
        return console.fail(
            {directory,
             Error(Errc::invalid_request,
                   fmt::format("it is formatted already, for cluster {}", (*meta)->cluster_id)),
             "--ignore-formatted"});
    }
    broker::StorageOptions how;
    how.cluster_id = options.cluster_id;
    how.adds_directories = true;
    auto storage = broker::open_storage(*config, env, how);
    if (!storage) return console.fail({"", storage.error()});
    auto synced = storage->unsynced.sync_all(*disk);
    if (!synced) return console.fail({"", synced.error()});
    console.print(fmt::format("formatted {} for cluster {}\n", fmt::join(config->log_dirs, ","),
                              storage->cluster_id));
    return cli::kDone;
}

}  // namespace kcore::server
