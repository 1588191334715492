#include "client/group_protocol.h"

#include <algorithm>
#include <map>

#include "protocol/codec.h"
#include "protocol/data/consumer_protocol_assignment.h"
#include "protocol/data/consumer_protocol_subscription.h"

namespace kcore::client {

namespace {

using protocol::ConsumerProtocolAssignment;
using protocol::ConsumerProtocolSubscription;

// A version in front; readers of an older one ignore what they do not know behind it.
template <class T>
Bytes with_version(const T& message, std::int16_t version) {
    Bytes out;
    append_be(out, version);
    (void)protocol::encode(message, version, out);  // Every field exists in it.
    return out;
}

template <class T>
Result<T> read(BytesView bytes) {
    if (bytes.size() < 2) return fail(Errc::corrupt_message, "a group message without a version");
    const auto version = std::min(load_be<std::int16_t>(bytes.data()), T::info().versions.high);
    if (version < 0) return fail(Errc::corrupt_message, "a group message of a negative version");
    return protocol::decode<T>(bytes.subspan(2), version, protocol::Trailing::allow);
}

template <class T>
void add(std::vector<T>& to, const std::vector<TopicPartition>& partitions) {
    std::map<std::string, std::vector<std::int32_t>> topics;
    for (const auto& one : partitions) topics[one.topic].push_back(one.partition);
    for (auto& [topic, numbers] : topics) {
        auto& entry = to.emplace_back();
        entry.topic = topic;
        entry.partitions = std::move(numbers);
    }
}

}  // namespace

Bytes encode_subscription(const std::vector<std::string>& topics,
                          const std::vector<TopicPartition>& owned, std::int32_t generation) {
    ConsumerProtocolSubscription message;
    message.topics = topics;
    std::ranges::sort(message.topics);
    add(message.owned_partitions, owned);
    message.generation_id = generation;
    return with_version(message, 3);
}

Result<std::vector<std::string>> decode_subscription(BytesView bytes) {
    auto message = read<ConsumerProtocolSubscription>(bytes);
    if (!message) return std::unexpected(std::move(message).error());
    return std::move(message->topics);
}

Bytes encode_assignment(const std::vector<TopicPartition>& partitions) {
    ConsumerProtocolAssignment message;
    add(message.assigned_partitions, partitions);
    return with_version(message, 3);
}

Result<std::vector<TopicPartition>> decode_assignment(BytesView bytes) {
    std::vector<TopicPartition> out;
    if (bytes.empty()) return out;
    auto message = read<ConsumerProtocolAssignment>(bytes);
    if (!message) return std::unexpected(std::move(message).error());
    for (const auto& topic : message->assigned_partitions) {
        for (const auto partition : topic.partitions) out.push_back({topic.topic, partition});
    }
    std::ranges::sort(out);
    return out;
}

}  // namespace kcore::client
