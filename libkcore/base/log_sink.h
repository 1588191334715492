#pragma once
// Where log lines go: a stream, or memory in tests.

#include <cstdio>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/logger.h"

namespace kcore {

std::string_view log_level_name(LogLevel level);                   // "INFO"
std::optional<LogLevel> log_level_by_name(std::string_view name);  // In any letter case.

// "2026-11-21T04:13:43.123Z INFO  broker: text\n". Line ends and control characters inside `text`
// become spaces, so that one call is one line.
std::string format_log_line(std::int64_t wall_ms, LogLevel level, std::string_view component,
                            std::string_view text);

// Each line is one write. `stream` must outlive the sink; `wall_ms` is called from any thread.
std::shared_ptr<LogSink> make_stream_sink(std::FILE* stream, std::function<std::int64_t()> wall_ms);

// Keeps "LEVEL component: text". Thread-safe.
class MemorySink : public LogSink {
public:
    void write(LogLevel level, std::string_view component, std::string_view text) override;
    std::vector<std::string> lines() const;

private:
    mutable std::mutex mutex_;
    std::vector<std::string> lines_;
};

}  // namespace kcore
