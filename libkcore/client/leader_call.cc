#include "client/leader_call.h"

#include <fmt/format.h>

namespace kcore::client {

namespace {

constexpr std::int64_t kPatienceMs = 2'000;

}  // namespace

io::Deadline patience(Cluster& cluster) {
    return cluster.env().clock.in_ms(std::min(kPatienceMs, cluster.config().api_timeout_ms));
}

std::vector<std::string> topics_of(const std::vector<TopicPartition>& partitions) {
    std::vector<std::string> out;
    for (const auto& one : partitions) out.push_back(one.topic);
    std::ranges::sort(out);
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

LeaderRound round_of(const ClusterView& view, const std::vector<TopicPartition>& open) {
    LeaderRound out;
    for (const auto& name : open) {
        const auto* partition = view.find(name.topic, name.partition);
        if (partition != nullptr && partition->leader >= 0) {
            out.groups[partition->leader].push_back(name);
            continue;
        }
        if (partition != nullptr) {
            const auto why = fmt::format("{}: it has no leader", name.to_string());
            out.lost.emplace(name, Error(Errc::leader_not_available, why));
            continue;
        }
        const auto* topic = view.find(name.topic);
        const auto code = topic != nullptr && topic->error != Errc::none
                              ? topic->error
                              : Errc::unknown_topic_or_partition;
        out.lost.emplace(name, refused(code, std::nullopt, name.to_string()).error());
        if (code != Errc::leader_not_available) out.hopeless.push_back(name);
    }
    return out;
}

}  // namespace kcore::client
