#include "replication/partitions.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <utility>

namespace kcore::replication {

namespace {

bool is_assigned(const metadata::Partition& partition, std::int32_t node) {
    return std::ranges::find(partition.replicas, node) != partition.replicas.end();
}

Leadership leadership_of(const metadata::Partition& partition) {
    return {partition.leader, partition.leader_epoch, partition.partition_epoch, partition.replicas,
            partition.isr};
}

Error gone(const TopicPartition& name) {
    return {Errc::unknown_topic_or_partition, fmt::format("{} is gone", name.to_string())};
}

}  // namespace

Partitions::Partitions(PartitionsOptions options, log::LogDirs& dirs, io::Pool& pool,
                       io::Clock& clock)
    : options_(std::move(options)), dirs_(dirs), pool_(pool), clock_(clock) {}

Partitions::~Partitions() = default;

const Partitions::Placed* Partitions::held(std::string_view topic, std::int32_t partition) const {
    const auto found = by_name_.find(topic);
    if (found == by_name_.end()) return nullptr;
    const auto at = found->second.find(partition);
    return at == found->second.end() ? nullptr : &at->second;
}

PartitionRef Partitions::find(std::string_view topic, std::int32_t partition) const {
    const std::shared_lock lock(mutex_);
    const auto* found = held(topic, partition);
    return found != nullptr ? found->partition : nullptr;
}

PartitionRef Partitions::find(const Uuid& topic_id, std::int32_t partition) const {
    const std::shared_lock lock(mutex_);
    const auto name = names_.find(topic_id);
    if (name == names_.end()) return nullptr;
    const auto* found = held(name->second, partition);
    return found != nullptr ? found->partition : nullptr;
}

std::vector<Partitions::Placed> Partitions::all_placed() const {
    const std::shared_lock lock(mutex_);
    std::vector<Placed> out;
    for (const auto& [topic, partitions] : by_name_) {
        for (const auto& [number, held] : partitions) out.push_back(held);
    }
    return out;
}

std::vector<PartitionRef> Partitions::all() const {
    std::vector<PartitionRef> out;
    for (auto& placed : all_placed()) out.push_back(std::move(placed.partition));
    return out;
}

std::optional<Error> Partitions::offline_reason(const TopicPartition& name) const {
    const std::shared_lock lock(mutex_);
    const auto found = refused_.find(name);
    if (found == refused_.end()) return std::nullopt;
    return found->second;
}

void Partitions::load(const metadata::Image& image) {
    const auto config_for = [&](const TopicPartition& name) {
        return options_.settings_of(image, name.topic)->log;
    };
    const auto on_loaded = [&](log::LoadedPartition loaded) {
        take_loaded(image, std::move(loaded));
    };
    dirs_.load(pool_, options_.recovery_threads, config_for, on_loaded, clock_.wall_ms());
}

void Partitions::take_loaded(const metadata::Image& image, log::LoadedPartition loaded) {
    const auto& name = loaded.found.name.partition;
    if (!loaded.log) {
        options_.logger.error("log not loaded partition={} error=\"{}\"", name.to_string(),
                              loaded.log.error().what);
        refuse(name, loaded.log.error());
        return;
    }
    auto log = *std::move(loaded.log);
    const auto* topic = image.topic(name.topic);
    const auto* assigned = topic != nullptr ? topic->partition(name.partition) : nullptr;
    const bool same = topic != nullptr && topic->id == log->topic_id();
    if (assigned == nullptr || !same || !is_assigned(*assigned, options_.node_id)) {
        options_.logger.warn("not assigned here, set aside partition={}", name.to_string());
        const auto done = loaded.directory->set_aside(std::move(log));
        if (!done) options_.logger.error("set aside failed error=\"{}\"", done.error().what);
        return;
    }
    auto partition = std::make_shared<Partition>(options_.node_id, std::move(log),
                                                 options_.settings_of(image, name.topic));
    partition->assume(leadership_of(*assigned));
    put({std::move(partition), loaded.directory});
}

void Partitions::put(Placed held) {
    const std::unique_lock lock(mutex_);
    const auto name = held.partition->name();
    names_[held.partition->topic_id()] = name.topic;
    refused_.erase(name);
    by_name_[name.topic][name.partition] = std::move(held);
}

void Partitions::refuse(const TopicPartition& name, Error why) {
    const std::unique_lock lock(mutex_);
    refused_.insert_or_assign(name, std::move(why));
}

void Partitions::apply(const metadata::Image& after, const metadata::Changes& changes) {
    // Deletions first: a topic may be gone and made anew under the same name.
    for (const auto& [id, change] : changes.topics) {
        if (after.topic(id) == nullptr) apply_topic(after, id, change);
    }
    for (const auto& [id, change] : changes.topics) {
        if (after.topic(id) != nullptr) apply_topic(after, id, change);
    }
    apply_settings(after, changes);
}

void Partitions::apply_topic(const metadata::Image& after, const Uuid& id,
                             const metadata::Changes::ChangedTopic& change) {
    const auto* topic = after.topic(id);
    if (topic != nullptr) {
        for (const auto number : change.partitions) apply_partition(after, *topic, number);
        return;
    }
    std::vector<TopicPartition> names;
    {
        const std::shared_lock lock(mutex_);
        const auto name = names_.find(id);
        if (name == names_.end()) return;
        for (const auto& [number, held] : by_name_[name->second]) {
            if (held.partition->topic_id() == id) names.push_back(held.partition->name());
        }
    }
    for (const auto& name : names) drop(name, gone(name));
    const std::unique_lock lock(mutex_);
    names_.erase(id);
    if (const auto found = by_name_.find(change.name);
        found != by_name_.end() && found->second.empty()) {
        by_name_.erase(found);
    }
}

void Partitions::apply_partition(const metadata::Image& after, const metadata::Topic& topic,
                                 std::int32_t number) {
    const TopicPartition name{topic.name, number};
    const auto* state = topic.partition(number);
    if (state == nullptr || !is_assigned(*state, options_.node_id)) {
        drop(name, gone(name));
        return;
    }
    auto partition = find(topic.name, number);
    if (partition && partition->topic_id() != topic.id) {
        drop(name, gone(name));
        partition = nullptr;
    }
    if (!partition) {
        auto made = create(after, topic, number);
        if (!made) {
            options_.logger.error("log not created partition={} error=\"{}\"", name.to_string(),
                                  made.error().what);
            refuse(name, std::move(made).error());
            return;
        }
        partition = made->partition;
        partition->assume(leadership_of(*state));
        put(*std::move(made));
        return;
    }
    partition->assume(leadership_of(*state));
}

Result<Partitions::Placed> Partitions::create(const metadata::Image& after,
                                              const metadata::Topic& topic, std::int32_t number) {
    auto* directory = dirs_.by_id(topic.partition(number)->directory_of(options_.node_id));
    if (directory == nullptr) directory = dirs_.choose();
    const TopicPartition name{topic.name, number};
    if (directory == nullptr) {
        return fail(Errc::kafka_storage_error,
                    fmt::format("{}: every log directory is offline", name.to_string()));
    }
    auto settings = options_.settings_of(after, topic.name);
    auto log = directory->create(name, topic.id, settings->log, clock_.wall_ms());
    if (!log) return std::unexpected(std::move(log).error());
    auto partition =
        std::make_shared<Partition>(options_.node_id, *std::move(log), std::move(settings));
    return Placed{std::move(partition), directory};
}

void Partitions::drop(const TopicPartition& name, const Error& why) {
    Placed dropped;
    {
        const std::unique_lock lock(mutex_);
        refused_.erase(name);
        const auto* found = held(name.topic, name.partition);
        if (found == nullptr) return;
        dropped = *found;
        by_name_.find(name.topic)->second.erase(name.partition);
    }
    auto log = dropped.partition->stop(why, Partition::RunningFlush::abandon);
    if (!log) return;
    const auto removed = dropped.directory->remove(std::move(log), clock_.wall_ms());
    if (!removed) {
        options_.logger.error("log not removed partition={} error=\"{}\"", name.to_string(),
                              removed.error().what);
    }
}

// A change of a broker's configuration may change what any topic falls back to.
void Partitions::apply_settings(const metadata::Image& after, const metadata::Changes& changes) {
    std::vector<std::string> topics;
    bool all_topics = false;
    for (const auto& resource : changes.configs) {
        if (resource.type == metadata::ResourceType::topic) topics.push_back(resource.name);
        if (resource.type == metadata::ResourceType::broker) all_topics = true;
    }
    const std::shared_lock lock(mutex_);
    const auto renew = [&](const std::string& topic, const ByNumber& partitions) {
        if (partitions.empty()) return;
        const auto settings = options_.settings_of(after, topic);
        for (const auto& [number, held] : partitions) held.partition->set_settings(settings);
    };
    if (all_topics) {
        for (const auto& [topic, partitions] : by_name_) renew(topic, partitions);
        return;
    }
    for (const auto& topic : topics) {
        const auto found = by_name_.find(topic);
        if (found != by_name_.end()) renew(topic, found->second);
    }
}

void Partitions::tick() {
    const auto now_ms = clock_.wall_ms();
    for (const auto& partition : all()) {
        partition->flush_if_due(pool_, now_ms);
        (void)partition->with_log([&](log::Log& log) -> Result<void> {
            log.expire_producers(now_ms);
            return {};
        });
    }
}

bool Partitions::close() {
    bool clean = true;
    const Error why(Errc::not_leader_or_follower, "the broker is shutting down");
    for (const auto& partition : all()) {
        auto log = partition->stop(why, Partition::RunningFlush::await);
        if (!log) continue;
        const auto closed = log->close(clock_.wall_ms());
        if (closed) continue;
        options_.logger.error("log not closed partition={} error=\"{}\"",
                              partition->name().to_string(), closed.error().what);
        clean = false;
    }
    return clean;
}

}  // namespace kcore::replication
