#include "controller/controller.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace kcore::controller {
namespace {

// Elections of one periodic round; the rest follows in the next.
constexpr std::size_t kElectionsMax = 1000;

}  // namespace

Controller::Controller(Settings settings, const ConfigRules& rules,
                       std::function<std::uint64_t()> random, Logger logger)
    : state_(std::move(settings), rules, std::move(random), std::move(logger)) {}

void Controller::activate(metadata::ImagePtr image, std::int64_t now_ms) {
    replay_ = metadata::Replay(image);
    state_.image = std::move(image);
    state_.sessions.clear();
    for (const auto& [id, broker] : *state_.image->brokers) {
        if (!broker->fenced) state_.sessions.touch(id, broker->epoch, now_ms);
    }
    idle_since_ms_ = now_ms;
    rebalance_at_ms_ = state_.settings.rebalance_leaders
                           ? now_ms + state_.settings.rebalance_interval_ms
                           : kNoDeadline;
    unclean_at_ms_ = now_ms + state_.settings.unclean_interval_ms;
}

std::vector<metadata::Record> Controller::first_records(
    std::vector<metadata::Record> bootstrap) const {
    metadata::MetadataVersion level;
    bool elr = false;
    for (const auto& record : bootstrap) {
        const auto* feature = std::get_if<protocol::FeatureLevelRecord>(&record.body);
        if (feature == nullptr) continue;
        if (feature->name == metadata::kMetadataVersion) {
            level = metadata::MetadataVersion(feature->feature_level);
        }
        if (feature->name == metadata::kElrVersion) elr = feature->feature_level > 0;
    }
    std::vector<metadata::Record> out;
    if (level.has_transactions()) {
        protocol::BeginTransactionRecord begin;
        begin.name = "Bootstrap records";
        out.push_back({std::move(begin), 0});
    }
    std::ranges::move(bootstrap, std::back_inserter(out));
    if (elr) {
        const State fresh(state_.settings, state_.rules, state_.random, state_.logger);
        if (auto config = elr_config(fresh)) out.push_back(std::move(*config));
    }
    if (level.has_transactions()) out.push_back({protocol::EndTransactionRecord(), 0});
    return out;
}

Result<metadata::Built> Controller::apply(std::span<const metadata::Record> records,
                                          std::int64_t base_offset, std::int32_t epoch,
                                          std::int64_t timestamp_ms, std::int64_t now_ms) {
    auto built = replay_.apply(records, base_offset, epoch, timestamp_ms);
    if (built) state_.image = built->image;
    idle_since_ms_ = now_ms;
    return built;
}

std::vector<metadata::Record> Controller::on_time(std::int64_t now_ms) {
    Records out;
    fence_silent(state_, now_ms, out);
    if (out.empty() && now_ms >= rebalance_at_ms_) {
        rebalance_leaders(state_, kElectionsMax, out);
        rebalance_at_ms_ = now_ms + state_.settings.rebalance_interval_ms;
    }
    if (out.empty() && now_ms >= unclean_at_ms_) {
        elect_unclean(state_, kElectionsMax, out);
        unclean_at_ms_ = now_ms + state_.settings.unclean_interval_ms;
    }
    const auto idle_ms = state_.settings.max_idle_ms;
    if (out.empty() && idle_ms > 0 && now_ms >= idle_since_ms_ + idle_ms) {
        out.push_back({protocol::NoOpRecord(), 0});
    }
    return out;
}

std::int64_t Controller::next_deadline_ms() const {
    auto first = std::min({state_.sessions.next_expiry_ms(), rebalance_at_ms_, unclean_at_ms_});
    if (state_.settings.max_idle_ms > 0) {
        first = std::min(first, idle_since_ms_ + state_.settings.max_idle_ms);
    }
    return first;
}

}  // namespace kcore::controller
