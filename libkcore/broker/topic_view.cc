#include "broker/topic_view.h"

#include <algorithm>

namespace kcore::broker {

bool is_legal_topic(std::string_view name) {
    constexpr std::size_t kLengthMax = 249;
    if (name.empty() || name == "." || name == ".." || name.size() > kLengthMax) return false;
    return std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '_' || c == '-';
    });
}

bool is_live(const metadata::Image& image, std::int32_t broker) {
    const auto* found = image.broker(broker);
    return found != nullptr && !found->fenced;
}

LeaderView leader_of(const metadata::Image& image, const metadata::Partition& partition,
                     std::string_view listener) {
    if (partition.leader == metadata::kNoLeader || !is_live(image, partition.leader)) {
        return {Errc::leader_not_available, metadata::kNoLeader};
    }
    if (image.broker(partition.leader)->endpoint(listener) == nullptr) {
        return {Errc::listener_not_found, metadata::kNoLeader};
    }
    return {Errc::none, partition.leader};
}

std::vector<std::int32_t> offline_replicas(const metadata::Image& image,
                                           const metadata::Partition& partition) {
    std::vector<std::int32_t> offline;
    for (const auto replica : partition.replicas) {
        const auto* broker = image.broker(replica);
        const bool is_online = broker != nullptr && !broker->fenced &&
                               broker->has_directory(partition.directory_of(replica));
        if (!is_online) offline.push_back(replica);
    }
    return offline;
}

std::optional<io::Address> address_of(const Request& request, const metadata::Broker& broker) {
    const auto& config = *request.services.config;
    if (config.advertise_dialled && broker.id == config.node_id) return request.sender.local;
    const auto* endpoint = broker.endpoint(request.sender.listener.name);
    if (endpoint == nullptr) return std::nullopt;
    return io::Address{endpoint->host, endpoint->port};
}

std::int32_t some_live_broker(const metadata::Image& image, std::int32_t preferred) {
    if (is_live(image, preferred)) return preferred;
    for (const auto& [id, broker] : *image.brokers) {
        if (!broker->fenced) return id;
    }
    return -1;
}

}  // namespace kcore::broker
