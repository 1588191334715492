#pragma once
// A controller with one live broker, id 1, as in the recorded answers of Apache Kafka 4.4.0.

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "controller/controller.h"
#include "metadata/snapshot.h"

namespace kcore::controller {

class OneBrokerTest : public testing::Test {
protected:
    OneBrokerTest() {
        controller_.activate(std::make_shared<const metadata::Image>(), 0);
        log(controller_.first_records(metadata::bootstrap_records()));
        metadata::Broker broker;
        broker.id = 1;
        broker.epoch = 5;
        broker.fenced = false;
        broker.log_dirs = {Uuid{500, 1}};
        for (const auto& feature : metadata::supported_features()) {
            broker.features.push_back({std::string(feature.name), feature.min, feature.max});
        }
        log({metadata::make_record(metadata::MetadataVersion(33), broker)});
    }
    void log(const std::vector<metadata::Record>& records) {
        if (records.empty()) return;
        const auto built = controller_.apply(records, offset_, 1, 0, 0);
        ASSERT_TRUE(built) << built.error().what;
        offset_ += static_cast<std::int64_t>(records.size());
    }
    template <class Request>
    auto ask(const Request& request) {
        auto decision = controller_.decide(request, Moment{0, offset_});
        log(decision.records);
        return std::move(decision.response);
    }
    const metadata::Image& image() { return *controller_.image(); }

    ConfigRules rules_{1, {}};
    std::mt19937_64 random_{42};
    Controller controller_{[] {
                               Settings s;
                               s.node_id = 1;
                               s.cluster_id = "c";
                               s.partitions_default = 4;
                               s.derive_scram_keys = [](std::int8_t, BytesView salted) {
                                   return Result<ScramKeys>(ScramKeys{to_bytes(salted), {}});
                               };
                               return s;
                           }(),
                           rules_, [this] { return random_(); }, Logger()};
    std::int64_t offset_ = 1;
};

}  // namespace kcore::controller
