#include "metadata/delta.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "metadata/replay.h"
#include "metadata/snapshot.h"
#include "protocol/codec.h"

namespace kcore::metadata {
namespace {

constexpr Uuid kOrders{7, 1};
constexpr Uuid kPayments{7, 2};

Record topic_record(const std::string& name, const Uuid& id) {
    protocol::TopicRecord r;
    r.name = name;
    r.topic_id = id;
    return {std::move(r), 0};
}

Record partition_record(const Uuid& topic, std::int32_t number) {
    Partition p;
    p.replicas = {1, 2, 3};
    p.isr = {1, 2};
    p.leader = 1;
    p.directories = {Uuid{9, 1}, Uuid{9, 2}, Uuid{9, 3}};
    return make_record(MetadataVersion(33), topic, number, p);
}

Record config(ResourceType type, const std::string& resource, const std::string& name,
              std::optional<std::string> value) {
    protocol::ConfigRecord r;
    r.resource_type = static_cast<std::int8_t>(type);
    r.resource_name = resource;
    r.name = name;
    r.value = std::move(value);
    return {std::move(r), 0};
}

Record broker_record(std::int32_t id, std::int64_t epoch) {
    Broker broker;
    broker.id = id;
    broker.epoch = epoch;
    broker.incarnation = Uuid{3, static_cast<std::uint64_t>(id)};
    broker.endpoints = {{"PLAINTEXT", "localhost", 9092, 0}};
    broker.features = {{"metadata.version", 7, 33}};
    broker.rack = "a";
    broker.log_dirs = {Uuid{9, static_cast<std::uint64_t>(id)}};
    return make_record(MetadataVersion(33), broker);
}

protocol::PartitionChangeRecord change(const Uuid& topic, std::int32_t number) {
    protocol::PartitionChangeRecord r;
    r.topic_id = topic;
    r.partition_id = number;
    return r;
}

class DeltaTest : public testing::Test {
protected:
    Result<void> try_apply(Record record) {
        Delta delta(image_);
        auto applied = delta.apply(record);
        if (!applied) return applied;
        changes_ = delta.changes();
        auto built = delta.build(++offset_, 1, 0);
        if (!built) return std::unexpected(built.error());
        image_ = *built;
        return {};
    }
    void apply(Record record) {
        const auto applied = try_apply(std::move(record));
        ASSERT_TRUE(applied) << applied.error().what;
    }
    void SetUp() override {
        apply(topic_record("orders", kOrders));
        apply(partition_record(kOrders, 0));
        apply(partition_record(kOrders, 1));
    }
    const Partition& orders(std::int32_t number) { return *image_->partition("orders", number); }

    ImagePtr image_ = std::make_shared<const Image>();
    Changes changes_;
    std::int64_t offset_ = -1;
};

TEST_F(DeltaTest, TopicsAreFoundByNameAndById) {
    ASSERT_NE(image_->topic("orders"), nullptr);
    EXPECT_EQ(image_->topic("orders"), image_->topic(kOrders));
    EXPECT_EQ(image_->topic("orders")->partition_count(), 2);
    EXPECT_EQ(orders(1).isr, (std::vector<std::int32_t>{1, 2}));
    EXPECT_EQ(orders(1).directory_of(3), (Uuid{9, 3}));
    EXPECT_EQ(orders(1).directory_of(4), kDirMigrating);
    EXPECT_EQ(image_->topic("payments"), nullptr);
    EXPECT_EQ(image_->topic("orders")->partition(2), nullptr);
    EXPECT_EQ(image_->topic("orders")->partition(-1), nullptr);
}

TEST_F(DeltaTest, AnImageStaysAsItWasWhenTheNextIsMade) {
    const auto before = image_;
    auto r = change(kOrders, 0);
    r.leader = 2;
    apply({std::move(r), 2});
    EXPECT_EQ(before->partition("orders", 0)->leader, 1);
    EXPECT_EQ(orders(0).leader, 2);
    EXPECT_EQ(before->partition("orders", 1), image_->partition("orders", 1)) << "shared";
}

TEST_F(DeltaTest, TheLeaderEpochGrowsExactlyWhenTheLeaderFieldIsThere) {
    auto isr_only = change(kOrders, 0);
    isr_only.isr = std::vector<std::int32_t>{1};
    apply({isr_only, 2});
    EXPECT_EQ(orders(0).leader_epoch, 0);
    EXPECT_EQ(orders(0).partition_epoch, 1);
    auto same_leader = change(kOrders, 0);
    same_leader.leader = 1;
    apply({same_leader, 2});
    EXPECT_EQ(orders(0).leader_epoch, 1);
    EXPECT_EQ(orders(0).partition_epoch, 2);
}

TEST_F(DeltaTest, NewReplicasHaveNoDirectoryYet) {
    auto r = change(kOrders, 0);
    r.replicas = std::vector<std::int32_t>{3, 4};
    apply({std::move(r), 2});
    EXPECT_EQ(orders(0).directories, (std::vector<Uuid>{Uuid{9, 3}, kDirUnassigned}));
}

TEST_F(DeltaTest, AChangeOfWhatIsNotThereIsRefused) {
    EXPECT_EQ(try_apply({change(kOrders, 2), 2}).error().code, Errc::invalid_record_state);
    EXPECT_EQ(try_apply({change(kPayments, 0), 2}).error().code, Errc::invalid_record_state);
    EXPECT_FALSE(try_apply(partition_record(kPayments, 0)));
    EXPECT_FALSE(try_apply(partition_record(kOrders, -1)));
    EXPECT_FALSE(try_apply(partition_record(kOrders, 2'147'483'647)));
    EXPECT_FALSE(try_apply(topic_record("orders", kPayments)));
    EXPECT_FALSE(try_apply(topic_record("payments", kOrders)));
}

TEST_F(DeltaTest, AMissingPartitionBelowTheLastIsRefusedAtTheEnd) {
    EXPECT_EQ(try_apply(partition_record(kOrders, 3)).error().code, Errc::invalid_record_state);
    Delta delta(image_);
    ASSERT_TRUE(delta.apply(partition_record(kOrders, 3)));
    ASSERT_TRUE(delta.apply(partition_record(kOrders, 2)));
    EXPECT_TRUE(delta.build(9, 1, 0));
}

TEST_F(DeltaTest, ARemovedTopicTakesItsSettingsAlong) {
    apply(config(ResourceType::topic, "orders", "retention.ms", "5"));
    EXPECT_EQ(image_->topic_config("orders").at("retention.ms"), "5");
    protocol::RemoveTopicRecord r;
    r.topic_id = kOrders;
    apply({r, 0});
    EXPECT_EQ(image_->topic("orders"), nullptr);
    EXPECT_EQ(image_->topic(kOrders), nullptr);
    EXPECT_TRUE(image_->topic_config("orders").empty());
    EXPECT_TRUE(changes_.topics.at(kOrders).deleted);
    EXPECT_EQ(changes_.topics.at(kOrders).name, "orders");
    EXPECT_FALSE(try_apply({r, 0})) << "it is gone";
}

TEST_F(DeltaTest, ChangesNameWhatChanged) {
    auto r = change(kOrders, 1);
    r.leader = 2;
    apply({std::move(r), 2});
    EXPECT_EQ(changes_.topics.at(kOrders).partitions, std::set<std::int32_t>{1});
    EXPECT_FALSE(changes_.topics.at(kOrders).created);
    apply(config(ResourceType::broker, "", "background.threads", "3"));
    EXPECT_EQ(changes_.configs, (std::set<ConfigResource>{{ResourceType::broker, ""}}));
    EXPECT_TRUE(changes_.topics.empty());
}

TEST_F(DeltaTest, ASettingWithoutValueIsRemoved) {
    apply(config(ResourceType::topic, "orders", "retention.ms", "5"));
    apply(config(ResourceType::topic, "orders", "retention.ms", std::nullopt));
    EXPECT_TRUE(image_->configs.empty());
}

TEST_F(DeltaTest, ABrokerIsFencedUnfencedAndShutDown) {
    apply(broker_record(1, 40));
    ASSERT_NE(image_->broker(1), nullptr);
    EXPECT_TRUE(image_->broker(1)->fenced);
    protocol::BrokerRegistrationChangeRecord r;
    r.broker_id = 1;
    r.broker_epoch = 40;
    r.fenced = -1;
    apply({r, 0});
    EXPECT_FALSE(image_->broker(1)->fenced);
    EXPECT_EQ(changes_.brokers, std::set<std::int32_t>{1});
    r.fenced = 0;
    r.in_controlled_shutdown = 1;
    r.log_dirs = {Uuid{9, 8}};
    apply({r, 2});
    EXPECT_FALSE(image_->broker(1)->fenced);
    EXPECT_TRUE(image_->broker(1)->in_controlled_shutdown);
    EXPECT_EQ(image_->broker(1)->log_dirs, std::vector<Uuid>{(Uuid{9, 8})});
    r.broker_epoch = 41;
    EXPECT_FALSE(try_apply({r, 2})) << "of another epoch";
}

TEST_F(DeltaTest, OldFencingRecordsStillWork) {
    apply(broker_record(1, 40));
    protocol::UnfenceBrokerRecord unfence;
    unfence.id = 1;
    unfence.epoch = 40;
    apply({unfence, 0});
    EXPECT_FALSE(image_->broker(1)->fenced);
    protocol::FenceBrokerRecord fence;
    fence.id = 1;
    fence.epoch = 40;
    apply({fence, 0});
    EXPECT_TRUE(image_->broker(1)->fenced);
}

TEST_F(DeltaTest, ClearElrTouchesOnlyPartitionsThatHaveSome) {
    auto r = change(kOrders, 0);
    r.eligible_leader_replicas = std::vector<std::int32_t>{3};
    apply({std::move(r), 2});
    protocol::ClearElrRecord clear;
    clear.topic_name = "orders";
    apply({clear, 0});
    EXPECT_TRUE(orders(0).elr.empty());
    EXPECT_EQ(orders(0).partition_epoch, 2);
    EXPECT_EQ(orders(1).partition_epoch, 0);
}

TEST_F(DeltaTest, ALevelOfMetadataVersionBeyondThisOneIsRefused) {
    protocol::FeatureLevelRecord r;
    r.name = std::string(kMetadataVersion);
    r.feature_level = 34;
    EXPECT_EQ(try_apply({r, 0}).error().code, Errc::unsupported_version);
    r.feature_level = 33;
    apply({r, 0});
    EXPECT_EQ(image_->metadata_version().level(), 33);
}

TEST_F(DeltaTest, AFeatureOfLevelZeroIsGone) {
    protocol::FeatureLevelRecord r;
    r.name = "group.version";
    r.feature_level = 1;
    apply({r, 0});
    EXPECT_EQ(image_->feature_level("group.version"), 1);
    r.feature_level = 0;
    apply({r, 0});
    EXPECT_TRUE(image_->features->empty());
}

TEST_F(DeltaTest, AQuotaOfADefaultEntityIsNotThatOfANamedOne) {
    protocol::ClientQuotaRecord r;
    r.entity.emplace_back().entity_type = "user";
    r.entity[0].entity_name.reset();
    r.key = "producer_byte_rate";
    r.value = 5;
    apply({r, 0});
    r.entity[0].entity_name = "alice";
    apply({r, 0});
    EXPECT_EQ(image_->quotas->size(), 2U);
    r.remove = true;
    apply({r, 0});
    EXPECT_EQ(image_->quotas->size(), 1U);
    EXPECT_TRUE(image_->quotas->contains(QuotaEntity{{"user", std::nullopt}}));
}

TEST(RecordTest, EveryRecordComesBackFromItsBytes) {
    const auto records = {topic_record("orders", kOrders), partition_record(kOrders, 4),
                          broker_record(3, 99), Record{protocol::NoOpRecord(), 0}};
    for (const auto& record : records) {
        const auto bytes = encode_record(record);
        const auto back = decode_record(bytes);
        ASSERT_TRUE(back) << back.error().what;
        EXPECT_EQ(back->body.index(), record.body.index());
        EXPECT_EQ(back->version, record.version);
        EXPECT_EQ(encode_record(*back), bytes);
    }
}

TEST(RecordTest, ATruncatedRecordIsCorruptAtEveryLength) {
    const auto bytes = encode_record(partition_record(kOrders, 4));
    for (std::size_t n = 0; n < bytes.size(); ++n) {
        EXPECT_FALSE(decode_record(BytesView(bytes).first(n))) << n;
    }
}

TEST(RecordTest, UnknownTypesAndVersionsAreNotSkipped) {
    const auto code = [](std::initializer_list<int> bytes) {
        Bytes value;
        for (const int b : bytes) value.push_back(static_cast<std::byte>(b));
        return decode_record(value).error().code;
    };
    EXPECT_EQ(code({1, 30, 0, 0}), Errc::unsupported_version);
    EXPECT_EQ(code({1, 6, 0, 0}), Errc::unsupported_version);
    EXPECT_EQ(code({1, 20, 1, 0}), Errc::unsupported_version);
    EXPECT_EQ(code({2, 20, 0, 0}), Errc::corrupt_message);
    EXPECT_EQ(code({1, 20, 0, 0, 0}), Errc::corrupt_message) << "bytes left over";
}

class ReplayTest : public testing::Test {
protected:
    void apply(std::vector<Record> records) {
        const auto count = static_cast<std::int64_t>(records.size());
        const auto built = replay_.apply(records, next_, 1, 0);
        ASSERT_TRUE(built) << built.error().what;
        next_ += count;
    }
    static Record begin() { return {protocol::BeginTransactionRecord(), 0}; }
    static Record end() { return {protocol::EndTransactionRecord(), 0}; }
    static Record abort() { return {protocol::AbortTransactionRecord(), 0}; }
    bool has_orders() { return replay_.image()->topic("orders") != nullptr; }

    Replay replay_;
    std::int64_t next_ = 0;
};

TEST_F(ReplayTest, ATransactionBecomesVisibleAsAWhole) {
    apply({begin(), topic_record("orders", kOrders)});
    EXPECT_TRUE(replay_.in_transaction());
    EXPECT_FALSE(has_orders());
    EXPECT_EQ(replay_.image()->offset, -1);
    apply({partition_record(kOrders, 0)});
    apply({end()});
    EXPECT_TRUE(has_orders());
    EXPECT_EQ(replay_.image()->offset, 3);
    EXPECT_EQ(replay_.image()->topic("orders")->partition_count(), 1);
}

TEST_F(ReplayTest, AnAbortedTransactionLeavesNothing) {
    apply({begin(), topic_record("orders", kOrders), abort(), topic_record("payments", kPayments)});
    EXPECT_FALSE(has_orders());
    EXPECT_NE(replay_.image()->topic("payments"), nullptr);
}

TEST_F(ReplayTest, MarkersOutOfPlaceAreRefused) {
    EXPECT_FALSE(replay_.apply(std::vector<Record>{end()}, 0, 1, 0));
    Replay nested;
    EXPECT_FALSE(nested.apply(std::vector<Record>{begin(), begin()}, 0, 1, 0));
}

TEST_F(ReplayTest, ASnapshotOfAnImageGivesItBack) {
    apply(bootstrap_records());
    apply({broker_record(1, 7), topic_record("orders", kOrders), partition_record(kOrders, 0),
           partition_record(kOrders, 1), config(ResourceType::topic, "orders", "a", "1"),
           config(ResourceType::broker, "1", "b", "2")});
    const auto original = replay_.image();
    Replay copy;
    copy.begin_snapshot();
    std::vector<Bytes> values;
    for (const auto& record : snapshot_records(*original)) values.push_back(encode_record(record));
    for (const auto& value : values) {
        const BytesView view = value;
        ASSERT_TRUE(copy.add_snapshot(std::span(&view, 1)));
    }
    const auto built = copy.end_snapshot(original->offset, 1, 0);
    ASSERT_TRUE(built);
    EXPECT_TRUE(built->changes.from_snapshot);
    EXPECT_EQ(*built->image->partition("orders", 1), *original->partition("orders", 1));
    EXPECT_EQ(*built->image->broker(1), *original->broker(1));
    EXPECT_EQ(*built->image->features, *original->features);
    EXPECT_EQ(built->image->topic_config("orders"), original->topic_config("orders"));
    std::vector<Bytes> again;
    for (const auto& record : snapshot_records(*built->image))
        again.push_back(encode_record(record));
    EXPECT_EQ(again, values);
}

TEST_F(ReplayTest, UnknownTaggedFieldsSurviveASnapshot) {
    auto broker = broker_record(1, 7);
    auto& body = std::get<protocol::RegisterBrokerRecord>(broker.body);
    body.unknown_tags.emplace_back(77, to_bytes("later"));
    apply(bootstrap_records());
    apply({broker});
    const auto snapshot = snapshot_records(*replay_.image());
    bool found = false;
    for (const auto& record : snapshot) {
        const auto* r = std::get_if<protocol::RegisterBrokerRecord>(&record.body);
        if (r == nullptr) continue;
        found = true;
        ASSERT_EQ(r->unknown_tags.size(), 1U);
        EXPECT_EQ(r->unknown_tags[0].tag, 77U);
    }
    EXPECT_TRUE(found);
}

TEST_F(ReplayTest, TheFirstRecordsOfAClusterAreThoseOfKafka44) {
    apply(bootstrap_records());
    const std::map<std::string, std::int16_t> expected{
        {"metadata.version", 33}, {"eligible.leader.replicas.version", 1},
        {"group.version", 1},     {"share.version", 2},
        {"streams.version", 1},   {"transaction.version", 2}};
    EXPECT_EQ(*replay_.image()->features, expected);
}

TEST_F(ReplayTest, OneChangeAmongManyTopicsSharesTheRest) {
    std::vector<Record> many;
    for (std::uint64_t i = 0; i < 2000; ++i) {
        many.push_back(topic_record("t" + std::to_string(i), Uuid{8, i}));
        many.push_back(partition_record(Uuid{8, i}, 0));
    }
    apply(many);
    const auto before = replay_.image();
    auto r = change(Uuid{8, 1000}, 0);
    r.leader = 3;
    apply({{std::move(r), 2}});
    std::size_t changed = 0;
    for (std::uint64_t i = 0; i < 2000; ++i) {
        const auto name = "t" + std::to_string(i);
        if (before->topic(name) != replay_.image()->topic(name)) ++changed;
    }
    EXPECT_EQ(changed, 1U);
}

}  // namespace
}  // namespace kcore::metadata
