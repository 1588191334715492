#include "base/log_sink.h"

#include <array>
#include <chrono>

namespace kcore {

namespace {

constexpr std::array<std::string_view, 7> kNames = {"TRACE", "DEBUG", "INFO", "WARN",
                                                    "ERROR", "FATAL", "OFF"};

class StreamSink : public LogSink {
public:
    StreamSink(std::FILE* stream, std::function<std::int64_t()> wall_ms)
        : stream_(stream), wall_ms_(std::move(wall_ms)) {}

    void write(LogLevel line_level, std::string_view component, std::string_view text) override {
        const auto line = format_log_line(wall_ms_(), line_level, component, text);
        std::fwrite(line.data(), 1, line.size(), stream_);
        std::fflush(stream_);
    }

private:
    std::FILE* stream_;
    std::function<std::int64_t()> wall_ms_;
};

std::string timestamp(std::int64_t wall_ms) {
    using namespace std::chrono;
    const sys_time<milliseconds> time{milliseconds(wall_ms)};
    const auto day = floor<days>(time);
    const year_month_day date(day);
    const hh_mm_ss clock(time - day);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                       clock.subseconds().count());
}

}  // namespace

std::string_view log_level_name(LogLevel level) { return kNames[static_cast<std::size_t>(level)]; }

std::optional<LogLevel> log_level_by_name(std::string_view name) {
    std::string upper(name);
    for (auto& c : upper) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    for (std::size_t i = 0; i < kNames.size(); ++i) {
        if (kNames[i] == upper) return static_cast<LogLevel>(i);
    }
    return std::nullopt;
}

std::string format_log_line(std::int64_t wall_ms, LogLevel level, std::string_view component,
                            std::string_view text) {
    auto line = fmt::format("{} {:<5} {}: ", timestamp(wall_ms), log_level_name(level), component);
    for (const char c : text) line += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
    line += '\n';
    return line;
}

std::shared_ptr<LogSink> make_stream_sink(std::FILE* stream,
                                          std::function<std::int64_t()> wall_ms) {
    return std::make_shared<StreamSink>(stream, std::move(wall_ms));
}

void MemorySink::write(LogLevel line_level, std::string_view component, std::string_view text) {
    const std::lock_guard lock(mutex_);
    lines_.push_back(fmt::format("{} {}: {}", log_level_name(line_level), component, text));
}

std::vector<std::string> MemorySink::lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
}

}  // namespace kcore
