#pragma once
// A partition as the replicated log under a state machine: records in, one batch each time. Groups
// and transactions keep their state in topics through it.

#include <memory>

#include "io/pool.h"
#include "record/builder.h"
#include "replication/partition.h"
#include "rsm/replicated_log.h"

namespace kcore::replication {

// Guarded by its machine's lock, like every ReplicatedLog. `pool` outlives it.
class TopicLog : public rsm::ReplicatedLog {
public:
    TopicLog(PartitionRef partition, io::Pool& pool);

    Result<std::int64_t> append(std::int32_t epoch, std::span<const rsm::Record> records,
                                std::int64_t now_ms) override;
    std::int64_t committed() const override;
    void when_committed(std::int32_t epoch, std::int64_t end_offset,
                        std::move_only_function<void(Result<void>)> done) override;

private:
    PartitionRef partition_;
    io::Pool& pool_;
    record::BatchBuilder builder_;
    std::int64_t flush_to_ = -1;  // flush.messages wants what is below it on the disk first.
};

}  // namespace kcore::replication
