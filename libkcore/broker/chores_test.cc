#include "broker/chores.h"

#include <gtest/gtest.h>

#include "broker/node_settings.h"
#include "io/memory_disk.h"
#include "io/memory_net.h"
#include "io/pool.h"
#include "io/virtual_loop.h"

namespace kcore::broker {
namespace {

class ChoresTest : public testing::Test {
protected:
    ChoresTest() {
        log::LogDirsOptions how;
        how.paths = {"/d"};
        dirs_ = *log::LogDirs::open(disk_, files_, random_, std::move(how));
        partitions_ = std::make_unique<replication::Partitions>(replication::PartitionsOptions(),
                                                                *dirs_, pool_, clock_);
    }
    ~ChoresTest() override { loop_.run(chores_->stop()); }

    void start(const ChoreTimes& times) {
        chores_ = std::make_unique<Chores>(env_, *partitions_, *dirs_, files_, times);
        chores_->start();
        loop_.settle();
    }
    bool was_written(const std::string& file) { return (*disk_.stat("/d/" + file)).has_value(); }

    io::VirtualClock clock_;
    io::VirtualLoop loop_{clock_};
    io::MemoryNetwork network_;
    std::unique_ptr<io::Net> net_ = io::make_memory_net(network_, loop_);
    io::MemoryDisk disk_;
    io::SeededRandom random_{1};
    io::InlinePool pool_;
    io::Env env_{clock_, disk_, *net_, random_, loop_, pool_};
    log::FileCache files_{disk_, 10};
    std::unique_ptr<log::LogDirs> dirs_;
    std::unique_ptr<replication::Partitions> partitions_;
    std::unique_ptr<Chores> chores_;
};

TEST_F(ChoresTest, EachCheckpointIsWrittenAtItsOwnTimeOrNever) {
    ChoreTimes times;
    times.high_watermarks_ms = 100;
    times.recovery_points_ms = 10'000;
    times.log_starts_ms = 0;
    start(times);
    loop_.advance(io::Milliseconds(150));
    EXPECT_TRUE(was_written("replication-offset-checkpoint"));
    EXPECT_FALSE(was_written("recovery-point-offset-checkpoint"));
    loop_.advance(io::Milliseconds(10'000));
    EXPECT_TRUE(was_written("recovery-point-offset-checkpoint"));
    loop_.advance(io::Milliseconds(100'000));
    EXPECT_FALSE(was_written("log-start-offset-checkpoint"));
}

TEST_F(ChoresTest, AFileThatNobodyUsesIsClosed) {
    start(ChoreTimes());
    log::FileCache::Slot slot(files_);
    ASSERT_TRUE(slot.get("/d/file"));
    loop_.advance(io::Milliseconds(31'000));
    EXPECT_EQ(files_.open_files(), 0U);
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
