#include "base/log_levels.h"

#include <algorithm>
#include <utility>

namespace kcore {

LogLevels::LogLevels(std::shared_ptr<LogSink> sink, LogLevel root) : sink_(std::move(sink)) {
    set(kRootLogger, root);
}

void LogLevels::write(LogLevel line_level, std::string_view component, std::string_view text) {
    if (line_level >= of(component)) sink_->write(line_level, component, text);
}

void LogLevels::set(std::string_view component, LogLevel component_level) {
    const std::lock_guard lock(mutex_);
    own_.insert_or_assign(std::string(component), component_level);
    lower_gate_locked();
}

void LogLevels::unset(std::string_view component) {
    if (component == kRootLogger) return;
    const std::lock_guard lock(mutex_);
    const auto at = own_.find(component);
    if (at != own_.end()) own_.erase(at);
    lower_gate_locked();
}

LogLevel LogLevels::of(std::string_view component) const {
    const std::lock_guard lock(mutex_);
    return of_locked(component);
}

LogLevel LogLevels::of_locked(std::string_view component) const {
    const auto at = own_.find(component);
    return at == own_.end() ? own_.find(kRootLogger)->second : at->second;
}

// Loggers ask `level` before they format a line: the most talkative component decides.
void LogLevels::lower_gate_locked() {
    auto lowest = LogLevel::off;
    for (const auto& [component, own] : own_) lowest = std::min(lowest, own);
    level = lowest;
}

}  // namespace kcore
