#include "broker/caller.h"

namespace kcore::broker {

namespace {

// The first version of each API whose clients understand a refusal; 0: not one of these.
std::int16_t first_strict(std::int16_t api_key) {
    constexpr std::int16_t kCreateTopics = 19, kDeleteTopics = 20, kCreatePartitions = 37;
    if (api_key == kCreateTopics) return 6;
    if (api_key == kDeleteTopics) return 5;
    return api_key == kCreatePartitions ? std::int16_t{3} : std::int16_t{0};
}

}  // namespace

Caller::Caller(const Principal& principal, const rpc::RequestHeader& header)
    : user(principal.name), client_id(header.client_id), version(header.api_version) {
    const auto first = first_strict(header.api_key);
    is_strict = first > 0 && header.api_version >= first;
}

}  // namespace kcore::broker
