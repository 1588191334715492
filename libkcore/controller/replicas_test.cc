#include "controller/replicas.h"

#include <gtest/gtest.h>

#include <random>

#include "controller/controller.h"
#include "metadata/snapshot.h"

namespace kcore::controller {
namespace {

constexpr Uuid kFirst{500, 1};
constexpr Uuid kSecond{500, 2};

// Broker 1 with two log directories, and a partition that lies in the second.
class DirectoriesTest : public testing::Test {
protected:
    void log(const std::vector<metadata::Record>& records) {
        if (records.empty()) return;
        const auto built = controller_.apply(records, offset_, 1, 0, 0);
        ASSERT_TRUE(built) << built.error().what;
        offset_ += static_cast<std::int64_t>(records.size());
    }
    template <class Request>
    auto ask(const Request& request) {
        auto decision = controller_.decide(request, Moment{now_ms_, offset_});
        log(decision.records);
        return std::move(decision.response);
    }

    DirectoriesTest() {
        controller_.activate(std::make_shared<const metadata::Image>(), 0);
        log(controller_.first_records(metadata::bootstrap_records()));
        register_with({kFirst, kSecond});
        protocol::CreateTopicsRequest r;
        auto& topic = r.topics.emplace_back();
        topic.name = "orders";
        topic.num_partitions = 1;
        topic.replication_factor = 1;
        ask(r);
        EXPECT_EQ(leader(), 1);
        assign(kSecond);
    }
    // The broker starts again, and is let in.
    void register_with(std::vector<Uuid> directories) {
        come_back_with(std::move(directories));
        ASSERT_FALSE(ask(beat()).is_fenced);
    }
    void come_back_with(std::vector<Uuid> directories) {
        protocol::BrokerRegistrationRequest r;
        r.broker_id = 1;
        r.incarnation_id = Uuid{9, ++incarnation_};
        r.rack.reset();
        for (const auto& feature : metadata::supported_features()) {
            auto& f = r.features.emplace_back();
            f.name = feature.name;
            f.min_supported_version = feature.min;
            f.max_supported_version = feature.max;
        }
        r.log_dirs = std::move(directories);
        now_ms_ += 60'000;  // The session before has ended.
        ASSERT_EQ(ask(r).error_code, 0);
    }
    protocol::BrokerHeartbeatRequest beat() {
        protocol::BrokerHeartbeatRequest r;
        r.broker_id = 1;
        r.broker_epoch = broker().epoch;
        r.current_metadata_offset = offset_ - 1;
        return r;
    }
    void assign(const Uuid& directory) {
        protocol::AssignReplicasToDirsRequest r;
        r.broker_id = 1;
        r.broker_epoch = broker().epoch;
        auto& asked = r.directories.emplace_back();
        asked.id = directory;
        auto& topic = asked.topics.emplace_back();
        topic.topic_id = controller_.image()->topic("orders")->id;
        topic.partitions.emplace_back();
        EXPECT_EQ(ask(r).directories.at(0).topics.at(0).partitions.at(0).error_code, 0);
    }
    const metadata::Broker& broker() const { return *controller_.image()->broker(1); }
    std::int32_t leader() const { return controller_.image()->partition("orders", 0)->leader; }

    ConfigRules rules_{1, {}};
    std::mt19937_64 random_{42};
    Controller controller_{Settings(), rules_, [this] { return random_(); }, Logger()};
    std::int64_t now_ms_ = 0;
    std::int64_t offset_ = 1;
    std::uint64_t incarnation_ = 0;
};

TEST_F(DirectoriesTest, AReplicaInALostDirectoryLeadsAgainOnceItsDirectoryIsBack) {
    auto failed = beat();
    failed.offline_log_dirs = {kSecond};
    ask(failed);
    EXPECT_EQ(leader(), metadata::kNoLeader);
    register_with({kFirst});
    EXPECT_EQ(leader(), metadata::kNoLeader);
    register_with({kFirst, kSecond});
    EXPECT_EQ(leader(), 1);
}

TEST_F(DirectoriesTest, ABrokerWhoseDirectoryFailedAsItStartedLeadsNothingInIt) {
    come_back_with({kFirst, kSecond});
    EXPECT_EQ(leader(), metadata::kNoLeader);
    auto failed = beat();
    failed.offline_log_dirs = {kSecond};
    EXPECT_TRUE(ask(failed).is_fenced);
    failed.current_metadata_offset = offset_ - 1;
    EXPECT_FALSE(ask(failed).is_fenced);
    EXPECT_EQ(leader(), metadata::kNoLeader);
    register_with({kFirst, kSecond});
    EXPECT_EQ(leader(), 1);
}

TEST_F(DirectoriesTest, ALostReplicaHasNoLeaderUntilItIsFoundAgain) {
    assign(kDirLost);
    EXPECT_EQ(leader(), metadata::kNoLeader);
    register_with({kFirst, kSecond});
    EXPECT_EQ(leader(), metadata::kNoLeader);
    assign(kFirst);
    EXPECT_EQ(leader(), 1);
}

}  // namespace
}  // namespace kcore::controller
