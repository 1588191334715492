#pragma once
// What differs between two images: told to whoever subscribed to the publisher.

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "base/uuid.h"
#include "metadata/image.h"

namespace kcore::metadata {

// What differs between two images, by name: look the states up in them.
struct Changes {
    struct ChangedTopic {
        std::string name;
        bool created = false;
        bool deleted = false;               // Both: created and gone again in between.
        std::set<std::int32_t> partitions;  // New or changed; empty when the topic is deleted.
    };
    std::map<Uuid, ChangedTopic> topics;
    std::set<ConfigResource> configs;
    std::set<std::int32_t> brokers;
    bool controllers = false;
    bool features = false;
    bool quotas = false;
    bool scram = false;
    bool acls = false;
    bool tokens = false;
    bool from_snapshot =
        false;  // Everything may differ; `topics` and so on name all of the new image.
};

}  // namespace kcore::metadata
