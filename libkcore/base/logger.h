#pragma once
// Log lines: one line each, "time LEVEL component text key=value ...". A Logger is a cheap value
// bound to a component; where lines go is decided once, by whoever made the first one.

#include <fmt/format.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace kcore {

enum class LogLevel : std::uint8_t { trace, debug, info, warn, error, fatal, off };

class LogSink {
public:
    virtual ~LogSink() = default;
    virtual void write(LogLevel level, std::string_view component, std::string_view text) = 0;
    std::atomic<LogLevel> level = LogLevel::info;  // Lines below it are dropped unformatted.
};

class Logger {
public:
    Logger() = default;  // Drops everything.
    Logger(std::shared_ptr<LogSink> sink, std::string component)
        : sink_(std::move(sink)), component_(std::move(component)) {}

    // The same sink for another component.
    Logger named(std::string component) const { return {sink_, std::move(component)}; }

    bool enabled(LogLevel level) const {
        return sink_ && level >= sink_->level.load(std::memory_order_relaxed);
    }

    template <class... Args>
    void debug(fmt::format_string<Args...> text, Args&&... args) const {
        write(LogLevel::debug, text, std::forward<Args>(args)...);
    }
    template <class... Args>
    void info(fmt::format_string<Args...> text, Args&&... args) const {
        write(LogLevel::info, text, std::forward<Args>(args)...);
    }
    template <class... Args>
    void warn(fmt::format_string<Args...> text, Args&&... args) const {
        write(LogLevel::warn, text, std::forward<Args>(args)...);
    }
    template <class... Args>
    void error(fmt::format_string<Args...> text, Args&&... args) const {
        write(LogLevel::error, text, std::forward<Args>(args)...);
    }

private:
    template <class... Args>
    void write(LogLevel level, fmt::format_string<Args...> text, Args&&... args) const {
        if (!enabled(level)) return;
        sink_->write(level, component_, fmt::format(text, std::forward<Args>(args)...));
    }

    std::shared_ptr<LogSink> sink_;
    std::string component_;
};

}  // namespace kcore
