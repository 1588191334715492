#pragma once
// What handlers may use of the broker: objects that outlive every connection, each null until the
// broker's start has made it; no connection is accepted before. Which loop or lock each lives
// under, its own header says.

#include <cstdint>
#include <string>

#include "base/logger.h"
#include "broker/config.h"
#include "log/log_dirs.h"
#include "metadata/publisher.h"
#include "record/validate.h"
#include "replication/directory_moves.h"
#include "replication/fetch_session.h"
#include "replication/partitions.h"
#include "security/client_quotas.h"

namespace kcore {
class LogLevels;
}

namespace kcore::broker {

class ClientMetrics;
class ControllerLink;
class ControllerRunner;
class GroupShards;
class LogCleaner;
class LogScrubber;
class Membership;
class MemoryCeiling;
class IsrChanges;
class OnDemandTopics;
class ProducerIds;
struct Traffic;

struct Services {
    Logger logger;
    LogLevels* log_levels = nullptr;  // Null: levels stay as they are.
    const BrokerConfig* config = nullptr;
    std::string cluster_id;
    metadata::Publisher* publisher = nullptr;
    ControllerLink* controller = nullptr;
    ControllerRunner* controller_runner = nullptr;  // Null on a node that is only a broker.
    const Membership* membership = nullptr;
    const LogCleaner* cleaner = nullptr;
    const MemoryCeiling* memory = nullptr;  // Null: there is none.
    OnDemandTopics* on_demand_topics = nullptr;
    ProducerIds* producer_ids = nullptr;
    log::LogDirs* log_dirs = nullptr;
    replication::Partitions* partitions = nullptr;
    replication::DirectoryMoves* moves = nullptr;
    replication::FetchSessions* fetch_sessions = nullptr;
    IsrChanges* isr_changes = nullptr;
    GroupShards* group_shards = nullptr;
    ClientMetrics* client_metrics = nullptr;          // Null: nobody is asked for any.
    security::ClientQuotas* client_quotas = nullptr;  // Null: nobody has any.
    Traffic* traffic = nullptr;                       // Null: nothing is counted.
    const LogScrubber* scrubber = nullptr;            // Null: not begun yet.

    std::int64_t fetch_bytes_max = 57'671'680;            // fetch.max.bytes
    record::Trust produce_trust = record::Trust::strict;  // kcore.produce.validation
    bool selects_by_rack = false;                         // replica.selector.class: KIP-392.

    metadata::ImagePtr image() const { return publisher->current(); }
};

}  // namespace kcore::broker
