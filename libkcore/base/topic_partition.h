#pragma once
// The name of a partition, and of one incarnation of it (KIP-516).

#include <fmt/format.h>

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/uuid.h"

namespace kcore {

// The metadata log (its id is kMetadataTopicId).
inline constexpr std::string_view kMetadataTopic = "__cluster_metadata";

struct TopicPartition {
    std::string topic;
    std::int32_t partition = 0;

    std::string to_string() const { return fmt::format("{}-{}", topic, partition); }
    friend auto operator<=>(const TopicPartition&, const TopicPartition&) = default;
};

struct TopicIdPartition {
    Uuid topic_id;
    std::int32_t partition = 0;

    friend auto operator<=>(const TopicIdPartition&, const TopicIdPartition&) = default;
};

}  // namespace kcore

template <>
struct std::hash<kcore::TopicPartition> {
    std::size_t operator()(const kcore::TopicPartition& p) const noexcept {
        return std::hash<std::string>{}(p.topic) * 31 + static_cast<std::size_t>(p.partition);
    }
};

template <>
struct std::hash<kcore::TopicIdPartition> {
    std::size_t operator()(const kcore::TopicIdPartition& p) const noexcept {
        return std::hash<kcore::Uuid>{}(p.topic_id) * 31 + static_cast<std::size_t>(p.partition);
    }
};
