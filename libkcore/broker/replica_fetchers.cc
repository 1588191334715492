#include "broker/replica_fetchers.h"

#include <algorithm>
#include <functional>

namespace kcore::broker {

ReplicaFetchers::ReplicaFetchers(io::Env& control, std::vector<io::Env*> envs,
                                 replication::Partitions& partitions, ReplicaFetcherOptions options,
                                 Logger logger)
    : control_(control),
      envs_(std::move(envs)),
      partitions_(partitions),
      options_(std::move(options)),
      logger_(std::move(logger)),
      ended_(control.loop) {}

void ReplicaFetchers::apply(const metadata::Image& image, const metadata::Changes& changes) {
    if (stopping_) return;
    leave_deleted(image, changes);
    follow_brokers(image, changes.brokers);
    for (const auto& [id, change] : changes.topics) {
        const auto* topic = image.topic(id);
        if (topic == nullptr) continue;
        for (const auto number : change.partitions) place(image, *topic, number);
    }
    tell();
}

void ReplicaFetchers::set_count(const metadata::Image& image, std::size_t per_leader) {
    if (stopping_ || std::exchange(per_leader_, per_leader) == per_leader) return;
    std::vector<std::pair<Uuid, std::int32_t>> all;
    for (const auto& [name, placed] : placed_) all.emplace_back(placed.topic, name.partition);
    for (const auto& [id, number] : all) {
        if (const auto* topic = image.topic(id)) place(image, *topic, number);
    }
    tell();
}

void ReplicaFetchers::leave_deleted(const metadata::Image& image,
                                    const metadata::Changes& changes) {
    const bool may_be =
        changes.from_snapshot || std::ranges::any_of(changes.topics, [&](const auto& change) {
            return image.topic(change.first) == nullptr;
        });
    if (!may_be) return;
    std::vector<TopicPartition> gone;
    for (const auto& [name, placed] : placed_) {
        if (image.topic(placed.topic) == nullptr) gone.push_back(name);
    }
    for (const auto& name : gone) leave(name);
}

// One that listens elsewhere now is another leader.
void ReplicaFetchers::follow_brokers(const metadata::Image& image,
                                     const std::set<std::int32_t>& changed) {
    for (const auto id : changed) {
        const auto* broker = image.broker(id);
        const auto* at = broker != nullptr ? broker->endpoint(options_.listener) : nullptr;
        std::vector<Key> moved;
        for (const auto& [key, one] : running_) {
            if (key.first == id && (at == nullptr || one.leader != *at)) moved.push_back(key);
        }
        for (const auto& key : moved) end(key);
        std::vector<std::pair<Uuid, std::int32_t>> adrift;
        for (auto& [name, placed] : placed_) {
            if (placed.leader != id) continue;
            if (placed.at && !running_.contains(*placed.at)) placed.at.reset();
            if (!placed.at) adrift.emplace_back(placed.topic, name.partition);
        }
        for (const auto& [topic_id, number] : adrift) {
            if (const auto* topic = image.topic(topic_id)) place(image, *topic, number);
        }
    }
}

void ReplicaFetchers::place(const metadata::Image& image, const metadata::Topic& topic,
                            std::int32_t number) {
    const TopicPartition name{topic.name, number};
    const auto* state = topic.partition(number);
    const auto leader = state != nullptr ? state->leader : metadata::kNoLeader;
    auto partition = partitions_.find(topic.id, number);
    if (!partition || leader < 0 || leader == options_.fetcher.broker_id) return leave(name);

    const auto* broker = image.broker(leader);
    const auto* at = broker != nullptr ? broker->endpoint(options_.listener) : nullptr;
    const Key key{leader, std::hash<TopicPartition>()(name) % per_leader_};
    const auto known = placed_.find(name);
    const bool is_there = known != placed_.end() && known->second.at == key && at != nullptr;
    if (!is_there) {
        leave(name);
        auto& placed = placed_[name] = {topic.id, leader, std::nullopt};
        if (at == nullptr) return;
        placed.at = key;
        ++running(key, *at).partitions;
    }
    batches_[key].follow.emplace_back(std::move(partition), state->leader_epoch);
}

void ReplicaFetchers::leave(const TopicPartition& name) {
    const auto known = placed_.find(name);
    if (known == placed_.end()) return;
    if (const auto& at = known->second.at) {
        --running_.at(*at).partitions;
        batches_[*at].leave.push_back(name);
    }
    placed_.erase(known);
}

ReplicaFetchers::Running& ReplicaFetchers::running(const Key& key,
                                                   const metadata::Endpoint& leader) {
    auto& found = running_[key];
    if (found.loop) return found;
    replication::FetchLoopOptions how;
    how.fetcher = options_.fetcher;
    how.leader = {leader.host, leader.port};
    how.client_id = "broker-" + std::to_string(options_.fetcher.broker_id) + "-fetcher-" +
                    std::to_string(key.second);
    how.timeout_ms = options_.timeout_ms;
    how.broker_epoch = options_.broker_epoch;
    auto& env = *envs_[next_env_++ % envs_.size()];
    found.loop = replication::FetchLoop::start(env, std::move(how), logger_);
    found.leader = leader;
    return found;
}

// Each loop hears of all at once; one that is left with nothing ends.
void ReplicaFetchers::tell() {
    for (auto& [key, batch] : std::exchange(batches_, {})) {
        const auto found = running_.find(key);
        if (found == running_.end()) continue;
        if (found->second.partitions == 0) {
            end(key);
            continue;
        }
        if (!batch.leave.empty()) found->second.loop->leave(std::move(batch.leave));
        if (!batch.follow.empty()) found->second.loop->follow(std::move(batch.follow));
    }
}

void ReplicaFetchers::end(const Key& key) {
    const auto node = running_.extract(key);
    batches_.erase(key);
    ++ending_;
    node.mapped().loop->end([this] {
        control_.loop.post([this] {
            --ending_;
            ended_.notify();
        });
    });
}

asio::awaitable<void> ReplicaFetchers::stop() {
    stopping_ = true;
    placed_.clear();
    while (!running_.empty()) end(running_.begin()->first);
    while (ending_ > 0) co_await ended_.wait_until(io::kNever);
}

}  // namespace kcore::broker
