#include "produce/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/errc.h"

namespace kcore::produce {

namespace {

constexpr std::size_t kPartitionsShown = 32;

std::string why(const Error& error) {
    return fmt::format("{} ({}): {}", errc_name(error.code), static_cast<int>(error.code),
                       error.what);
}

}  // namespace

void Report::refused(std::uint64_t line, const std::string& reason) {
    const std::lock_guard lock(mutex_);
    ++failed_;
    if (auto input = input_.extract(line)) failed_input_.push_back(std::move(input.mapped()));
    add_failed({line, line, reason});
    if (tells_at_once_) say_pending();
}

// What the broker said of one record stands alone; all others have the batch's error.
void Report::say_failed(const client::Delivery& delivery) {
    std::map<std::size_t, std::string> own;
    for (const auto& [index, message] : delivery.record_errors) {
        if (index >= 0 && !message.empty()) own[static_cast<std::size_t>(index)] = message;
    }
    for (std::size_t i = 0; i < delivery.tags.size(); ++i) {
        const auto line = delivery.tags[i];
        const auto found = own.find(i);
        add_failed({line, line,
                    why(found == own.end() ? *delivery.error
                                           : Error(delivery.error->code, found->second))});
    }
}

void Report::add_failed(Lines lines) {
    if (pending_ && pending_->last + 1 == lines.first && pending_->why == lines.why) {
        pending_->last = lines.last;
        return;
    }
    say_pending();
    pending_ = std::move(lines);
}

void Report::say_pending() {
    if (!pending_) return;
    const auto& [first, last, why] = *pending_;
    say_(first == last ? fmt::format("line {}: {}", first, why)
                       : fmt::format("lines {}-{}: {}", first, last, why));
    pending_.reset();
}

void Report::say_rest() {
    const std::lock_guard lock(mutex_);
    say_pending();
}

void Report::keep(std::uint64_t line, std::string_view input) {
    if (!keeps_failed_) return;
    const std::lock_guard lock(mutex_);
    input_[line] = input;
}

void Report::settle_input(const client::Delivery& delivery) {
    for (const auto tag : delivery.tags) {
        auto input = input_.extract(tag);
        if (delivery.error != nullptr && input) failed_input_.push_back(std::move(input.mapped()));
    }
}

void Report::report_acked(const client::Delivery& delivery) {
    client::ConsumedRecord record;
    record.topic = delivery.topic;
    record.partition = delivery.partition;
    for (std::size_t i = 0; i < delivery.tags.size(); ++i) {
        const auto known = delivery.base_offset >= 0;
        record.offset = known ? delivery.base_offset + static_cast<std::int64_t>(i) : -1;
        format_->append(acked_lines_, record, delivery.tags[i]);
    }
}

std::string Report::take_acked_lines() {
    const std::lock_guard lock(mutex_);
    return std::exchange(acked_lines_, {});
}

std::vector<std::string> Report::take_failed_input() {
    const std::lock_guard lock(mutex_);
    return std::exchange(failed_input_, {});
}

void Report::delivered(const client::Delivery& delivery) {
    const std::lock_guard lock(mutex_);
    if (keeps_failed_) settle_input(delivery);
    if (format_ && delivery.error == nullptr) report_acked(delivery);
    if (delivery.error == nullptr) {
        acked_ += delivery.tags.size();
        partitions_[{std::string(delivery.topic), delivery.partition}] += delivery.tags.size();
        return;
    }
    failed_ += delivery.tags.size();
    say_failed(delivery);
    if (tells_at_once_) say_pending();
}

std::uint64_t Report::failed() const {
    const std::lock_guard lock(mutex_);
    return failed_;
}

std::string Report::summary(double seconds) const {
    const std::lock_guard lock(mutex_);
    const auto rate = static_cast<double>(acked_) / std::max(seconds, 1e-6);
    auto out = fmt::format("{} sent, {} acked, {} failed, {:.2f}s ({:.0f}/s)", sent_, acked_,
                           failed_, seconds, rate);
    std::set<std::string> topics;
    for (const auto& [partition, count] : partitions_) topics.insert(partition.first);
    if (!partitions_.empty()) out += ", partitions";
    std::size_t shown = 0;
    for (const auto& [partition, count] : partitions_) {
        if (++shown > kPartitionsShown) {
            out += fmt::format(" and {} more", partitions_.size() - kPartitionsShown);
            break;
        }
        const auto prefix = topics.size() > 1 ? partition.first + "-" : std::string();
        out += fmt::format(" {}{}:{}", prefix, partition.second, count);
    }
    return out;
}

}  // namespace kcore::produce
