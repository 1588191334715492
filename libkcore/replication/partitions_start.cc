// Partitions, second part: at the start.

#include <utility>

#include "replication/partitions.h"

namespace kcore::replication {

bool Partitions::load(const metadata::Image& image) {
    const auto config_for = [&](const TopicPartition& name) {
        return settings_for(image, name.topic)->log;
    };
    const auto on_loaded = [&](log::LoadedPartition loaded) {
        take_loaded(image, std::move(loaded));
    };
    const bool is_whole =
        dirs_.load(pool_, options_.recovery_threads, config_for, on_loaded, clock_.wall_ms());
    const std::unique_lock lock(mutex_);
    for (auto& name : dirs_.late()) {
        const auto* topic = image.topic(name.topic);
        if (topic == nullptr || !is_assigned_here(topic->partition(name.partition))) continue;
        loading_[std::move(name)] = {topic->id};
    }
    return is_whole;
}

bool Partitions::is_loading(const TopicPartition& name) const {
    const std::shared_lock lock(mutex_);
    return loading_.contains(name);
}

void Partitions::load_late(const Latest& latest, const OnReady& on_ready) {
    const auto config_for = [&](const TopicPartition& name) {
        return settings_for(*latest(), name.topic)->log;
    };
    const auto on_loaded = [&](log::LoadedPartition loaded) {
        const auto name = loaded.found.name.partition;
        {
            const std::lock_guard applying(applying_);
            take_late(*latest(), std::move(loaded));
        }
        if (const auto there = find(name.topic, name.partition)) on_ready(there->topic_id(), name);
    };
    dirs_.load_late(pool_, options_.recovery_threads, config_for, on_loaded, clock_.wall_ms());
}

void Partitions::take_late(const metadata::Image& image, log::LoadedPartition loaded) {
    const auto name = loaded.found.name.partition;
    bool is_dropped = false;
    {
        const std::unique_lock lock(mutex_);
        if (const auto late = loading_.extract(name)) is_dropped = late.mapped().is_dropped;
    }
    if (is_dropped) {
        remove_loaded(std::move(loaded));
    } else {
        take_loaded(image, std::move(loaded));
    }
    // What was found may have been another topic's: now its name is free.
    const auto* topic = image.topic(name.topic);
    const auto* state = topic != nullptr ? topic->partition(name.partition) : nullptr;
    if (state != nullptr) apply_partition(image, {*topic, name.partition, false});
}

void Partitions::remove_loaded(log::LoadedPartition loaded) {
    auto& directory = *loaded.directory;
    const auto removed = loaded.log ? directory.remove(*std::move(loaded.log), clock_.wall_ms())
                                    : directory.remove(loaded.found);
    if (removed) return;
    options_.logger.error("log not removed partition={} error=\"{}\"",
                          loaded.found.name.partition.to_string(), removed.error().what);
}

// Assigned to this broker, of this topic and not of an earlier one of its name, and not a second
// log beside the one in the directory that the image names.
bool Partitions::is_ours(const metadata::Image& image, const log::LoadedPartition& loaded) const {
    const auto& name = loaded.found.name.partition;
    const auto* topic = image.topic(name.topic);
    const auto* state = topic != nullptr ? topic->partition(name.partition) : nullptr;
    if (!is_assigned_here(state)) return false;
    const auto topic_id = loaded.log ? Result<Uuid>((*loaded.log)->topic_id())
                                     : loaded.directory->topic_id(loaded.found);
    // Without an id, or with one that cannot be read, it counts as this topic's.
    if (topic_id && !topic_id->is_zero() && *topic_id != topic->id) return false;
    const auto assigned = state->directory_of(options_.node_id);
    if (loaded.directory->id() == assigned) return true;
    for (const auto& other : dirs_.all()) {
        if (other.get() == loaded.directory) break;
        if (other->has_found(name)) return false;
    }
    const auto* named = dirs_.by_id(assigned);
    return named == nullptr || !named->has_found(name);
}

void Partitions::set_aside(log::LoadedPartition loaded) {
    options_.logger.warn("not assigned here, set aside partition={} path={}/{}",
                         loaded.found.name.partition.to_string(), loaded.directory->path(),
                         loaded.found.directory);
    const auto done = loaded.log ? loaded.directory->set_aside(*std::move(loaded.log))
                                 : loaded.directory->set_aside(loaded.found);
    if (!done) options_.logger.error("set aside failed error=\"{}\"", done.error().what);
}

void Partitions::take_loaded(const metadata::Image& image, log::LoadedPartition loaded) {
    const auto& name = loaded.found.name.partition;
    if (!is_ours(image, loaded)) return set_aside(std::move(loaded));
    const Wanted wanted{*image.topic(name.topic), name.partition, false};
    if (!loaded.log) {
        options_.logger.error("log not loaded, the partition is offline partition={} error=\"{}\"",
                              name.to_string(), loaded.log.error().what);
        refuse(name, {wanted.topic.id, loaded.log.error(), loaded.directory, loaded.found});
        // Of a directory that failed the controller hears otherwise, if it has the replica there.
        const bool is_heard =
            loaded.directory->is_offline() &&
            wanted.state().directory_of(options_.node_id) == loaded.directory->id();
        if (!is_heard) tell(wanted, kDirLost);
        return;
    }
    if ((*loaded.log)->topic_id().is_zero()) {
        const auto adopted = loaded.directory->adopt(**loaded.log, wanted.topic.id);
        if (!adopted)
            return refuse(name, {wanted.topic.id, adopted.error(), nullptr, std::nullopt});
    }
    auto partition =
        make_partition(*std::move(loaded.log), settings_for(image, name.topic), wanted.state());
    put({std::move(partition), loaded.directory});
    tell(wanted, loaded.directory->id());
}

}  // namespace kcore::replication
