#pragma once
// The active controller of a cluster: takes requests and times, gives records and answers. It
// decides only; whoever runs it appends the records, has them applied at once, and gives an answer
// out when everything up to its records is committed.
//
// Invariants:
//  1. Decisions see the metadata with every record appended before them, committed or not.
//  2. Nothing in memory but sessions survives outside the log: losing the leadership loses nothing
//     that was answered.
//  3. No record has a version above what the finalized metadata.version allows.

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "controller/brokers.h"
#include "controller/configs.h"
#include "controller/features.h"
#include "controller/quotas.h"
#include "controller/reassignments.h"
#include "controller/replicas.h"
#include "controller/scram.h"
#include "controller/state.h"
#include "controller/topics.h"
#include "metadata/replay.h"

namespace kcore::controller {

class Controller {
public:
    // `rules` outlives the controller.
    Controller(Settings settings, const ConfigRules& rules, std::function<std::uint64_t()> random,
               Logger logger);

    // Takes over as the leader with what the log holds. Every broker that is not fenced gets a
    // session's time to be heard of.
    void activate(metadata::ImagePtr image, std::int64_t now_ms);
    // For a log that holds no metadata yet: the records that begin it, as one transaction.
    std::vector<metadata::Record> first_records(std::vector<metadata::Record> bootstrap) const;

    // Once the records of a decision are in the log, before the next decision.
    Result<metadata::Built> apply(std::span<const metadata::Record> records,
                                  std::int64_t base_offset, std::int32_t epoch,
                                  std::int64_t timestamp_ms, std::int64_t now_ms);
    const metadata::ImagePtr& image() const { return state_.image; }

    // Errors are in the responses, as Kafka gives them.
    using M = Moment;
    auto decide(const protocol::BrokerRegistrationRequest& r, M m) {
        return register_broker(state_, r, m);
    }
    auto decide(const protocol::BrokerHeartbeatRequest& r, M m) { return heartbeat(state_, r, m); }
    auto decide(const protocol::UnregisterBrokerRequest& r, M) {
        return unregister_broker(state_, r);
    }
    auto decide(const protocol::ControllerRegistrationRequest& r, M) {
        return register_controller(state_, r);
    }
    auto decide(const protocol::UnregisterControllerRequest& r, M) {
        return unregister_controller(state_, r);
    }
    auto decide(const protocol::AllocateProducerIdsRequest& r, M) {
        return allocate_producer_ids(state_, r);
    }
    auto decide(const protocol::AlterPartitionRequest& r, M) { return alter_partition(state_, r); }
    auto decide(const protocol::ElectLeadersRequest& r, M) { return elect_leaders(state_, r); }
    auto decide(const protocol::AssignReplicasToDirsRequest& r, M) {
        return assign_directories(state_, r);
    }
    auto decide(const protocol::CreateTopicsRequest& r, const M& m) {
        return create_topics(state_, r, m);
    }
    auto decide(const protocol::CreatePartitionsRequest& r, const M& m) {
        return create_partitions(state_, r, m);
    }
    auto decide(const protocol::DeleteTopicsRequest& r, const M& m) {
        return delete_topics(state_, r, m);
    }
    auto decide(const protocol::AlterConfigsRequest& r, M) { return alter_configs(state_, r); }
    auto decide(const protocol::IncrementalAlterConfigsRequest& r, M) {
        return incremental_alter_configs(state_, r);
    }

    auto decide(const protocol::AlterPartitionReassignmentsRequest& r, M) {
        return alter_reassignments(state_, r);
    }
    auto decide(const protocol::ListPartitionReassignmentsRequest& r, M) {
        return list_reassignments(state_, r);
    }
    auto decide(const protocol::UpdateFeaturesRequest& r, M) { return update_features(state_, r); }
    auto decide(const protocol::AlterClientQuotasRequest& r, M m) {
        return alter_client_quotas(state_, r, m);
    }
    auto decide(const protocol::AlterUserScramCredentialsRequest& r, M) {
        return alter_scram_credentials(state_, r);
    }

    // What time alone brings: silent brokers are fenced, leaders rebalanced, an idle log is kept
    // moving. To be called again as long as next_deadline_ms() is not in the future.
    std::vector<metadata::Record> on_time(std::int64_t now_ms);
    std::int64_t next_deadline_ms() const;

private:
    State state_;
    metadata::Replay replay_;
    std::int64_t idle_since_ms_ = 0;
    std::int64_t rebalance_at_ms_ = kNoDeadline;
    std::int64_t unclean_at_ms_ = kNoDeadline;
};

}  // namespace kcore::controller
