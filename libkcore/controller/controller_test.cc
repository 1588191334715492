#include "controller/controller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "metadata/snapshot.h"

namespace kcore::controller {
namespace {

using metadata::kNoLeader;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kCluster = "nNRELL5uSDy4Lje-tvhwsA";

// A controller and its log, which commits whatever it is given.
class ControllerTest : public testing::Test {
protected:
    using Replicas = std::vector<std::int32_t>;

    ControllerTest() { restart(); }

    void SetUp() override { log(controller_->first_records(metadata::bootstrap_records())); }

    // A new leader with what the log holds.
    void restart() {
        const auto image =
            controller_ ? controller_->image() : std::make_shared<const metadata::Image>();
        controller_ =
            std::make_unique<Controller>(settings_, rules_, [this] { return random_(); }, Logger());
        controller_->activate(image, now_);
    }

    void log(const std::vector<metadata::Record>& records) {
        if (records.empty()) return;
        for (const auto& record : records) metadata::encode_record(record);
        const auto built = controller_->apply(records, offset_, 1, 0, now_);
        ASSERT_TRUE(built) << built.error().what;
        offset_ += static_cast<std::int64_t>(records.size());
    }

    template <class Request>
    auto ask(const Request& request) {
        auto decision = controller_->decide(request, Moment{now_, offset_});
        log(decision.records);
        last_ = std::move(decision.records);
        return std::move(decision.response);
    }

    protocol::BrokerRegistrationRequest registration(std::int32_t id,
                                                     std::uint64_t incarnation = 1) {
        protocol::BrokerRegistrationRequest r;
        r.broker_id = id;
        r.cluster_id = kCluster;
        r.incarnation_id = Uuid{1000 + incarnation, static_cast<std::uint64_t>(id)};
        r.rack.reset();
        for (const auto& feature : metadata::supported_features()) {
            auto& f = r.features.emplace_back();
            f.name = feature.name;
            f.min_supported_version = feature.min;
            f.max_supported_version = feature.max;
        }
        r.log_dirs = {Uuid{500, static_cast<std::uint64_t>(id)}};
        return r;
    }
    Errc register_code(const protocol::BrokerRegistrationRequest& r) {
        return static_cast<Errc>(ask(r).error_code);
    }

    protocol::BrokerHeartbeatRequest beat(std::int32_t id) {
        protocol::BrokerHeartbeatRequest r;
        r.broker_id = id;
        r.broker_epoch = epoch(id);
        r.current_metadata_offset = offset_ - 1;
        return r;
    }
    // Registered and unfenced.
    void start(std::int32_t id, std::uint64_t incarnation = 1) {
        ASSERT_EQ(register_code(registration(id, incarnation)), Errc::none);
        ASSERT_FALSE(ask(beat(id)).is_fenced);
    }
    void pass(std::int64_t ms) { now_ += ms; }
    // Time passes and brings what it brings.
    void expire_sessions() {
        pass(settings_.session_timeout_ms);
        while (controller_->next_deadline_ms() <= now_) log(controller_->on_time(now_));
    }

    protocol::CreateTopicsResponse::CreatableTopicResult create(const std::string& name,
                                                                std::int32_t partitions = 1,
                                                                std::int16_t replicas = 1) {
        protocol::CreateTopicsRequest r;
        auto& topic = r.topics.emplace_back();
        topic.name = name;
        topic.num_partitions = partitions;
        topic.replication_factor = replicas;
        return ask(r).topics.at(0);
    }
    protocol::CreateTopicsResponse::CreatableTopicResult create_on(const std::string& name,
                                                                   std::vector<Replicas> replicas) {
        protocol::CreateTopicsRequest r;
        auto& topic = r.topics.emplace_back();
        topic.name = name;
        topic.num_partitions = -1;
        topic.replication_factor = -1;
        for (std::size_t i = 0; i < replicas.size(); ++i) {
            auto& assignment = topic.assignments.emplace_back();
            assignment.partition_index = static_cast<std::int32_t>(i);
            assignment.broker_ids = std::move(replicas[i]);
        }
        return ask(r).topics.at(0);
    }

    const metadata::Image& image() { return *controller_->image(); }
    const metadata::Partition& partition(const std::string& topic, std::int32_t number = 0) {
        return *image().partition(topic, number);
    }
    std::int64_t epoch(std::int32_t broker) { return image().broker(broker)->epoch; }

    Settings settings_ = [] {
        Settings s;
        s.node_id = 1;
        s.cluster_id = kCluster;
        s.max_idle_ms = 0;
        return s;
    }();
    ConfigRules rules_{1, {}};
    std::mt19937_64 random_{42};
    std::int64_t now_ = 1'000'000;
    std::int64_t offset_ = 1;
    std::unique_ptr<Controller> controller_;
    std::vector<metadata::Record> last_;
};

// --- Registration

TEST_F(ControllerTest, ABrokersEpochIsTheOffsetOfItsRegistration) {
    const auto at = offset_;
    const auto answer = ask(registration(1));
    EXPECT_EQ(answer.error_code, 0);
    EXPECT_EQ(answer.broker_epoch, at);
    EXPECT_EQ(epoch(1), at);
    EXPECT_TRUE(image().broker(1)->fenced);
    EXPECT_EQ(last_.at(0).version, 4);
}

TEST_F(ControllerTest, EachBrokenRegistrationRuleHasItsError) {
    auto r = registration(1);
    r.cluster_id = "another";
    EXPECT_EQ(register_code(r), Errc::inconsistent_cluster_id);
    r = registration(1);
    r.is_migrating_zk_broker = true;
    EXPECT_EQ(register_code(r), Errc::broker_id_not_registered);
    r = registration(1);
    r.log_dirs.clear();
    EXPECT_EQ(register_code(r), Errc::invalid_registration);
    r.log_dirs = {Uuid{5, 5}, Uuid{5, 5}};
    EXPECT_EQ(register_code(r), Errc::invalid_registration);
    r.log_dirs = {Uuid{0, 2}};
    EXPECT_EQ(register_code(r), Errc::invalid_registration);
    r = registration(1);
    r.features[0].max_supported_version = 32;
    EXPECT_EQ(register_code(r), Errc::unsupported_version);
    r = registration(1);
    r.features.erase(r.features.begin());
    EXPECT_EQ(register_code(r), Errc::invalid_registration) << "metadata.version is not listed";
    r = registration(1);
    r.features.resize(1);
    EXPECT_EQ(register_code(r), Errc::unsupported_version) << "finalized features are not listed";
    EXPECT_TRUE(image().brokers->empty());
}

TEST_F(ControllerTest, ADirectoryOfAnotherBrokerIsRefused) {
    start(1);
    auto r = registration(2);
    r.log_dirs = registration(1).log_dirs;
    EXPECT_EQ(register_code(r), Errc::invalid_registration);
}

TEST_F(ControllerTest, AnotherIncarnationWaitsForTheSessionToEnd) {
    start(1);
    EXPECT_EQ(register_code(registration(1, 2)), Errc::duplicate_broker_registration);
    pass(settings_.session_timeout_ms);
    EXPECT_EQ(register_code(registration(1, 2)), Errc::none);
    EXPECT_TRUE(image().broker(1)->fenced);
}

TEST_F(ControllerTest, TheProcessOwnBrokerDoesNotWait) {
    settings_.local_incarnation = registration(1, 2).incarnation_id;
    start(1);
    restart();
    EXPECT_EQ(register_code(registration(1, 3)), Errc::duplicate_broker_registration);
    EXPECT_EQ(register_code(registration(1, 2)), Errc::none);
}

TEST_F(ControllerTest, TheSameIncarnationKeepsItsEpoch) {
    start(1);
    const auto before = epoch(1);
    auto again = registration(1);
    again.listeners.emplace_back().name = "NEW";
    EXPECT_EQ(ask(again).broker_epoch, before);
    EXPECT_FALSE(image().broker(1)->fenced);
    EXPECT_NE(image().broker(1)->endpoint("NEW"), nullptr);
}

TEST_F(ControllerTest, AnUncleanRestartTakesTheBrokerOutOfTheIsrButItLeadsAgainAlone) {
    start(1);
    create("orders");
    expire_sessions();
    EXPECT_THAT(partition("orders").elr, ElementsAre(1));
    auto r = registration(1, 2);
    r.previous_broker_epoch = -1;
    ASSERT_EQ(register_code(r), Errc::none);
    EXPECT_THAT(partition("orders").isr, IsEmpty());
    EXPECT_THAT(partition("orders").elr, IsEmpty());
    EXPECT_THAT(partition("orders").last_known_elr, ElementsAre(1));
    ask(beat(1));
    EXPECT_EQ(partition("orders").leader, 1);
    EXPECT_THAT(partition("orders").isr, ElementsAre(1));
    EXPECT_EQ(partition("orders").leader_recovery_state, 1) << "as after any unclean election";
}

TEST_F(ControllerTest, ACleanRestartLeadsWithoutRecovery) {
    start(1);
    create("orders");
    const auto old_epoch = epoch(1);
    expire_sessions();
    auto r = registration(1, 2);
    r.previous_broker_epoch = old_epoch;
    ASSERT_EQ(register_code(r), Errc::none);
    ask(beat(1));
    EXPECT_EQ(partition("orders").leader, 1);
    EXPECT_EQ(partition("orders").leader_recovery_state, 0);
    EXPECT_THAT(partition("orders").elr, IsEmpty());
    EXPECT_THAT(partition("orders").last_known_elr, IsEmpty());
}

// --- Heartbeats

TEST_F(ControllerTest, ABrokerIsUnfencedOnceItHasSeenItsRegistrationAndWantsTo) {
    ask(registration(1));
    auto early = beat(1);
    early.current_metadata_offset = epoch(1) - 1;
    auto answer = ask(early);
    EXPECT_FALSE(answer.is_caught_up);
    EXPECT_TRUE(answer.is_fenced);
    auto waiting = beat(1);
    waiting.want_fence = true;
    answer = ask(waiting);
    EXPECT_TRUE(answer.is_caught_up);
    EXPECT_TRUE(answer.is_fenced);
    EXPECT_THAT(last_, IsEmpty());
    answer = ask(beat(1));
    EXPECT_FALSE(answer.is_fenced);
    EXPECT_FALSE(image().broker(1)->fenced);
    EXPECT_EQ(last_.at(0).version, 0) << "as old as it can be";
}

TEST_F(ControllerTest, AHeartbeatOfAnotherEpochIsStale) {
    EXPECT_EQ(ask([] {
                  protocol::BrokerHeartbeatRequest r;
                  r.broker_id = 9;
                  return r;
              }())
                  .error_code,
              static_cast<std::int16_t>(Errc::stale_broker_epoch));
    start(1);
    auto r = beat(1);
    ++r.broker_epoch;
    EXPECT_EQ(ask(r).error_code, static_cast<std::int16_t>(Errc::stale_broker_epoch));
}

TEST_F(ControllerTest, ASilentBrokerIsFencedAndItsPartitionsMoveOn) {
    start(1);
    start(2);
    create_on("orders", {{1, 2}});
    ASSERT_EQ(partition("orders").leader, 1);
    pass(5000);
    ask(beat(2));
    pass(4000);
    log(controller_->on_time(now_));
    EXPECT_TRUE(image().broker(1)->fenced);
    EXPECT_FALSE(image().broker(2)->fenced);
    EXPECT_EQ(partition("orders").leader, 2);
    EXPECT_EQ(partition("orders").leader_epoch, 1);
    EXPECT_THAT(partition("orders").isr, ElementsAre(2));
}

TEST_F(ControllerTest, AllSilentBrokersAreFencedOneAfterTheOther) {
    start(1);
    start(2);
    create_on("orders", {{1, 2}});
    expire_sessions();
    EXPECT_TRUE(image().broker(1)->fenced);
    EXPECT_TRUE(image().broker(2)->fenced);
    EXPECT_EQ(partition("orders").leader, kNoLeader);
    EXPECT_EQ(controller_->next_deadline_ms(), 1'000'000 + 300'000) << "nobody is left to wait for";
}

TEST_F(ControllerTest, CordonedDirectoriesAreNotedAndGetNoReplicas) {
    start(1);
    auto r = beat(1);
    r.cordoned_log_dirs = image().broker(1)->log_dirs;
    ask(r);
    EXPECT_EQ(last_.at(0).version, 3);
    EXPECT_EQ(create("orders").error_code,
              static_cast<std::int16_t>(Errc::invalid_replication_factor));
    r = beat(1);
    r.cordoned_log_dirs.emplace();
    ask(r);
    EXPECT_EQ(create("orders").error_code, 0);
}

TEST_F(ControllerTest, ALostDirectoryTakesItsReplicasOutOfTheIsr) {
    start(1);
    start(2);
    create_on("orders", {{1, 2}});
    auto r = beat(1);
    r.offline_log_dirs = image().broker(1)->log_dirs;
    ask(r);
    EXPECT_EQ(partition("orders").leader, 2);
    EXPECT_THAT(partition("orders").isr, ElementsAre(2));
}

TEST_F(ControllerTest, AControlledShutdownMovesLeadersThenLetsTheBrokerGo) {
    start(1);
    start(2);
    create_on("orders", {{1, 2}});
    auto stop = beat(1);
    stop.want_shut_down = true;
    auto answer = ask(stop);
    EXPECT_FALSE(answer.should_shut_down);
    EXPECT_FALSE(answer.is_fenced);
    EXPECT_TRUE(image().broker(1)->in_controlled_shutdown);
    EXPECT_EQ(partition("orders").leader, 2);
    stop.current_metadata_offset = offset_ - 1;
    EXPECT_FALSE(ask(stop).should_shut_down) << "broker 2 may not know yet that it leads";
    ask(beat(2));
    answer = ask(stop);
    EXPECT_TRUE(answer.should_shut_down);
    EXPECT_TRUE(answer.is_fenced);
    EXPECT_TRUE(image().broker(1)->fenced);
}

TEST_F(ControllerTest, TheLastBrokerGoesTooAndItsReplicasStayEligible) {
    start(1);
    create("orders");
    auto stop = beat(1);
    stop.want_shut_down = true;
    ask(stop);
    EXPECT_EQ(partition("orders").leader, kNoLeader);
    EXPECT_THAT(partition("orders").isr, IsEmpty());
    EXPECT_THAT(partition("orders").elr, ElementsAre(1));
    EXPECT_THAT(partition("orders").last_known_elr, ElementsAre(1));
    stop.current_metadata_offset = offset_ - 1;
    EXPECT_TRUE(ask(stop).should_shut_down);
}

TEST_F(ControllerTest, ABrokerThatLeadsNothingStopsAtOnce) {
    start(1);
    auto stop = beat(1);
    stop.want_shut_down = true;
    EXPECT_TRUE(ask(stop).should_shut_down);
    EXPECT_TRUE(image().broker(1)->fenced);
}

// --- The metadata log

TEST_F(ControllerTest, ANewClusterBeginsWithItsFeaturesInOneTransaction) {
    EXPECT_EQ(image().metadata_version().level(), 33);
    EXPECT_EQ(image().config({metadata::ResourceType::broker, ""}).at("min.insync.replicas"), "1");
    const auto records = controller_->first_records(metadata::bootstrap_records());
    EXPECT_TRUE(std::holds_alternative<protocol::BeginTransactionRecord>(records.front().body));
    EXPECT_TRUE(std::holds_alternative<protocol::EndTransactionRecord>(records.back().body));
    EXPECT_EQ(records.size(), 9U);
}

TEST_F(ControllerTest, AnIdleLogIsKeptMoving) {
    settings_.max_idle_ms = 500;
    restart();
    EXPECT_EQ(controller_->next_deadline_ms(), now_ + 500);
    EXPECT_THAT(controller_->on_time(now_ + 499), IsEmpty());
    pass(500);
    const auto records = controller_->on_time(now_);
    ASSERT_EQ(records.size(), 1U);
    EXPECT_TRUE(std::holds_alternative<protocol::NoOpRecord>(records[0].body));
    log(records);
    EXPECT_EQ(controller_->next_deadline_ms(), now_ + 500);
}

TEST_F(ControllerTest, ProducerIdsComeInBlocksThatNeverOverlap) {
    start(1);
    protocol::AllocateProducerIdsRequest r;
    r.broker_id = 1;
    r.broker_epoch = epoch(1);
    for (std::int64_t block = 0; block < 3; ++block) {
        const auto answer = ask(r);
        EXPECT_EQ(answer.producer_id_start, block * 1000);
        EXPECT_EQ(answer.producer_id_len, 1000);
    }
    restart();
    EXPECT_EQ(ask(r).producer_id_start, 3000);
    ++r.broker_epoch;
    EXPECT_EQ(ask(r).error_code, static_cast<std::int16_t>(Errc::stale_broker_epoch));
}

TEST_F(ControllerTest, AnUnregisteredBrokerIsGone) {
    start(1);
    start(2);
    create_on("orders", {{1, 2}});
    protocol::UnregisterBrokerRequest r;
    r.broker_id = 1;
    EXPECT_EQ(ask(r).error_code, 0);
    EXPECT_EQ(image().broker(1), nullptr);
    EXPECT_EQ(partition("orders").leader, 2);
    const auto again = ask(r);
    EXPECT_EQ(again.error_code, static_cast<std::int16_t>(Errc::broker_id_not_registered));
    EXPECT_EQ(again.error_message, "Broker ID 1 is not currently registered");
}

TEST_F(ControllerTest, ControllersComeAndGo) {
    protocol::ControllerRegistrationRequest r;
    r.controller_id = 1;
    r.features.emplace_back().name = "metadata.version";
    EXPECT_EQ(ask(r).error_code, 0);
    EXPECT_TRUE(image().controllers->contains(1));
    protocol::UnregisterControllerRequest u;
    u.controller_id = 1;
    EXPECT_EQ(ask(u).error_code, 0);
    EXPECT_EQ(ask(u).error_message, "Controller ID 1 is not currently registered.");
}

// --- AlterPartition and elections

class ReplicasTest : public ControllerTest {
protected:
    void SetUp() override {
        ControllerTest::SetUp();
        for (const std::int32_t id : {1, 2, 3}) start(id);
        create_on("orders", {{1, 2, 3}});
    }
    protocol::AlterPartitionRequest alter(Replicas isr) {
        protocol::AlterPartitionRequest r;
        r.broker_id = 1;
        r.broker_epoch = epoch(1);
        auto& topic = r.topics.emplace_back();
        topic.topic_id = image().topic("orders")->id;
        auto& p = topic.partitions.emplace_back();
        p.leader_epoch = partition("orders").leader_epoch;
        p.partition_epoch = partition("orders").partition_epoch;
        for (const auto id : isr) {
            auto& member = p.new_isr_with_epochs.emplace_back();
            member.broker_id = id;
            member.broker_epoch = image().broker(id) == nullptr ? 5 : epoch(id);
        }
        return r;
    }
    Errc code_of(const protocol::AlterPartitionRequest& r) {
        const auto answer = ask(r);
        if (answer.error_code != 0) return static_cast<Errc>(answer.error_code);
        return static_cast<Errc>(answer.topics.at(0).partitions.at(0).error_code);
    }
};

TEST_F(ReplicasTest, ALeaderShrinksAndGrowsItsIsr) {
    const auto answer = ask(alter({1, 3})).topics.at(0).partitions.at(0);
    EXPECT_EQ(answer.error_code, 0);
    EXPECT_EQ(answer.partition_epoch, 1);
    EXPECT_EQ(answer.leader_epoch, 0);
    EXPECT_THAT(answer.isr, ElementsAre(1, 3));
    EXPECT_THAT(partition("orders").isr, ElementsAre(1, 3));
    EXPECT_EQ(code_of(alter({1, 2, 3})), Errc::none);
    EXPECT_THAT(partition("orders").isr, ElementsAre(1, 2, 3));
}

TEST_F(ReplicasTest, EachBrokenRuleOfAlterPartitionHasItsError) {
    const auto with = [&](auto change) {
        auto r = alter({1, 2});
        change(r, r.topics[0].partitions[0]);
        return code_of(r);
    };
    using R = protocol::AlterPartitionRequest;
    using P = R::PartitionData;
    EXPECT_EQ(with([](R& r, P&) { ++r.broker_epoch; }), Errc::stale_broker_epoch);
    EXPECT_EQ(with([](R& r, P&) { r.topics[0].topic_id = Uuid{1, 1}; }), Errc::unknown_topic_id);
    EXPECT_EQ(with([](R&, P& p) { p.partition_index = 7; }), Errc::unknown_topic_or_partition);
    EXPECT_EQ(with([](R&, P& p) { ++p.leader_epoch; }), Errc::not_controller);
    EXPECT_EQ(with([](R&, P& p) { ++p.partition_epoch; }), Errc::not_controller);
    EXPECT_EQ(with([](R&, P& p) { --p.leader_epoch; }), Errc::fenced_leader_epoch);
    EXPECT_EQ(with([](R&, P& p) { --p.partition_epoch; }), Errc::invalid_update_version);
    EXPECT_EQ(with([&](R& r, P&) {
                  r.broker_id = 2;
                  r.broker_epoch = epoch(2);
              }),
              Errc::invalid_request);
    EXPECT_EQ(with([](R&, P& p) { p.new_isr_with_epochs[1].broker_id = 4; }),
              Errc::invalid_request);
    EXPECT_EQ(with([](R&, P& p) { p.new_isr_with_epochs[1].broker_id = 1; }),
              Errc::invalid_request);
    EXPECT_EQ(with([](R&, P& p) { p.new_isr_with_epochs.erase(p.new_isr_with_epochs.begin()); }),
              Errc::invalid_request);
    EXPECT_EQ(with([](R&, P& p) { p.leader_recovery_state = 1; }), Errc::invalid_request);
    EXPECT_EQ(with([](R&, P& p) { ++p.new_isr_with_epochs[1].broker_epoch; }),
              Errc::ineligible_replica);
    EXPECT_EQ(partition("orders").partition_epoch, 0);
}

TEST_F(ReplicasTest, AFencedBrokerIsNotLetIntoAnIsr) {
    pass(5000);
    for (const std::int32_t id : {1, 2}) ask(beat(id));
    pass(4000);
    log(controller_->on_time(now_));
    EXPECT_THAT(partition("orders").isr, ElementsAre(1, 2));
    EXPECT_EQ(code_of(alter({1, 2, 3})), Errc::ineligible_replica);
}

TEST_F(ReplicasTest, PreferredLeadersAreElectedOnDemand) {
    protocol::ElectLeadersRequest r;
    auto& wanted = r.topic_partitions.emplace().emplace_back();
    wanted.topic = "orders";
    wanted.partitions = {0};
    EXPECT_EQ(ask(r).replica_election_results[0].partition_result[0].error_code,
              static_cast<std::int16_t>(Errc::election_not_needed));
    pass(5000);
    for (const std::int32_t id : {2, 3}) ask(beat(id));
    pass(4000);
    log(controller_->on_time(now_));
    ASSERT_EQ(partition("orders").leader, 2);
    EXPECT_EQ(ask(r).replica_election_results[0].partition_result[0].error_code,
              static_cast<std::int16_t>(Errc::preferred_leader_not_available));
    ask(beat(1));
    auto back = alter({1, 2, 3});
    back.broker_id = 2;
    back.broker_epoch = epoch(2);
    ASSERT_EQ(code_of(back), Errc::none);
    EXPECT_EQ(ask(r).replica_election_results[0].partition_result[0].error_code, 0);
    EXPECT_EQ(partition("orders").leader, 1);
}

TEST_F(ReplicasTest, ElectionsNameWhatIsWrong) {
    protocol::ElectLeadersRequest r;
    auto& wanted = r.topic_partitions.emplace().emplace_back();
    wanted.topic = "orders";
    wanted.partitions = {9};
    EXPECT_EQ(ask(r).replica_election_results[0].partition_result[0].error_message,
              "No such partition as orders-9");
    r.election_type = 2;
    const auto answer = ask(r);
    EXPECT_EQ(answer.error_code, 42);
    EXPECT_EQ(answer.replica_election_results[0].partition_result[0].error_message,
              "Unknown election type 2");
    r.election_type = 0;
    r.topic_partitions.reset();
    EXPECT_THAT(ask(r).replica_election_results, IsEmpty()) << "nothing to be done is not listed";
}

TEST_F(ReplicasTest, LeadersReturnToThePreferredReplicaByTime) {
    pass(5000);
    for (const std::int32_t id : {2, 3}) ask(beat(id));
    pass(4000);
    log(controller_->on_time(now_));
    ask(beat(1));
    auto back = alter({1, 2, 3});
    back.broker_id = 2;
    back.broker_epoch = epoch(2);
    ASSERT_EQ(code_of(back), Errc::none);
    pass(settings_.rebalance_interval_ms);
    for (const std::int32_t id : {1, 2, 3}) ask(beat(id));
    log(controller_->on_time(now_));
    EXPECT_EQ(partition("orders").leader, 1);
}

TEST_F(ReplicasTest, AReplicasDirectoryIsNoted) {
    protocol::AssignReplicasToDirsRequest r;
    r.broker_id = 2;
    r.broker_epoch = epoch(2);
    auto& directory = r.directories.emplace_back();
    directory.id = Uuid{500, 2};
    auto& topic = directory.topics.emplace_back();
    topic.topic_id = image().topic("orders")->id;
    for (const int number : {0, 5}) topic.partitions.emplace_back().partition_index = number;
    auto answer = ask(r).directories[0].topics[0].partitions;
    EXPECT_EQ(answer[0].error_code, 0);
    EXPECT_EQ(answer[1].error_code, static_cast<std::int16_t>(Errc::unknown_topic_or_partition));
    EXPECT_EQ(partition("orders").directory_of(2), (Uuid{500, 2}));
    r.directories[0].id = Uuid{77, 77};
    ask(r);
    EXPECT_THAT(partition("orders").isr, ElementsAre(1, 3)) << "a directory that is not online";
}

}  // namespace
}  // namespace kcore::controller
