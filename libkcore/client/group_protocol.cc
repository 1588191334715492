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

Bytes encode_subscription(const Subscription& subscription) {
    ConsumerProtocolSubscription message;
    message.topics = subscription.topics;
    std::ranges::sort(message.topics);
    add(message.owned_partitions, subscription.owned);
    message.generation_id = subscription.generation;
    if (!subscription.rack.empty()) message.rack_id = subscription.rack;
    if (!subscription.user_data.empty()) message.user_data = subscription.user_data;
    return with_version(message, 3);
}

Result<Subscription> decode_subscription(BytesView bytes) {
    auto message = read<ConsumerProtocolSubscription>(bytes);
    if (!message) return std::unexpected(std::move(message).error());
    Subscription out;
    out.topics = std::move(message->topics);
    for (const auto& topic : message->owned_partitions) {
        for (const auto partition : topic.partitions) out.owned.push_back({topic.topic, partition});
    }
    out.generation = message->generation_id;
    out.rack = message->rack_id.value_or("");
    if (message->user_data) out.user_data = std::move(*message->user_data);
    return out;
}

// Topics with their partitions, then the generation; no version in front.
Bytes encode_sticky_data(const std::vector<TopicPartition>& had, std::int32_t generation) {
    std::map<std::string, std::vector<std::int32_t>> topics;
    for (const auto& one : had) topics[one.topic].push_back(one.partition);
    Bytes out;
    append_be(out, static_cast<std::int32_t>(topics.size()));
    for (const auto& [topic, numbers] : topics) {
        append_be(out, static_cast<std::int16_t>(topic.size()));
        kcore::append(out, as_bytes(topic));
        append_be(out, static_cast<std::int32_t>(numbers.size()));
        for (const auto number : numbers) append_be(out, number);
    }
    append_be(out, generation);
    return out;
}

std::optional<StickyData> decode_sticky_data(BytesView bytes) {
    const auto take = [&]<class T>(T& number) {
        if (bytes.size() < sizeof(T)) return false;
        number = load_be<T>(bytes.data());
        bytes = bytes.subspan(sizeof(T));
        return true;
    };
    StickyData out;
    std::int32_t topics = 0;
    if (!take(topics)) return std::nullopt;
    for (; topics > 0; --topics) {
        std::int16_t size = 0;
        std::int32_t count = 0;
        if (!take(size) || size < 0 || bytes.size() < static_cast<std::size_t>(size)) {
            return std::nullopt;
        }
        const std::string topic(as_text(bytes.first(static_cast<std::size_t>(size))));
        bytes = bytes.subspan(static_cast<std::size_t>(size));
        if (!take(count)) return std::nullopt;
        for (; count > 0; --count) {
            std::int32_t number = 0;
            if (!take(number)) return std::nullopt;
            out.had.push_back({topic, number});
        }
    }
    (void)take(out.generation);
    return out;
}

Bytes encode_cooperative_data(std::int32_t generation) {
    Bytes out;
    append_be(out, generation);
    return out;
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
