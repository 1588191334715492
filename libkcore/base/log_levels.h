#pragma once
// The level of each component's log lines, changed while running. "root" stands for all components
// that have no level of their own.

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/logger.h"

namespace kcore {

inline constexpr std::string_view kRootLogger = "root";

// Passes on the lines that their component's level lets through. Thread-safe.
class LogLevels : public LogSink {
public:
    LogLevels(std::shared_ptr<LogSink> sink, LogLevel root);

    void write(LogLevel line_level, std::string_view component, std::string_view text) override;

    void set(std::string_view component, LogLevel component_level);
    void unset(std::string_view component);  // Back to root's; nothing for root itself.
    LogLevel of(std::string_view component) const;

private:
    LogLevel of_locked(std::string_view component) const;
    void lower_gate_locked();

    const std::shared_ptr<LogSink> sink_;
    mutable std::mutex mutex_;
    std::map<std::string, LogLevel, std::less<>> own_;  // Always one for root.
};

}  // namespace kcore
