#include "broker/partition_lookup.h"

#include <fmt/format.h>

#include <string>

#include "replication/partitions.h"

namespace kcore::broker {

Result<replication::PartitionRef> find_partition(const Services& services,
                                                 const metadata::Image& image,
                                                 std::string_view topic, std::int32_t partition) {
    if (auto found = services.partitions->find(topic, partition)) return found;
    const auto what = fmt::format("{}-{}", topic, partition);
    if (image.partition(topic, partition) == nullptr) {
        return fail(Errc::unknown_topic_or_partition, what + ": there is no such partition");
    }
    if (auto reason = services.partitions->offline_reason({std::string(topic), partition})) {
        return fail(Errc::kafka_storage_error, what + " is offline: " + reason->what);
    }
    const bool is_loading = services.partitions->is_loading({std::string(topic), partition});
    return fail(Errc::not_leader_or_follower,
                what + (is_loading ? ": its log is being recovered"
                                   : ": this broker has no replica of it"));
}

}  // namespace kcore::broker
