// What becomes of a node when one of its log directories fails, is missing or is damaged.

#include <map>

#include "broker/test_server.h"
#include "protocol/api/describe_log_dirs.h"
#include "protocol/api/fetch.h"
#include "protocol/api/produce.h"
#include "record/builder.h"

namespace kcore::broker {
namespace {

// A node with two log directories.
class TwoDirectoriesTest : public ServerTest {
protected:
    // Of one record; the partition's error.
    std::int16_t produce(const std::string& topic, std::int32_t partition) {
        record::BatchBuilder builder;
        builder.append(1, std::nullopt, std::nullopt);
        builder.close();
        const auto batch = builder.take();
        protocol::ProduceRequest request;
        request.acks = -1;
        auto& data = request.topic_data.emplace_back();
        data.name = topic;
        data.topic_id = metadata_of(topic).topics.at(0).topic_id;
        auto& one = data.partition_data.emplace_back();
        one.index = partition;
        one.records = protocol::Records(batch);
        return ask(request).responses.at(0).partition_responses.at(0).error_code;
    }
    // A topic with a partition in each directory, led and written to.
    void start_with_two() {
        ASSERT_TRUE(start(kTwo));
        ASSERT_EQ(create("orders", 2), 0);
        loop.advance(io::Milliseconds(100));
        for (const int partition : {0, 1}) ASSERT_EQ(produce("orders", partition), 0);
        in_b = (*disk.stat("/b/orders-0")).has_value() ? 0 : 1;
    }
    std::int32_t leader(std::int32_t partition) {
        return metadata_of("orders").topics.at(0).partitions.at(partition).leader_id;
    }
    std::map<std::string, std::int16_t> log_dirs() {
        protocol::DescribeLogDirsRequest request;
        request.topics.reset();
        std::map<std::string, std::int16_t> codes;
        for (const auto& each : ask(std::move(request)).results) {
            codes[each.log_dir] = each.error_code;
        }
        return codes;
    }
    void flip_byte(const std::string& path, std::uint64_t at) {
        auto file = *disk.open(path, io::Open::write);
        std::byte byte{};
        ASSERT_TRUE(file->read(at, std::span(&byte, 1)));
        byte ^= std::byte{0xff};
        ASSERT_TRUE(file->write(at, BytesView(&byte, 1)));
    }

    const ConfigMap kTwo = {{"log.dirs", "/a,/b"}};
    std::int32_t in_b = -1;  // The partition of "orders" in /b.
};

TEST_F(TwoDirectoriesTest, ADirectoryThatFailsTakesItsPartitionsOfflineAndTheRestGoesOn) {
    start_with_two();
    disk.fail_below("/b");
    EXPECT_EQ(produce("orders", in_b), 56);
    loop.advance(io::Milliseconds(100));
    EXPECT_EQ(leader(in_b), -1);
    EXPECT_EQ(leader(1 - in_b), 1);
    EXPECT_EQ(produce("orders", 1 - in_b), 0);
    EXPECT_EQ(log_dirs(), (std::map<std::string, std::int16_t>{{"/a", 0}, {"/b", 56}}));
    EXPECT_TRUE(said("log directory failed path=/b reason=\"/b/orders-"));
    EXPECT_FALSE(fatal.has_value());
    stop();
    disk.fail_below("");
    ASSERT_TRUE(start(kTwo));
    EXPECT_EQ(leader(in_b), 1) << "the directory is back";
}

TEST_F(TwoDirectoriesTest, TheLastDirectoryThatFailsStopsTheNode) {
    start_with_two();
    disk.fail_below("/a");
    produce("orders", 1 - in_b);
    loop.advance(io::Milliseconds(100));
    EXPECT_TRUE(fatal.has_value()) << "the metadata log lies there";
}

TEST_F(TwoDirectoriesTest, TheLastDirectoryForPartitionsStopsTheNodeToo) {
    ASSERT_TRUE(start({{"log.dirs", "/a"}, {"metadata.log.dir", "/meta"}}));
    ASSERT_EQ(create("orders", 1), 0);
    disk.fail_below("/a");
    EXPECT_EQ(produce("orders", 0), 56);
    loop.advance(io::Milliseconds(100));
    EXPECT_TRUE(fatal.has_value());
}

TEST_F(TwoDirectoriesTest, AFileThatCannotBeSentTakesItsDirectoryOffline) {
    start_with_two();
    disk.fail_below("/b");
    protocol::FetchRequest request;
    auto& topic = request.topics.emplace_back();
    topic.topic_id = metadata_of("orders").topics.at(0).topic_id;
    auto& wanted = topic.partitions.emplace_back();
    wanted.partition = in_b;
    wanted.partition_max_bytes = request.max_bytes = 1 << 20;
    EXPECT_FALSE(
        loop.run(client->call<protocol::FetchResponse>(std::move(request), clock.in_ms(1'000))));
    loop.advance(io::Milliseconds(100));
    EXPECT_TRUE(said("log directory failed path=/b"));
    EXPECT_EQ(leader(in_b), -1);
    EXPECT_EQ(produce("orders", 1 - in_b), 0);
}

TEST_F(TwoDirectoriesTest, AnUnusableDirectoryOfTwoDoesNotStopTheStart) {
    start_with_two();
    stop();
    ASSERT_TRUE(disk.rename("/b", "/away"));
    ASSERT_TRUE(disk.open("/b", io::Open::create)) << "a file";
    ASSERT_TRUE(start(kTwo));
    EXPECT_EQ(leader(in_b), -1);
    EXPECT_EQ(produce("orders", 1 - in_b), 0);
    EXPECT_EQ(produce("orders", in_b), 56);
    EXPECT_EQ(log_dirs(), (std::map<std::string, std::int16_t>{{"/a", 0}, {"/b", 56}}));
    stop();
    ASSERT_TRUE(disk.rename("/a", "/gone"));
    ASSERT_TRUE(disk.open("/a", io::Open::create));
    const auto refused = start(kTwo);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().what.find("/a"), std::string::npos) << refused.error().what;
}

TEST_F(TwoDirectoriesTest, AnEmptiedDirectoryStopsTheStartAndIsNotFormatted) {
    start_with_two();
    stop();
    ASSERT_TRUE(disk.rename("/b", "/away"));
    ASSERT_TRUE(disk.make_directory("/b"));
    const auto refused = start(kTwo);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().what.find("/b has no meta.properties"), std::string::npos);
    EXPECT_TRUE(disk.list("/b")->empty());
}

TEST_F(TwoDirectoriesTest, ARottenPartitionHasNoLeaderAndIsNotMadeAnew) {
    start_with_two();
    const auto name = "/b/orders-" + std::to_string(in_b);
    ASSERT_EQ(produce("orders", in_b), 0);
    stop();
    ASSERT_TRUE(disk.remove("/b/.kafka_cleanshutdown"));
    ASSERT_TRUE(disk.remove("/b/recovery-point-offset-checkpoint"));
    flip_byte(name + "/00000000000000000000.log", 65);
    ASSERT_TRUE(start(kTwo));
    EXPECT_EQ(leader(in_b), -1);
    EXPECT_EQ(leader(1 - in_b), 1);
    EXPECT_EQ(produce("orders", in_b), 56);
    EXPECT_FALSE((*disk.stat("/a/orders-" + std::to_string(in_b))).has_value());
}

}  // namespace
}  // namespace kcore::broker
