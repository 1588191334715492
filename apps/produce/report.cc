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
    say_(fmt::format("line {}: {}", line, reason));
}

// Neighbours with the same error share a line; what the broker said of one record stands alone.
void Report::say_failed(const client::Delivery& delivery) {
    std::set<std::size_t> told;
    for (const auto& [index, message] : delivery.record_errors) {
        const auto at = static_cast<std::size_t>(index);
        if (index < 0 || at >= delivery.tags.size() || message.empty()) continue;
        told.insert(at);
        say_(fmt::format("line {}: {} ({}): {}", delivery.tags[at], errc_name(delivery.error->code),
                         static_cast<int>(delivery.error->code), message));
    }
    const auto& tags = delivery.tags;
    for (std::size_t i = 0; i < tags.size();) {
        if (told.contains(i)) {
            ++i;
            continue;
        }
        auto last = i;
        while (last + 1 < tags.size() && tags[last + 1] == tags[last] + 1 &&
               !told.contains(last + 1)) {
            ++last;
        }
        const auto lines = i == last ? fmt::format("line {}", tags[i])
                                     : fmt::format("lines {}-{}", tags[i], tags[last]);
        say_(fmt::format("{}: {}", lines, why(*delivery.error)));
        i = last + 1;
    }
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
