#include "sim/journal.h"

#include <utility>

#include "base/log_sink.h"

namespace kcore::sim {

namespace {

constexpr std::size_t kLinesMax = 60;

class Sink : public LogSink {
public:
    Sink(Journal& journal, std::string who) : journal_(journal), who_(std::move(who)) {}
    void write(LogLevel at, std::string_view component, std::string_view text) override {
        journal_.add(who_, fmt::format("{:5} {}: {}", log_level_name(at), component, text));
    }

private:
    Journal& journal_;
    const std::string who_;
};

}  // namespace

void Journal::add(std::string_view who, std::string_view text) {
    const std::chrono::duration<double, std::milli> since = clock_.now() - begin_;
    auto line = fmt::format("{:11.3f} {} {}", since.count(), who, text);
    for (const char c : line) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
    lines_.push_back(std::move(line));
    if (!is_detailed_ && lines_.size() > kLinesMax) lines_.pop_front();
}

std::shared_ptr<LogSink> Journal::sink_of(std::string who) {
    return std::make_shared<Sink>(*this, std::move(who));
}

}  // namespace kcore::sim
