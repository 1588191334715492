#pragma once
// The topics that Kafka keeps for itself.

#include <string_view>

namespace kcore::broker {

inline constexpr std::string_view kOffsetsTopic = "__consumer_offsets";
inline constexpr std::string_view kTransactionsTopic = "__transaction_state";
inline constexpr std::string_view kShareStateTopic = "__share_group_state";

// State of a coordinator: clients may not write to it.
constexpr bool is_coordinator_topic(std::string_view topic) {
    return topic == kOffsetsTopic || topic == kTransactionsTopic || topic == kShareStateTopic;
}

// Shown as internal in answers.
constexpr bool is_internal_topic(std::string_view topic) { return is_coordinator_topic(topic); }

}  // namespace kcore::broker
