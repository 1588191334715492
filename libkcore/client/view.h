#pragma once
// What a client knows of a cluster at one time: brokers, topics, leaders. Immutable once published.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/errc.h"
#include "base/uuid.h"
#include "io/clock.h"

namespace kcore::client {

struct BrokerView {
    std::int32_t id = -1;
    std::string host;
    std::uint16_t port = 0;
    std::optional<std::string> rack;
};

struct PartitionView {
    std::int32_t index = 0;
    std::int32_t leader = -1;  // -1: none.
    std::int32_t leader_epoch = -1;
    std::vector<std::int32_t> replicas;
    std::vector<std::int32_t> isr;
    std::vector<std::int32_t> offline;
    Errc error = Errc::none;
};

struct TopicView {
    std::string name;
    Uuid id;
    bool is_internal = false;
    Errc error = Errc::none;
    std::vector<PartitionView> partitions;  // By index, without gaps.
    std::uint64_t look = 0;                 // Which answer of the cluster it is from, and when.
    io::Instant learned_at{};
};

struct ClusterView {
    std::string cluster_id;
    std::int32_t controller_id = -1;
    std::map<std::int32_t, BrokerView> brokers;
    std::unordered_map<std::string, TopicView> topics;

    const TopicView* find(const std::string& topic) const {
        const auto found = topics.find(topic);
        return found == topics.end() ? nullptr : &found->second;
    }
    const PartitionView* find(const std::string& topic, std::int32_t partition) const {
        const auto* known = find(topic);
        if (known == nullptr || partition < 0) return nullptr;
        const auto index = static_cast<std::size_t>(partition);
        return index < known->partitions.size() ? &known->partitions[index] : nullptr;
    }
    const TopicView* find(const Uuid& id) const {
        for (const auto& [name, topic] : topics) {
            if (topic.id == id) return &topic;
        }
        return nullptr;
    }
};
using ViewPtr = std::shared_ptr<const ClusterView>;

}  // namespace kcore::client
