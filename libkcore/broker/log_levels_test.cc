#include "broker/log_levels.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/log_sink.h"

namespace kcore::broker {
namespace {

class LogLevelsOfBrokerTest : public testing::Test {
protected:
    static LoggerChange change(const std::string& name, std::int8_t operation,
                               std::optional<std::string> value) {
        LoggerChange c;
        c.name = name;
        c.config_operation = operation;
        c.value = std::move(value);
        return c;
    }
    Errc outcome(std::vector<LoggerChange> changes, bool validate_only = false) {
        const auto ok = change_log_levels(&levels_, changes, validate_only);
        return ok ? Errc::none : ok.error().code;
    }

    LogLevels levels_{std::make_shared<MemorySink>(), LogLevel::info};
};

TEST_F(LogLevelsOfBrokerTest, LevelsAreSetAndTakenBack) {
    EXPECT_EQ(outcome({change("raft", 0, "DEBUG")}, true), Errc::none);
    EXPECT_EQ(levels_.of("raft"), LogLevel::info);
    EXPECT_EQ(outcome({change("raft", 0, "debug"), change("root", 0, "ERROR")}), Errc::none);
    EXPECT_EQ(levels_.of("raft"), LogLevel::debug);
    EXPECT_EQ(levels_.of("request"), LogLevel::error);
    EXPECT_EQ(outcome({change("raft", 1, std::nullopt)}), Errc::none);
    EXPECT_EQ(levels_.of("raft"), LogLevel::error);
}

TEST_F(LogLevelsOfBrokerTest, NothingChangesWhenOneChangeIsRefused) {
    EXPECT_EQ(outcome({change("raft", 0, "DEBUG"), change("none", 0, "DEBUG")}),
              Errc::invalid_config);
    EXPECT_EQ(outcome({change("raft", 0, "LOUD")}), Errc::invalid_config);
    EXPECT_EQ(outcome({change("raft", 0, "OFF")}), Errc::invalid_config);
    EXPECT_EQ(outcome({change("raft", 2, "DEBUG")}), Errc::invalid_request);
    EXPECT_EQ(outcome({change("root", 1, std::nullopt)}), Errc::invalid_request);
    EXPECT_EQ(levels_.of("raft"), LogLevel::info);
}

TEST_F(LogLevelsOfBrokerTest, TheListOfLoggersIsSorted) {
    EXPECT_TRUE(std::ranges::is_sorted(kLoggers));
}

}  // namespace
}  // namespace kcore::broker
