#pragma once
// For tests of this layer: scripted brokers, what their metadata says, and a client's Cluster over
// them in virtual time.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "client/cluster.h"
#include "client/scripted_broker.h"
#include "io/test_env.h"
#include "protocol/api/metadata.h"

namespace kcore::client::testing {

class ScriptedCluster : public io::TestEnv {
public:
    explicit ScriptedCluster(int brokers = 1) {
        for (std::int32_t id = 1; id <= brokers; ++id) {
            nodes[id] = std::make_unique<ScriptedBroker>(env, id);
            nodes[id]->on<protocol::MetadataRequest, protocol::MetadataResponse>(
                [this](const protocol::MetadataRequest& request) { return metadata(request); });
        }
        config.bootstrap = {"127.0.0.1:9001"};
    }
    // After what uses the cluster has stopped.
    ~ScriptedCluster() {
        if (cluster) loop.run(cluster->stop());
        for (auto& [id, node] : nodes) node->leave();
        loop.settle();
    }

    struct Partition {
        std::int32_t leader = 1;
        std::int32_t epoch = 0;
    };
    static Uuid id_of(const std::string& topic) {
        return *Uuid::from_random(0x1234, std::hash<std::string>{}(topic));
    }

    // With the config as it is by then.
    Cluster& start() {
        cluster = std::make_unique<Cluster>(env, config);
        return *cluster;
    }
    ScriptedBroker& node(std::int32_t id = 1) { return *nodes.at(id); }
    void advance(std::int64_t ms) { loop.advance(io::Milliseconds(ms)); }

    std::optional<protocol::MetadataResponse> metadata(const protocol::MetadataRequest& request) {
        ++looks;
        protocol::MetadataResponse out;
        out.cluster_id = "scripted";
        out.controller_id = 1;
        for (const auto& [id, node] : nodes) {
            auto& broker = out.brokers.emplace_back();
            broker.node_id = id;
            broker.host = "127.0.0.1";
            broker.port = 9000 + id;
        }
        if (!request.topics) return out;
        for (const auto& asked : *request.topics) {
            auto& topic = out.topics.emplace_back();
            topic.name = asked.name;
            const auto found = topics.find(asked.name.value_or(""));
            if (found == topics.end()) {
                topic.error_code = static_cast<std::int16_t>(Errc::unknown_topic_or_partition);
                continue;
            }
            topic.topic_id = id_of(found->first);
            for (std::size_t i = 0; i < found->second.size(); ++i) {
                auto& partition = topic.partitions.emplace_back();
                partition.partition_index = static_cast<std::int32_t>(i);
                partition.leader_id = found->second[i].leader;
                partition.leader_epoch = found->second[i].epoch;
            }
        }
        return out;
    }

    std::map<std::int32_t, std::unique_ptr<ScriptedBroker>> nodes;
    std::map<std::string, std::vector<Partition>> topics;
    Config config;
    std::unique_ptr<Cluster> cluster;
    int looks = 0;
};

}  // namespace kcore::client::testing
