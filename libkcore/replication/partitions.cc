#include "replication/partitions.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <utility>

#include "io/parallel.h"
#include "io/steady.h"

namespace kcore::replication {

namespace {

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
    const auto found = offline_.find(name);
    if (found == offline_.end()) return std::nullopt;
    return found->second.why;
}

bool Partitions::is_offline(const Wanted& wanted) const {
    const std::shared_lock lock(mutex_);
    const auto found = offline_.find(wanted.name());
    return found != offline_.end() && found->second.is_final &&
           found->second.topic_id == wanted.topic.id;
}

// --- As the image changes

PartitionRef Partitions::make_partition(std::unique_ptr<log::Log> log, SettingsRef settings,
                                        const metadata::Partition& state) const {
    const PeerRules peers{live_brokers_, options_.lag_max_ms};
    log->set_config(settings->log);  // Another since it was loaded, perhaps.
    auto partition =
        std::make_shared<Partition>(options_.node_id, std::move(log), std::move(settings), peers);
    partition->assume(leadership_of(state), io::steady_ms(clock_));
    return partition;
}

void Partitions::tell(const Wanted& wanted, const Uuid& directory) const {
    if (!options_.placed || wanted.state().directory_of(options_.node_id) == directory) return;
    options_.placed(wanted.topic.id, wanted.number, directory);
}

// Resolved once for all partitions of a topic.
SettingsRef Partitions::settings_for(const metadata::Image& image, const std::string& topic) {
    const std::lock_guard lock(settings_mutex_);
    if (std::exchange(settings_offset_, image.offset) != image.offset) settings_.clear();
    auto& known = settings_[topic];
    if (!known) known = options_.settings_of(image, topic);
    return known;
}

void Partitions::put(const Placed& placed) {
    {
        const std::unique_lock lock(mutex_);
        const auto& name = placed.partition->name();
        names_[placed.partition->topic_id()] = name.topic;
        offline_.erase(name);
        preferred_.erase(name);
        by_name_[name.topic][name.partition] = placed;
    }
    // directory_failed() may have looked before it was there.
    if (const auto online = placed.directory->storage().check_online(); !online) {
        take_offline(placed, online.error());
    }
}

void Partitions::prefer(const TopicPartition& name, log::LogDir& directory) {
    const std::unique_lock lock(mutex_);
    if (held(name.topic, name.partition) == nullptr) preferred_[name] = &directory;
}

void Partitions::moved(const Partition& partition, log::LogDir& directory) {
    const std::unique_lock lock(mutex_);
    const auto topic = by_name_.find(partition.name().topic);
    if (topic == by_name_.end()) return;
    const auto found = topic->second.find(partition.name().partition);
    if (found == topic->second.end() || found->second.partition.get() != &partition) return;
    found->second.directory = &directory;
}

void Partitions::refuse(const TopicPartition& name, Offline offline) {
    const std::unique_lock lock(mutex_);
    offline_.insert_or_assign(name, std::move(offline));
}

void Partitions::apply(const metadata::Image& before, const metadata::Image& after,
                       const metadata::Changes& changes) {
    const std::lock_guard applying(applying_);
    live_brokers_.set(after);
    if (changes.from_snapshot) drop_deleted(after);
    // Deletions first: a topic may be gone and made anew under the same name.
    for (const auto& [id, change] : changes.topics) {
        if (after.topic(id) == nullptr) drop_topic(id, change.name);
    }
    for (const auto& [id, change] : changes.topics) {
        const auto* topic = after.topic(id);
        if (topic == nullptr) continue;
        const auto* known = before.topic(id);
        for (const auto number : change.partitions) {
            const bool was_there = known != nullptr && known->partition(number) != nullptr;
            apply_partition(after, {*topic, number, !was_there && !changes.from_snapshot});
        }
    }
    apply_settings(after, changes);
    if (!changes.brokers.empty()) reconsider(after);
}

// A snapshot does not say what is gone.
void Partitions::drop_deleted(const metadata::Image& after) {
    std::map<Uuid, std::string> gone;
    {
        const std::shared_lock lock(mutex_);
        for (const auto& [id, topic] : names_) {
            if (after.topic(id) == nullptr) gone.emplace(id, topic);
        }
        for (const auto& [name, offline] : offline_) {
            if (after.topic(offline.topic_id) == nullptr)
                gone.emplace(offline.topic_id, name.topic);
        }
        for (const auto& [name, loading] : loading_) {
            if (after.topic(loading.topic_id) == nullptr)
                gone.emplace(loading.topic_id, name.topic);
        }
    }
    for (const auto& [id, topic] : gone) drop_topic(id, topic);
}

void Partitions::reconsider(const metadata::Image& image) {
    live_brokers_.set(image);
    for (const auto& partition : all()) partition->reconsider(io::steady_ms(clock_));
}

void Partitions::drop_topic(const Uuid& id, const std::string& topic) {
    std::vector<TopicPartition> names;
    {
        const std::shared_lock lock(mutex_);
        if (const auto found = by_name_.find(topic); found != by_name_.end()) {
            for (const auto& [number, held] : found->second) {
                if (held.partition->topic_id() == id) names.push_back(held.partition->name());
            }
        }
        for (const auto& [name, offline] : offline_) {
            if (offline.topic_id == id) names.push_back(name);
        }
        for (const auto& [name, loading] : loading_) {
            if (loading.topic_id == id) names.push_back(name);
        }
    }
    for (const auto& name : names) drop(name, gone(name));
    const std::unique_lock lock(mutex_);
    names_.erase(id);
    std::erase_if(preferred_, [&](const auto& wish) { return wish.first.topic == topic; });
    if (const auto found = by_name_.find(topic); found != by_name_.end() && found->second.empty()) {
        by_name_.erase(found);
    }
}

void Partitions::apply_partition(const metadata::Image& after, const Wanted& wanted) {
    const auto name = wanted.name();
    const auto* state = wanted.topic.partition(wanted.number);
    if (!is_assigned_here(state)) {
        drop(name, gone(name));
        return;
    }
    if (is_offline(wanted)) return;
    const auto partition = find(name.topic, name.partition);
    if (partition && partition->topic_id() == wanted.topic.id) {
        partition->assume(leadership_of(*state), io::steady_ms(clock_));
        return;
    }
    {
        const std::shared_lock lock(mutex_);
        const auto found = loading_.find(name);
        const bool waits = found != loading_.end() && !found->second.is_dropped;
        if (waits && found->second.topic_id == wanted.topic.id) return;
    }
    drop(name, gone(name));
    if (is_loading(name)) return;  // Its name is free when that is gone.
    make(after, wanted);
}

void Partitions::make(const metadata::Image& after, const Wanted& wanted) {
    const auto name = wanted.name();
    const auto home = home_of(wanted);
    if (home) return create(after, wanted, **home);
    options_.logger.error("the partition is offline partition={} error=\"{}\"", name.to_string(),
                          home.error().what);
    refuse(name, {wanted.topic.id, home.error(), nullptr, std::nullopt});
}

// Where a log is made for a partition that has none here. A replica whose directory is not online
// has one elsewhere: on a disk that failed, was taken out, or is not mounted.
Result<log::LogDir*> Partitions::home_of(const Wanted& wanted) const {
    const auto name = wanted.name().to_string();
    const auto id = wanted.state().directory_of(options_.node_id);
    if (id == kDirLost) {
        return fail(Errc::kafka_storage_error,
                    fmt::format("{}: its log was lost, and is not here", name));
    }
    if (id != kDirUnassigned && id != kDirMigrating) {
        auto* directory = dirs_.by_id(id);
        if (directory != nullptr && !directory->is_offline()) return directory;
        return fail(
            Errc::kafka_storage_error,
            fmt::format("{}: it lies in log directory {}, which is {}", name, id.to_string(),
                        directory != nullptr ? directory->path() + ", offline" : "not here"));
    }
    if (!wanted.is_new && dirs_.is_incomplete()) {
        return fail(Errc::kafka_storage_error,
                    fmt::format("{}: it may lie in a log directory that is offline", name));
    }
    {
        const std::shared_lock lock(mutex_);
        const auto found = preferred_.find(wanted.name());
        if (found != preferred_.end() && !found->second->is_offline()) return found->second;
    }
    auto* directory = dirs_.choose();
    if (directory != nullptr) return directory;
    return fail(Errc::kafka_storage_error, fmt::format("{}: every log directory is offline", name));
}

void Partitions::create(const metadata::Image& after, const Wanted& wanted,
                        log::LogDir& directory) {
    const auto name = wanted.name();
    const bool was_missing = offline_reason(name).has_value();
    auto settings = settings_for(after, name.topic);
    auto log = directory.create(name, wanted.topic.id, settings->log, clock_.wall_ms());
    if (!log) {
        if (!was_missing) {
            options_.logger.error("log not created partition={} error=\"{}\" then=\"try again\"",
                                  name.to_string(), log.error().what);
        }
        Offline offline{wanted.topic.id, std::move(log).error(), nullptr, std::nullopt};
        offline.is_final = false;
        refuse(name, std::move(offline));
        return;
    }
    if (was_missing) options_.logger.info("log created at last partition={}", name.to_string());
    auto partition = make_partition(*std::move(log), std::move(settings), wanted.state());
    put({std::move(partition), &directory});
    tell(wanted, directory.id());
}

std::map<TopicPartition, Uuid> Partitions::missing() const {
    std::map<TopicPartition, Uuid> out;
    const std::shared_lock lock(mutex_);
    for (const auto& [name, offline] : offline_) {
        if (!offline.is_final) out.emplace(name, offline.topic_id);
    }
    return out;
}

void Partitions::make_missing(const Latest& latest, const OnReady& on_ready) {
    const std::lock_guard applying(applying_);
    for (const auto& [name, topic_id] : missing()) {
        const auto image = latest();
        const auto* topic = image->topic(topic_id);
        // What is no more wanted goes with the image that says so.
        if (topic == nullptr || !is_assigned_here(topic->partition(name.partition))) continue;
        make(*image, {*topic, name.partition, true});
        if (find(topic_id, name.partition)) on_ready(topic_id, name);
    }
}

void Partitions::directory_failed(const log::LogDir& directory, const Error& why) {
    for (const auto& placed : all_placed()) {
        // By its log: one that was moved a moment ago may still be noted where it was.
        const auto is_there = placed.partition->with_log(
            [&](log::Log& log) -> Result<bool> { return &dirs_.holding(log) == &directory; });
        if (is_there && *is_there) take_offline(placed, why);
    }
}

void Partitions::take_offline(const Placed& placed, const Error& why) {
    const auto& name = placed.partition->name();
    const Error error(Errc::kafka_storage_error, why.what);
    {
        const std::unique_lock lock(mutex_);
        const auto* now = held(name.topic, name.partition);
        if (now == nullptr || now->partition != placed.partition) return;  // Gone meanwhile.
        by_name_[name.topic].erase(name.partition);
        offline_.insert_or_assign(name, Offline{placed.partition->topic_id(), error, nullptr, {}});
    }
    (void)placed.partition->stop(error, Partition::RunningFlush::abandon);
}

void Partitions::drop(const TopicPartition& name, const Error& why) {
    Placed dropped;
    std::optional<Offline> offline;
    {
        const std::unique_lock lock(mutex_);
        if (const auto found = offline_.extract(name)) offline = std::move(found.mapped());
        if (const auto late = loading_.find(name); late != loading_.end()) {
            late->second.is_dropped = true;
        }
        if (const auto* found = held(name.topic, name.partition)) {
            dropped = *found;
            by_name_.find(name.topic)->second.erase(name.partition);
        }
    }
    Result<void> removed;
    if (dropped.partition) {
        auto log = dropped.partition->stop(why, Partition::RunningFlush::abandon);
        if (log) {
            auto& directory = dirs_.holding(*log);
            removed = directory.remove(std::move(log), clock_.wall_ms());
        }
    } else if (offline && offline->found) {
        removed = offline->directory->remove(*offline->found);
    }
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
        const auto settings = settings_for(after, topic);
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

std::int64_t Partitions::tick() {
    const auto now_ms = clock_.wall_ms();
    auto soonest_ms = log::kForever;
    for (const auto& partition : all()) {
        partition->flush_if_due(pool_, now_ms);
        soonest_ms = std::min(soonest_ms, partition->settings()->log->flush_ms);
        (void)partition->with_log([&](log::Log& log) -> Result<void> {
            log.expire_producers(now_ms);
            return {};
        });
    }
    return soonest_ms;
}

void Partitions::delete_old_segments() {
    const auto now_ms = clock_.wall_ms();
    std::vector<PartitionRef> with_old;
    for (const auto& partition : all()) {
        const auto has_old =
            partition->with_cold_log([&](log::Log& log) { return log.expire_segments(now_ms); });
        if (has_old && *has_old) with_old.push_back(partition);
        if (has_old) continue;
        options_.logger.warn("retention failed partition={} error=\"{}\"",
                             partition->name().to_string(), has_old.error().what);
    }
    drop_old_segments(with_old);
}

void Partitions::drop_old_segments(const std::vector<PartitionRef>& partitions) {
    std::map<log::LogDir*, std::vector<PartitionRef>> by_directory;
    {
        const std::shared_lock lock(mutex_);
        for (const auto& partition : partitions) {
            const auto& name = partition->name();
            const auto* found = held(name.topic, name.partition);
            if (found != nullptr) by_directory[found->directory].push_back(partition);
        }
    }
    const auto now_ms = clock_.wall_ms();
    for (const auto& [directory, held_there] : by_directory) {
        // A directory that failed has said so.
        if (!directory->write_recovery_points() || !directory->write_log_starts()) continue;
        for (const auto& partition : held_there) {
            Result<std::size_t> dropped = 1;
            while (dropped && *dropped > 0) {
                dropped = partition->with_log(
                    [&](log::Log& log) { return log.drop_old_segments(now_ms); });
            }
            partition->flush_if_due(pool_, now_ms);
        }
    }
}

bool Partitions::close() {
    std::atomic<bool> is_clean = true;
    const Error why(Errc::not_leader_or_follower, "the broker is shutting down");
    const auto partitions = all();
    const auto close_one = [&](std::size_t i) {
        auto log = partitions[i]->stop(why, Partition::RunningFlush::await);
        if (!log) return;
        const auto closed = log->close(clock_.wall_ms());
        if (closed) return;
        options_.logger.error("log not closed partition={} error=\"{}\"",
                              partitions[i]->name().to_string(), closed.error().what);
        is_clean = false;
    };
    const auto threads = options_.recovery_threads * dirs_.all().size();
    io::run_parallel(pool_, threads, partitions.size(), close_one);
    const std::shared_lock lock(mutex_);
    return is_clean && loading_.empty();
}

}  // namespace kcore::replication
