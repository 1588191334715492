#include "broker/group_shards.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "broker/group_log_replay.h"
#include "broker/internal_topics.h"
#include "group/java_text.h"
#include "io/steady.h"
#include "replication/topic_log.h"

namespace kcore::broker {

namespace {

group::Now now_of(io::Clock& clock) { return {io::steady_ms(clock), clock.wall_ms()}; }

io::Instant instant_of(std::int64_t steady_ms) {
    return io::Instant(
        std::chrono::duration_cast<io::Instant::duration>(io::Milliseconds(steady_ms)));
}

}  // namespace

// Outlives the shards' owner as long as a posted call refers to it.
struct GroupShards::Alarm {
    GroupShards* owner = nullptr;
    io::Loop::Timer timer;
    std::int64_t set_for_ms = group::kNever;
};

GroupShards::GroupShards(std::int32_t node_id, const group::Settings& settings, io::Env& env,
                         replication::Partitions& partitions, Logger logger)
    : node_id_(node_id),
      settings_(settings),
      env_(env),
      partitions_(partitions),
      logger_(std::move(logger)),
      alarm_(std::make_shared<Alarm>()) {
    alarm_->owner = this;
}

GroupShards::~GroupShards() { stop(); }

void GroupShards::stop() {
    alarm_->owner = nullptr;
    env_.loop.cancel(alarm_->timer);
    for (const auto& shard : all()) shard->resign();
}

void GroupShards::apply(const metadata::ImagePtr& after, const metadata::Changes& changes) {
    for (const auto& [id, change] : changes.topics) {
        if (change.name != kOffsetsTopic) continue;
        const auto* topic = after->topic(id);
        if (topic == nullptr) continue;
        for (const auto number : change.partitions) {
            const auto* partition = topic->partition(number);
            if (partition != nullptr) follow(*partition, number);
        }
    }
    tell_deleted(*after, changes);
}

void GroupShards::follow(const metadata::Partition& partition, std::int32_t number) {
    const bool leads = partition.leader == node_id_;
    auto log = leads ? partitions_.find(kOffsetsTopic, number) : nullptr;
    std::shared_ptr<group::Shard> shard;
    {
        const std::lock_guard lock(mutex_);
        const auto found = shards_.find(number);
        if (found == shards_.end() && !log) return;
        auto& held = found == shards_.end() ? shards_[number] : found->second;
        if (log && held.epoch == partition.leader_epoch) return;
        if (!held.shard) held.shard = make_shard();
        held.epoch = log ? partition.leader_epoch : -1;
        shard = held.shard;
    }
    if (log) {
        load(std::move(shard), std::move(log), partition.leader_epoch);
    } else {
        shard->resign();
    }
}

std::shared_ptr<group::Shard> GroupShards::make_shard() {
    group::ShardSeams seams;
    seams.now = [&clock = env_.clock] { return now_of(clock); };
    seams.make_uuid = [&random = env_.random] { return random.uuid(); };
    seams.wake_at = [alarm = alarm_, &loop = env_.loop](std::int64_t steady_ms) {
        loop.post([alarm, steady_ms] {
            if (alarm->owner != nullptr) alarm->owner->wake_at(steady_ms);
        });
    };
    return std::make_shared<group::Shard>(settings_, std::move(seams), logger_);
}

void GroupShards::load(std::shared_ptr<group::Shard> shard, replication::PartitionRef partition,
                       std::int32_t epoch) {
    auto coordinator = shard->start_loading(epoch);
    env_.pool.submit([shard = std::move(shard), partition = std::move(partition),
                      coordinator = std::move(coordinator), epoch, logger = logger_,
                      &pool = env_.pool]() mutable {
        const auto end = replay_group_log(*partition, *coordinator);
        if (!end) {
            logger.error("groups not loaded partition={} error=\"{}\"",
                         partition->name().to_string(), end.error().what);
            shard->resign();
            return;
        }
        auto log = std::make_shared<replication::TopicLog>(partition, pool);
        shard->finish_loading(epoch, std::move(coordinator), std::move(log), *end);
    });
}

void GroupShards::tell_deleted(const metadata::Image& after, const metadata::Changes& changes) {
    std::vector<std::string> deleted;
    for (const auto& [id, change] : changes.topics) {
        const bool is_gone = change.deleted && after.topic(id) == nullptr;
        if (is_gone && after.topic(change.name) == nullptr) deleted.push_back(change.name);
    }
    if (deleted.empty()) return;
    for (const auto& shard : all()) shard->topics_deleted(deleted);
}

std::shared_ptr<group::Shard> GroupShards::find(const metadata::Image& image,
                                                std::string_view group_id) const {
    const auto* topic = image.topic(kOffsetsTopic);
    if (topic == nullptr || topic->partitions.empty()) return nullptr;
    const auto number = group::partition_of(group_id, topic->partition_count());
    const std::lock_guard lock(mutex_);
    const auto found = shards_.find(number);
    return found == shards_.end() ? nullptr : found->second.shard;
}

std::vector<std::shared_ptr<group::Shard>> GroupShards::all() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::shared_ptr<group::Shard>> out;
    for (const auto& [number, held] : shards_) out.push_back(held.shard);
    return out;
}

void GroupShards::wake_at(std::int64_t steady_ms) {
    if (steady_ms >= alarm_->set_for_ms) return;
    alarm_->set_for_ms = steady_ms;
    env_.loop.call_at(alarm_->timer, instant_of(steady_ms), [this] { run_due(); });
}

void GroupShards::run_due() {
    alarm_->set_for_ms = group::kNever;
    const auto now_ms = now_of(env_.clock).steady_ms;
    auto next = group::kNever;
    for (const auto& shard : all()) {
        if (shard->next_deadline_ms() <= now_ms) shard->run_due();
        next = std::min(next, shard->next_deadline_ms());
    }
    if (next != group::kNever) wake_at(next);
}

}  // namespace kcore::broker
