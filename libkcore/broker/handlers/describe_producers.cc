// DescribeProducers: who has written to a partition lately, and whose transactions are open
// (KIP-664).

#include "protocol/api/describe_producers.h"

#include <algorithm>

#include "broker/handlers/handlers.h"
#include "broker/partition_lookup.h"
#include "broker/services.h"
#include "broker/topic_view.h"
#include "controller/topic_names.h"

namespace kcore::broker {

namespace {

using protocol::DescribeProducersRequest;
using protocol::DescribeProducersResponse;
using ProducersAnswer = DescribeProducersResponse::PartitionResponse;
using Described = DescribeProducersResponse::ProducerState;

Described describe(std::int64_t id, const log::Producer& producer) {
    Described state;
    state.producer_id = id;
    state.producer_epoch = producer.epoch;
    state.last_sequence = producer.last_sequence();
    state.last_timestamp = producer.last_timestamp;
    state.coordinator_epoch = producer.coordinator_epoch;
    state.current_txn_start_offset = producer.open_since;
    return state;
}

Result<std::vector<Described>> producers_of(replication::Partition& partition) {
    if (auto ok = partition.check_leader(-1); !ok) return std::unexpected(ok.error());
    auto all = partition.with_log([](log::Log& log) -> Result<std::vector<Described>> {
        std::vector<Described> found;
        if (log.producers() == nullptr) return found;
        for (const auto& [id, producer] : log.producers()->producers()) {
            found.push_back(describe(id, producer));
        }
        return found;
    });
    if (all) std::ranges::sort(*all, {}, &Described::producer_id);
    return all;
}

ProducersAnswer one(const Services& services, const metadata::Image& image,
                    const std::string& topic, std::int32_t number) {
    ProducersAnswer answer;
    answer.partition_index = number;
    const auto refuse = [&](const Error& error, bool with_text) {
        answer.error_code = static_cast<std::int16_t>(error.code);
        if (with_text) answer.error_message = error.what;
        return answer;
    };
    if (auto legal = controller::check_topic_name(topic); !legal) {
        return refuse(legal.error(), true);
    }
    if (image.topic(topic) == nullptr) {
        const auto code = Errc::unknown_topic_or_partition;
        return refuse({code, std::string(error_info(code).message)}, true);
    }
    const auto partition = find_partition(services, image, topic, number);
    if (!partition) return refuse(partition.error(), false);
    auto found = producers_of(**partition);
    if (!found) return refuse(found.error(), false);
    answer.active_producers = std::move(*found);
    return answer;
}

}  // namespace

Outcome describe_producers(Request& request) {
    const auto body = request.decode<DescribeProducersRequest>();
    if (!body) return request.malformed(body.error());
    const auto image = request.services.image();
    DescribeProducersResponse response;
    for (const auto& topic : body->topics) {
        auto& answered = response.topics.emplace_back();
        answered.name = topic.name;
        for (const auto number : topic.partition_indexes) {
            answered.partitions.push_back(one(request.services, *image, topic.name, number));
        }
    }
    return request.answer(response);
}

}  // namespace kcore::broker
