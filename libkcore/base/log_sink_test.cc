#include "base/log_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kcore {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(LogLineTest, HoldsTimeLevelComponentAndText) {
    EXPECT_EQ(format_log_line(1'795'234'423'123, LogLevel::info, "broker", "up port=9092"),
              "2026-11-21T04:13:43.123Z INFO  broker: up port=9092\n");
    EXPECT_EQ(format_log_line(0, LogLevel::error, "log", ""),
              "1970-01-01T00:00:00.000Z ERROR log: \n");
}

TEST(LogLineTest, StaysOneLineWhateverTheTextHolds) {
    EXPECT_EQ(format_log_line(0, LogLevel::warn, "rpc", "a\nb\r\tc\x1b[2J"),
              "1970-01-01T00:00:00.000Z WARN  rpc: a b  c [2J\n");
}

TEST(LoggerTest, DropsWhatIsBelowTheLevel) {
    const auto sink = std::make_shared<MemorySink>();
    const Logger log(sink, "raft");
    log.debug("no {}", 1);
    log.info("yes {}", 2);
    log.named("group").warn("other");
    EXPECT_THAT(sink->lines(), ElementsAre("INFO raft: yes 2", "WARN group: other"));
}

TEST(LoggerTest, WithoutASinkSaysNothing) {
    const Logger log;
    EXPECT_FALSE(log.enabled(LogLevel::error));
    log.error("nobody hears {}", "this");
}

TEST(StreamSinkTest, WritesLinesToItsStream) {
    char* text = nullptr;
    std::size_t size = 0;
    std::FILE* stream = open_memstream(&text, &size);
    Logger(make_stream_sink(stream, [] { return std::int64_t{0}; }), "io").error("disk {}", "full");
    std::fclose(stream);
    EXPECT_EQ(std::string(text, size), "1970-01-01T00:00:00.000Z ERROR io: disk full\n");
    std::free(text);
}

TEST(LogLevelTest, NamesAreReadInAnyCase) {
    EXPECT_EQ(log_level_by_name("Warn"), LogLevel::warn);
    EXPECT_EQ(log_level_by_name("loud"), std::nullopt);
    EXPECT_EQ(log_level_name(LogLevel::fatal), "FATAL");
}

}  // namespace
}  // namespace kcore
