#pragma once
// Topics of the image as metadata answers show them: names that may be, leaders, who is offline.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/errc.h"
#include "broker/request.h"
#include "broker/services.h"
#include "io/net.h"
#include "metadata/image.h"

namespace kcore::broker {

// What everybody may do while nobody is checked, as bits of the operations (KIP-430).
inline constexpr std::int32_t kTopicOperations = 3576;
inline constexpr std::int32_t kClusterOperations = 8096;
inline constexpr std::int32_t kGroupOperations = 3400;

bool is_legal_topic(std::string_view name);

// Registered and not fenced.
bool is_live(const metadata::Image& image, std::int32_t broker);

struct LeaderView {
    Errc error = Errc::none;  // leader_not_available: nobody leads, or its leader is not reachable.
    std::int32_t leader = -1;
};
LeaderView leader_of(const metadata::Image& image, const metadata::Partition& partition,
                     std::string_view listener);

// Replicas on brokers that are away.
std::vector<std::int32_t> offline_replicas(const metadata::Image& image,
                                           const metadata::Partition& partition);

// Where this client reaches `broker`; nothing when it has no such listener.
std::optional<io::Address> address_of(const Request& request, const metadata::Broker& broker);

// The brokers of a cluster know no controller to be addressed by clients: any live one is named.
std::int32_t some_live_broker(const metadata::Image& image, std::int32_t preferred);

}  // namespace kcore::broker
