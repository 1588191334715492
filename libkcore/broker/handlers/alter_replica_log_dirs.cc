// AlterReplicaLogDirs: replicas of this broker move to another of its log directories.

#include <fmt/format.h>

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "broker/handlers/handlers.h"
#include "broker/request.h"
#include "broker/services.h"
#include "io/pool.h"
#include "log/names.h"
#include "protocol/api/alter_replica_log_dirs.h"
#include "replication/directory_moves.h"

namespace kcore::broker {

namespace {

using protocol::AlterReplicaLogDirsRequest;
using protocol::AlterReplicaLogDirsResponse;

constexpr std::size_t kNameMax = 255;

Result<log::LogDir*> directory_of(const Services& services, const std::string& path) {
    auto* found = services.log_dirs->by_path(path);
    if (found != nullptr && found->use() == log::LogDir::Use::cordoned) {
        return fail(Errc::invalid_replica_assignment, path + " is cordoned");
    }
    const auto& failed = services.log_dirs->failed();
    const bool has_failed =
        std::ranges::find(failed, path, &log::LogDirs::Failed::path) != failed.end();
    if (has_failed || (found != nullptr && found->is_offline())) {
        return fail(Errc::kafka_storage_error, path + " is offline");
    }
    if (found == nullptr || !found->takes_partitions()) {
        return fail(Errc::log_dir_not_found, path + " is not one of log.dirs");
    }
    return found;
}

Result<void> move_one(const Services& services, const TopicPartition& name,
                      const std::string& path) {
    if (log::dir_name(name, log::DirKind::future, {}).size() > kNameMax) {
        return fail(Errc::invalid_topic_exception, name.topic + ": too long a name for a move");
    }
    const auto to = directory_of(services, path);
    if (!to) return std::unexpected(to.error());
    const auto image = services.image();
    const auto* topic = image->topic(name.topic);
    if (topic == nullptr || topic->partition(name.partition) == nullptr) {
        return fail(Errc::unknown_topic_or_partition, name.to_string() + " is not there");
    }
    if (const auto why = services.partitions->offline_reason(name)) {
        return fail(Errc::kafka_storage_error, why->what);
    }
    const auto partition = services.partitions->find(name.topic, name.partition);
    if (partition) return services.moves->begin(partition, **to);
    // A replica that is about to come here will be made there.
    services.partitions->prefer(name, **to);
    return fail(Errc::replica_not_available, name.to_string() + " has no replica here");
}

AlterReplicaLogDirsResponse move_all(const Services& services,
                                     const AlterReplicaLogDirsRequest& body) {
    // Of a partition named twice the last entry counts.
    std::map<std::string, std::map<std::int32_t, std::string>> wanted;
    for (const auto& dir : body.dirs) {
        for (const auto& topic : dir.topics) {
            auto& paths = wanted[topic.name];
            for (const auto number : topic.partitions) paths[number] = dir.path;
        }
    }
    AlterReplicaLogDirsResponse out;
    for (const auto& [topic, paths] : wanted) {
        auto& added = out.results.emplace_back();
        added.topic_name = topic;
        for (const auto& [number, path] : paths) {
            const auto done = move_one(services, {topic, number}, path);
            auto& answer = added.partitions.emplace_back();
            answer.partition_index = number;
            if (done) continue;
            answer.error_code = static_cast<std::int16_t>(done.error().code);
            services.logger.info("replica not moved partition={}-{} to={} reason=\"{}\"", topic,
                                 number, path, done.error().what);
        }
    }
    return out;
}

asio::awaitable<Done> move_on_pool(Request& request,
                                   std::unique_ptr<AlterReplicaLogDirsRequest> body) {
    std::move_only_function<AlterReplicaLogDirsResponse()> work = [&request, asked = body.get()] {
        return move_all(request.services, *asked);
    };
    auto response = co_await io::on_pool<AlterReplicaLogDirsResponse>(
        request.env.loop, request.env.pool, std::move(work));
    co_return request.answer(response);
}

}  // namespace

// Directories are made: on the pool.
Outcome alter_replica_log_dirs(Request& request) {
    auto body = request.decode<AlterReplicaLogDirsRequest>();
    if (!body) return request.malformed(body.error());
    return move_on_pool(request, std::make_unique<AlterReplicaLogDirsRequest>(*std::move(body)));
}

}  // namespace kcore::broker
