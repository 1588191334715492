// Replicas that move between the log directories of a node: AlterReplicaLogDirs.

#include <algorithm>
#include <map>

#include "broker/test_server.h"
#include "protocol/api/alter_replica_log_dirs.h"
#include "protocol/api/delete_topics.h"
#include "protocol/api/describe_log_dirs.h"
#include "protocol/api/incremental_alter_configs.h"
#include "protocol/api/list_offsets.h"
#include "protocol/api/produce.h"
#include "record/builder.h"

namespace kcore::broker {
namespace {

// A node with two log directories and a topic of one partition.
class ReplicaMovesTest : public ServerTest {
protected:
    void start_with_topic() {
        ASSERT_TRUE(start(kTwo));
        ASSERT_EQ(create("orders", 1), 0);
        for (int i = 0; i < 20; ++i) ASSERT_EQ(produce(), 0);
        home = place().at(0).first;
        other = home == "/a" ? "/b" : "/a";
    }
    // A batch of 200 kB.
    std::int16_t produce() {
        record::BatchBuilder builder;
        builder.append(1, std::nullopt, as_bytes(std::string(200'000, 'v')));
        builder.close();
        const auto batch = builder.take();
        protocol::ProduceRequest request;
        request.acks = -1;
        auto& data = request.topic_data.emplace_back();
        data.name = "orders";
        data.topic_id = metadata_of("orders").topics.at(0).topic_id;
        data.partition_data.emplace_back().records = protocol::Records(batch);
        return ask(request).responses.at(0).partition_responses.at(0).error_code;
    }
    std::int16_t move(const std::string& path, const std::string& topic = "orders",
                      std::int32_t partition = 0) {
        protocol::AlterReplicaLogDirsRequest request;
        auto& dir = request.dirs.emplace_back();
        dir.path = path;
        auto& one = dir.topics.emplace_back();
        one.name = topic;
        one.partitions = {partition};
        const auto code = ask(std::move(request)).results.at(0).partitions.at(0).error_code;
        loop.advance(io::Milliseconds(10));
        return code;
    }
    // Where the replica lies, and its copy: directory, and how far it is behind.
    std::vector<std::pair<std::string, std::int64_t>> place() {
        protocol::DescribeLogDirsRequest request;
        request.topics.reset();
        std::vector<std::pair<std::string, std::int64_t>> found;
        for (const auto& dir : ask(std::move(request)).results) {
            for (const auto& topic : dir.topics) {
                if (topic.name != "orders") continue;
                const auto& one = topic.partitions.at(0);
                EXPECT_EQ(one.is_future_key, one.offset_lag > 0);
                found.insert(one.is_future_key ? found.end() : found.begin(),
                             {dir.log_dir, one.offset_lag});
            }
        }
        return found;
    }
    using Places = std::vector<std::pair<std::string, std::int64_t>>;
    std::int64_t end() {
        protocol::ListOffsetsRequest request;
        request.replica_id = -1;
        auto& asked = request.topics.emplace_back();
        asked.name = "orders";
        asked.partitions.emplace_back().timestamp = -1;
        return ask(std::move(request)).topics.at(0).partitions.at(0).offset;
    }
    void set(const std::string& key, const std::string& value, const std::string& node = "") {
        protocol::IncrementalAlterConfigsRequest request;
        auto& resource = request.resources.emplace_back();
        resource.resource_type = 4;
        resource.resource_name = node;
        auto& config = resource.configs.emplace_back();
        config.name = key;
        config.value = value;
        ASSERT_EQ(ask(std::move(request)).responses.at(0).error_code, 0);
        loop.advance(io::Milliseconds(10));
    }
    // The first megabyte goes over, the next one not within the hour.
    void slow_down() { set("replica.alter.log.dirs.io.max.bytes.per.second", "1"); }
    void speed_up() {
        set("replica.alter.log.dirs.io.max.bytes.per.second", "9223372036854775807");
        loop.advance(io::Milliseconds(3'700'000));
    }
    std::vector<std::string> names(const std::string& directory) {
        std::vector<std::string> out;
        const auto entries = disk.list(directory);
        for (const auto& entry : *entries) {
            if (entry.name.starts_with("orders")) out.push_back(entry.name);
        }
        return out;
    }

    const ConfigMap kTwo = {{"log.dirs", "/a,/b"}, {"num.replica.alter.log.dirs.threads", "1"}};
    std::string home;
    std::string other;
};

TEST_F(ReplicaMovesTest, AReplicaMovesAndIsServedFromThere) {
    start_with_topic();
    ASSERT_EQ(move(other), 0);
    EXPECT_EQ(place(), (Places{{other, 0}}));
    EXPECT_EQ(names(other), std::vector<std::string>{"orders-0"});
    EXPECT_EQ(produce(), 0);
    EXPECT_EQ(end(), 21);
    loop.advance(io::Milliseconds(66'000));
    EXPECT_TRUE(names(home).empty()) << "after file.delete.delay.ms";
    stop();
    ASSERT_TRUE(start(kTwo));
    EXPECT_EQ(place(), (Places{{other, 0}}));
    EXPECT_EQ(end(), 21);
    EXPECT_FALSE(said("set aside"));
}

TEST_F(ReplicaMovesTest, AMoveShowsHowFarItIsAndTakesWhatIsWrittenMeanwhile) {
    start_with_topic();
    slow_down();
    ASSERT_EQ(move(other), 0);
    EXPECT_EQ(place(), (Places{{home, 0}, {other, 15}}));
    ASSERT_EQ(produce(), 0);
    EXPECT_EQ(place(), (Places{{home, 0}, {other, 16}}));
    ASSERT_EQ(move(other), 0) << "it goes on";
    EXPECT_EQ(place(), (Places{{home, 0}, {other, 16}}));
    speed_up();
    EXPECT_EQ(place(), (Places{{other, 0}}));
    EXPECT_EQ(end(), 21);
}

TEST_F(ReplicaMovesTest, MovingItToWhereItLiesCallsAMoveOff) {
    start_with_topic();
    slow_down();
    ASSERT_EQ(move(other), 0);
    ASSERT_EQ(move(home), 0);
    EXPECT_EQ(place(), (Places{{home, 0}}));
    ASSERT_EQ(names(other).size(), 1U);
    EXPECT_TRUE(names(other)[0].ends_with("-delete"));
    EXPECT_EQ(produce(), 0);
}

TEST_F(ReplicaMovesTest, AMoveGoesOnAfterAStop) {
    start_with_topic();
    slow_down();
    ASSERT_EQ(move(other), 0);
    stop();
    ASSERT_TRUE(start(kTwo));
    loop.advance(io::Milliseconds(10));
    EXPECT_EQ(place(), (Places{{home, 0}, {other, 10}}));
    speed_up();
    EXPECT_EQ(place(), (Places{{other, 0}}));
    EXPECT_EQ(end(), 20);
}

TEST_F(ReplicaMovesTest, ATopicThatIsDeletedTakesTheCopyWithIt) {
    start_with_topic();
    slow_down();
    ASSERT_EQ(move(other), 0);
    protocol::DeleteTopicsRequest request;
    request.topics.emplace_back().name = "orders";
    request.timeout_ms = 1'000;
    ASSERT_EQ(ask(std::move(request)).responses.at(0).error_code, 0);
    loop.advance(io::Milliseconds(3'800'000));
    EXPECT_TRUE(place().empty());
    EXPECT_TRUE(names(home).empty());
    EXPECT_TRUE(names(other).empty());
}

TEST_F(ReplicaMovesTest, TheReplicaStaysWhenItsNewDirectoryFails) {
    start_with_topic();
    home = "/a";  // That of the metadata log must not fail.
    if (place().at(0).first == "/b") {
        ASSERT_EQ(move("/a"), 0);
    }
    slow_down();
    ASSERT_EQ(move("/b"), 0);
    disk.fail_below("/b");
    set("replica.alter.log.dirs.io.max.bytes.per.second", "9223372036854775807");
    loop.advance(io::Milliseconds(3'700'000));
    EXPECT_EQ(place(), (Places{{"/a", 0}}));
    EXPECT_EQ(produce(), 0);
    EXPECT_EQ(move("/b"), 56);
}

TEST_F(ReplicaMovesTest, ReplicasAndDirectoriesThatAreNotThereAreRefused) {
    start_with_topic();
    EXPECT_EQ(move("/nowhere"), 57);
    EXPECT_EQ(move("/nowhere", "nothing"), 57);
    EXPECT_EQ(move(other + "/"), 57);
    EXPECT_EQ(move(other, "nothing"), 3);
    EXPECT_EQ(move(other, "orders", 7), 3);
    EXPECT_EQ(move(other, "orders", -1), 3);
    EXPECT_EQ(move("/nowhere", std::string(240, 'l')), 17);
    set("cordoned.log.dirs", other, "1");
    EXPECT_EQ(move(other), 39);
    EXPECT_EQ(move(other, "nothing"), 39);
    EXPECT_EQ(place(), (Places{{home, 0}}));
}

}  // namespace
}  // namespace kcore::broker
