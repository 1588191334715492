// OffsetForLeaderEpoch: where an epoch ended here, so that a reader finds the point up to which its
// history and ours agree (KIP-320).

#include "protocol/api/offset_for_leader_epoch.h"
#include "broker/handlers/handlers.h"
#include "broker/partition_lookup.h"
#include "broker/request.h"
#include "broker/services.h"

namespace kcore::broker {

namespace {

using protocol::OffsetForLeaderEpochRequest;
using protocol::OffsetForLeaderEpochResponse;
using AskedEpoch = OffsetForLeaderEpochRequest::OffsetForLeaderPartition;
using EpochAnswer = OffsetForLeaderEpochResponse::EpochEndOffset;

EpochAnswer one(const Request& request, const metadata::Image& image, const std::string& topic,
                const AskedEpoch& asked) {
    EpochAnswer answer;
    answer.partition = asked.partition;
    answer.leader_epoch = -1;
    answer.end_offset = -1;
    const auto refuse = [&](const Error& error) {
        answer.error_code = static_cast<std::int16_t>(error.code);
        return answer;
    };
    const auto partition = find_partition(request.services, image, topic, asked.partition);
    if (!partition) return refuse(partition.error());
    if (auto ok = (*partition)->check_leader(asked.current_leader_epoch); !ok) {
        return refuse(ok.error());
    }
    const auto end = (*partition)->with_log([&](log::Log& log) -> Result<log::EpochEnd> {
        return log.end_of_epoch(asked.leader_epoch);
    });
    if (!end) return refuse(end.error());
    answer.leader_epoch = end->epoch;
    answer.end_offset = end->end_offset;
    return answer;
}

}  // namespace

Outcome offset_for_leader_epoch(Request& request) {
    const auto body = request.decode<OffsetForLeaderEpochRequest>();
    if (!body) return request.malformed(body.error());
    const auto image = request.services.image();
    OffsetForLeaderEpochResponse out;
    for (const auto& topic : body->topics) {
        auto& added = out.topics.emplace_back();
        added.topic = topic.topic;
        for (const auto& asked : topic.partitions) {
            added.partitions.push_back(one(request, *image, topic.topic, asked));
        }
    }
    return request.answer(out);
}

}  // namespace kcore::broker
