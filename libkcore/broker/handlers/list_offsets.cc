// ListOffsets: the offset at one of the special positions, or of the first record from a time on.

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "broker/handlers/handlers.h"
#include "broker/partition_lookup.h"
#include "broker/request.h"
#include "broker/services.h"
#include "io/pool.h"
#include "protocol/api/list_offsets.h"

namespace kcore::broker {

namespace {

using protocol::ListOffsetsRequest;
using protocol::ListOffsetsResponse;
using AskedOffset = ListOffsetsRequest::ListOffsetsPartition;
using OffsetAnswer = ListOffsetsResponse::ListOffsetsPartitionResponse;

constexpr std::int16_t kFirstWithEpochs = 4;
constexpr std::int16_t kFirstWithNotAvailable = 5;
constexpr std::int64_t kLatest = -1;
constexpr std::int64_t kEarliest = -2;
constexpr std::int64_t kMaxTimestamp = -3;
constexpr std::int64_t kEarliestLocal = -4;
constexpr std::int64_t kLatestTiered = -5;
constexpr std::int64_t kEarliestPendingUpload = -6;

// Which version brought a special timestamp; none for one that no version knows.
std::optional<std::int16_t> known_since(std::int64_t timestamp) {
    switch (timestamp) {
        case kLatest:
        case kEarliest:
            return 1;
        case kMaxTimestamp:
            return 7;
        case kEarliestLocal:
            return 8;
        case kLatestTiered:
            return 9;
        case kEarliestPendingUpload:
            return 11;
        default:
            return timestamp >= 0 ? std::optional<std::int16_t>(1) : std::nullopt;
    }
}

OffsetAnswer error_answer(std::int32_t partition, Errc code) {
    OffsetAnswer out;
    out.partition_index = partition;
    out.error_code = static_cast<std::int16_t>(code);
    out.timestamp = -1;
    out.offset = -1;
    out.leader_epoch = -1;
    return out;
}

using FoundOffset = Result<std::optional<log::TimestampOffset>>;

log::TimestampOffset at(std::int64_t offset, std::int32_t epoch) { return {-1, offset, epoch}; }

// KIP-207: a new leader's high watermark may be behind what was committed under the last one, until
// the followers have told what they have. To answer by it would be to go back.
Result<void> check_end_is_known(replication::Partition& partition) {
    return partition.with_log([&](log::Log& log) -> Result<void> {
        const auto& epochs = log.epochs().entries();
        if (epochs.empty() || epochs.back().start_offset <= log.high_watermark()) return {};
        return fail(Errc::offset_not_available, "the high watermark is below the leader epoch");
    });
}

// Only what readers of this isolation may see counts as found by time.
FoundOffset visible(replication::Partition& partition, FoundOffset found, std::int64_t end) {
    if (!found || (*found && (*found)->offset < end)) return found;
    if (auto ok = check_end_is_known(partition); !ok) return std::unexpected(std::move(ok).error());
    return std::nullopt;
}

enum class Reader : std::uint8_t { any, of_committed, replica };

FoundOffset find(replication::Partition& partition, const AskedOffset& asked, Reader reader) {
    const auto offsets = partition.offsets();
    const auto end = reader == Reader::replica        ? offsets.log_end
                     : reader == Reader::of_committed ? offsets.last_stable
                                                      : offsets.high_watermark;
    switch (asked.timestamp) {
        case kLatest: {
            const auto ok = check_end_is_known(partition);
            return ok ? FoundOffset(at(end, offsets.leader_epoch)) : std::unexpected(ok.error());
        }
        case kEarliest:
        case kEarliestLocal:
            return partition.with_log([&](log::Log& log) -> FoundOffset {
                const auto start = log.log_start_offset();
                return at(start, log.epochs().epoch_at(start).value_or(offsets.leader_epoch));
            });
        // Nothing is tiered here.
        case kLatestTiered:
        case kEarliestPendingUpload:
            return std::nullopt;
        case kMaxTimestamp:
            return visible(
                partition,
                partition.with_cold_log([](log::Log& log) { return log.max_timestamp(); }), end);
        default:
            return visible(partition, partition.with_cold_log([&](log::Log& log) {
                return log.offset_for_timestamp(asked.timestamp);
            }),
                           end);
    }
}

class Lister {
public:
    Lister(const Request& request, const ListOffsetsRequest& body)
        : request_(request), body_(body), image_(request.services.image()) {
        for (const auto& topic : body.topics) {
            for (const auto& partition : topic.partitions) {
                const auto key = std::pair(topic.name, partition.partition_index);
                if (!seen_.insert(key).second) repeated_.insert(key);
            }
        }
    }

    // A partition asked for twice is answered once, with an error.
    ListOffsetsResponse list() {
        ListOffsetsResponse out;
        std::map<std::string, std::size_t> topics;
        for (const auto& topic : body_.topics) {
            const auto [where, is_new] = topics.try_emplace(topic.name, out.topics.size());
            if (is_new) out.topics.emplace_back().name = topic.name;
            auto& answers = out.topics[where->second].partitions;
            for (const auto& asked : topic.partitions) {
                const auto key = std::pair(topic.name, asked.partition_index);
                if (seen_.erase(key) == 0) continue;
                answers.push_back(repeated_.contains(key)
                                      ? error_answer(asked.partition_index, Errc::invalid_request)
                                      : one(topic.name, asked));
            }
        }
        return out;
    }

private:
    OffsetAnswer one(const std::string& topic, const AskedOffset& asked) {
        const auto since = known_since(asked.timestamp);
        if (!since || *since > request_.version()) {
            return error_answer(asked.partition_index, Errc::unsupported_version);
        }
        const auto partition =
            find_partition(request_.services, *image_, topic, asked.partition_index);
        if (!partition) return error_answer(asked.partition_index, partition.error().code);
        if (auto ok = (*partition)->check_leader(asked.current_leader_epoch); !ok) {
            return error_answer(asked.partition_index, ok.error().code);
        }
        const auto found = find(**partition, asked, reader());
        if (!found) return error_answer(asked.partition_index, told(found.error().code));
        auto answer = error_answer(asked.partition_index, Errc::none);
        if (*found) {
            answer.timestamp = (*found)->timestamp;
            answer.offset = (*found)->offset;
            if (request_.version() >= kFirstWithEpochs)
                answer.leader_epoch = (*found)->leader_epoch;
        }
        return answer;
    }

    Errc told(Errc code) const {
        const bool is_unknown =
            code == Errc::offset_not_available && request_.version() < kFirstWithNotAvailable;
        return is_unknown ? Errc::leader_not_available : code;
    }

    Reader reader() const {
        if (body_.replica_id >= 0) return Reader::replica;
        return body_.isolation_level == 1 ? Reader::of_committed : Reader::any;
    }

    const Request& request_;
    const ListOffsetsRequest& body_;
    metadata::ImagePtr image_;
    std::set<std::pair<std::string, std::int32_t>> seen_;
    std::set<std::pair<std::string, std::int32_t>> repeated_;
};

ListOffsetsResponse refuse_all(const ListOffsetsRequest& body, Errc code) {
    ListOffsetsResponse out;
    for (const auto& topic : body.topics) {
        auto& added = out.topics.emplace_back();
        added.name = topic.name;
        for (const auto& partition : topic.partitions) {
            added.partitions.push_back(error_answer(partition.partition_index, code));
        }
    }
    return out;
}

// Records are searched for by their time, which may take the disk.
bool may_block(const ListOffsetsRequest& body) {
    return std::ranges::any_of(body.topics, [](const auto& topic) {
        return std::ranges::any_of(topic.partitions, [](const AskedOffset& asked) {
            return asked.timestamp >= 0 || asked.timestamp == kMaxTimestamp;
        });
    });
}

asio::awaitable<Done> list_on_pool(Request& request, std::unique_ptr<ListOffsetsRequest> body) {
    std::move_only_function<ListOffsetsResponse()> work = [&request, asked = body.get()] {
        return Lister(request, *asked).list();
    };
    auto response = co_await io::on_pool<ListOffsetsResponse>(request.env.loop, request.env.pool,
                                                              std::move(work));
    co_return request.answer(response);
}

}  // namespace

Outcome list_offsets(Request& request) {
    auto body = request.decode<ListOffsetsRequest>();
    if (!body) return request.malformed(body.error());
    if (body->isolation_level < 0 || body->isolation_level > 1) {
        return request.answer(refuse_all(*body, Errc::unknown_server_error));
    }
    if (!may_block(*body)) return request.answer(Lister(request, *body).list());
    return list_on_pool(request, std::make_unique<ListOffsetsRequest>(*std::move(body)));
}

}  // namespace kcore::broker
