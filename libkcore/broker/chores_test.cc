#include "broker/chores.h"

#include <gtest/gtest.h>

#include "broker/node_settings.h"
#include "io/test_env.h"

namespace kcore::broker {
namespace {

class ChoresTest : public testing::Test, public io::TestEnv {
protected:
    ChoresTest() {
        log::LogDirsOptions how;
        how.paths = {"/d"};
        dirs_ = *log::LogDirs::open(disk, files_, random, std::move(how));
        partitions_ = std::make_unique<replication::Partitions>(replication::PartitionsOptions(),
                                                                *dirs_, pool, clock);
    }
    ~ChoresTest() override { loop.run(chores_->stop()); }

    void start(const ChoreTimes& times) {
        chores_ = std::make_unique<Chores>(env, *partitions_, *dirs_, files_, times,
                                           [this] { ++tries_; });
        chores_->start();
        loop.settle();
    }
    bool was_written(const std::string& file) { return (*disk.stat("/d/" + file)).has_value(); }

    log::FileCache files_{disk, 10};
    std::unique_ptr<log::LogDirs> dirs_;
    std::unique_ptr<replication::Partitions> partitions_;
    std::unique_ptr<Chores> chores_;
    int tries_ = 0;  // To make missing logs.
};

TEST_F(ChoresTest, EachCheckpointIsWrittenAtItsOwnTimeOrNever) {
    ChoreTimes times;
    times.high_watermarks_ms = 100;
    times.recovery_points_ms = 10'000;
    times.log_starts_ms = 0;
    start(times);
    loop.advance(io::Milliseconds(150));
    EXPECT_TRUE(was_written("replication-offset-checkpoint"));
    EXPECT_FALSE(was_written("recovery-point-offset-checkpoint"));
    loop.advance(io::Milliseconds(10'000));
    EXPECT_TRUE(was_written("recovery-point-offset-checkpoint"));
    loop.advance(io::Milliseconds(100'000));
    EXPECT_FALSE(was_written("log-start-offset-checkpoint"));
}

TEST_F(ChoresTest, AFileThatNobodyUsesIsClosed) {
    start(ChoreTimes());
    log::FileCache::Slot slot(files_);
    ASSERT_TRUE(slot.get("/d/file"));
    loop.advance(io::Milliseconds(31'000));
    EXPECT_EQ(files_.open_files(), 0U);
}

TEST_F(ChoresTest, LogsThatCouldNotBeMadeAreTriedAgain) {
    start(ChoreTimes());
    EXPECT_EQ(tries_, 0);
    loop.advance(io::Milliseconds(16'000));
    EXPECT_EQ(tries_, 3);
}

TEST_F(ChoresTest, TheTimesAreThoseOfTheSettings) {
    BrokerConfig config;
    config.settings = {{"replica.high.watermark.checkpoint.interval.ms", "11"},
                       {"log.flush.offset.checkpoint.interval.ms", "12"},
                       {"log.flush.start.offset.checkpoint.interval.ms", "13"},
                       {"log.flush.scheduler.interval.ms", "14"},
                       {"num.recovery.threads.per.data.dir", "15"}};
    const auto settings = node_settings(config);
    EXPECT_EQ(settings.chores.high_watermarks_ms, 11);
    EXPECT_EQ(settings.chores.recovery_points_ms, 12);
    EXPECT_EQ(settings.chores.log_starts_ms, 13);
    EXPECT_EQ(settings.chores.flush_ms, 14);
    EXPECT_EQ(settings.recovery_threads, 15U);
    start(settings.chores);
}

}  // namespace
}  // namespace kcore::broker
