#include "log/log_dir.h"

#include <gtest/gtest.h>

#include "io/fault_disk.h"
#include "log/test_log.h"

namespace kcore::log::testing {
namespace {

class LogDirTest : public ::testing::Test {
protected:
    io::MemoryDisk memory_;
    io::FaultDisk disk_{memory_};
};

TEST_F(LogDirTest, APartitionIsThereWithItsRecordsAfterItsFirstFlushWhateverTheCrashLeaves) {
    Broker broker(disk_);
    ASSERT_TRUE(broker.open());
    ASSERT_TRUE(broker.append(BatchSpec()));
    ASSERT_TRUE(broker.flush());
    const auto now = disk_.effects();
    for (std::uint64_t seed = 0; seed < 30; ++seed) {
        io::SeededRandom random(seed);
        const auto left = disk_.crashed(now, random);
        Broker again(*left);
        ASSERT_TRUE(again.open());
        EXPECT_EQ(again.log().log_end_offset(), 1);
        EXPECT_EQ(again.log().topic_id(), (Uuid{7, 8}));
    }
}

TEST_F(LogDirTest, APartitionThatNeverHeldARecordMayBeMadeAnewAfterAnyCrash) {
    Broker broker(disk_);
    ASSERT_TRUE(broker.start());
    const auto before = disk_.effects();
    ASSERT_TRUE(broker.dir().create({"orders", 0}, {7, 8}, broker.config_ref(), 0));
    for (auto at = before; at <= disk_.effects(); ++at) {
        io::SeededRandom random(at);
        const auto left = disk_.crashed(at, random);
        Broker again(*left);
        ASSERT_TRUE(again.open()) << at;
        ASSERT_TRUE(again.append(BatchSpec()));
        EXPECT_TRUE(again.stop());
    }
}

TEST_F(LogDirTest, ACopyThatIsRemovedLeavesTheCheckpointsOfItsLogAlone) {
    Broker broker(disk_);
    ASSERT_TRUE(broker.open());
    ASSERT_TRUE(broker.append(BatchSpec()));
    broker.log().set_high_watermark(1);
    ASSERT_TRUE(disk_.make_directory("/data/orders-0.00000000000000070000000000000008-future"));
    ASSERT_TRUE(broker.stop());
    ASSERT_TRUE(broker.open());
    const auto& found = broker.dir().found();
    ASSERT_EQ(found.size(), 2U);
    ASSERT_TRUE(broker.dir().remove(found[found[0].name.kind == DirKind::future ? 0 : 1]));
    ASSERT_TRUE(broker.stop());
    ASSERT_TRUE(broker.open());
    EXPECT_EQ(broker.dir().found().size(), 1U);
    EXPECT_EQ(broker.log().high_watermark(), 1);
}

TEST_F(LogDirTest, ADirectoryIsNotMarkedCleanWhileALogOfItWaitsForItsRecovery) {
    Broker broker(disk_);
    ASSERT_TRUE(broker.open());
    ASSERT_TRUE(broker.append(BatchSpec()));
    broker.crash();
    ASSERT_TRUE(broker.start());
    ASSERT_TRUE(broker.dir().close(5, true));  // Told to stop before it came to that.
    broker.crash();
    ASSERT_TRUE(broker.open());
    EXPECT_FALSE(broker.dir().was_clean());
    ASSERT_TRUE(broker.stop());
    ASSERT_TRUE(broker.start());
    EXPECT_TRUE(broker.dir().was_clean());
    ASSERT_TRUE(broker.dir().close(5, true));
    broker.crash();
    ASSERT_TRUE(broker.start());
    EXPECT_TRUE(broker.dir().was_clean());
}

TEST_F(LogDirTest, AFailedPathFailsItsDirectoryOnly) {
    Broker good(disk_, "/good");
    Broker bad(disk_, "/bad");
    ASSERT_TRUE(good.open());
    ASSERT_TRUE(bad.open());
    disk_.fail_below("/bad");
    EXPECT_TRUE(good.append(BatchSpec()));
    EXPECT_FALSE(bad.append(BatchSpec()));
    EXPECT_TRUE(bad.dir().is_offline());
    EXPECT_FALSE(good.dir().is_offline());
}

}  // namespace
}  // namespace kcore::log::testing
