#include "base/log_levels.h"

#include <gtest/gtest.h>

#include "base/log_sink.h"

namespace kcore {
namespace {

class LogLevelsTest : public testing::Test {
protected:
    std::shared_ptr<MemorySink> lines_ = std::make_shared<MemorySink>();
    std::shared_ptr<LogLevels> levels_ = std::make_shared<LogLevels>(lines_, LogLevel::warn);
    Logger raft_{levels_, "raft"};
    Logger request_{levels_, "request"};
};

TEST_F(LogLevelsTest, ComponentsFollowRootUntilTheyHaveALevelOfTheirOwn) {
    raft_.info("lost");
    levels_->set("raft", LogLevel::debug);
    raft_.debug("kept");
    request_.info("lost");
    levels_->set(kRootLogger, LogLevel::info);
    request_.info("kept");
    levels_->unset("raft");
    raft_.debug("lost");
    EXPECT_EQ(lines_->lines(),
              (std::vector<std::string>{"DEBUG raft: kept", "INFO request: kept"}));
    EXPECT_EQ(levels_->of("raft"), LogLevel::info);
}

TEST_F(LogLevelsTest, LinesThatNobodyWantsAreNotFormatted) {
    EXPECT_FALSE(raft_.enabled(LogLevel::info));
    levels_->set("request", LogLevel::info);
    EXPECT_TRUE(raft_.enabled(LogLevel::info));
    levels_->unset("request");
    EXPECT_FALSE(raft_.enabled(LogLevel::info));
}

TEST_F(LogLevelsTest, RootAlwaysHasALevel) {
    levels_->unset(kRootLogger);
    EXPECT_EQ(levels_->of("anything"), LogLevel::warn);
}

}  // namespace
}  // namespace kcore
