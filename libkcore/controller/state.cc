#include "controller/state.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

namespace kcore::controller {
namespace {

// The topic's value, else the one for all brokers.
const std::string* find_setting(const metadata::Image& image, std::string_view topic,
                                std::string_view key) {
    const auto& own = image.topic_config(topic);
    if (const auto at = own.find(key); at != own.end()) return &at->second;
    const auto& all = image.config({metadata::ResourceType::broker, ""});
    if (const auto at = all.find(key); at != all.end()) return &at->second;
    return nullptr;
}

}  // namespace

bool State::is_active(std::int32_t id) const {
    const auto* broker = image->broker(id);
    return broker != nullptr && !broker->fenced && !broker->in_controlled_shutdown;
}

Result<const metadata::Broker*> State::check_broker(std::int32_t id, std::int64_t epoch) const {
    const auto* broker = image->broker(id);
    if (broker == nullptr) {
        return fail(Errc::stale_broker_epoch,
                    fmt::format("No broker registration found for broker id {}", id));
    }
    if (broker->epoch != epoch) {
        return fail(
            Errc::stale_broker_epoch,
            fmt::format("Expected broker epoch {}, but got broker epoch {}", broker->epoch, epoch));
    }
    return broker;
}

std::int32_t State::min_insync_replicas(std::string_view topic) const {
    const auto* text = find_setting(*image, topic, "min.insync.replicas");
    std::int32_t value = settings.min_insync_replicas;
    if (text != nullptr) std::from_chars(text->data(), text->data() + text->size(), value);
    return value;
}

bool State::unclean_election(std::string_view topic) const {
    const auto* text = find_setting(*image, topic, "unclean.leader.election.enable");
    return text == nullptr ? settings.unclean_election : *text == "true";
}

bool State::has_replica(std::int32_t id, const metadata::Partition& partition) const {
    const auto* broker = image->broker(id);
    return broker != nullptr && broker->has_directory(partition.directory_of(id));
}

ElectionRules State::election(std::string_view topic, const metadata::Partition& partition,
                              ElectionKind kind) const {
    ElectionRules election;
    election.can_lead = [this, &partition](std::int32_t id) {
        return is_active(id) && has_replica(id, partition);
    };
    election.directory_for = [this](std::int32_t id) { return directory_for(id); };
    election.kind =
        kind == ElectionKind::online && unclean_election(topic) ? ElectionKind::unclean : kind;
    election.level = image->metadata_version();
    election.elr = image->elr_enabled() && election.level.has_elr_fields();
    election.min_insync_replicas = min_insync_replicas(topic);
    return election;
}

Uuid State::directory_for(std::int32_t id) const {
    const auto* broker = image->broker(id);
    if (broker == nullptr) return kDirUnassigned;
    if (broker->log_dirs.empty()) return kDirMigrating;
    return broker->log_dirs.size() == 1 ? broker->log_dirs[0] : kDirUnassigned;
}

Uuid State::new_uuid() const {
    for (;;) {
        if (const auto id = Uuid::from_random(random(), random())) return *id;
    }
}

std::optional<metadata::Record> elr_config(const State& state) {
    constexpr std::string_view kKey = "min.insync.replicas";
    const metadata::ConfigResource all{metadata::ResourceType::broker, ""};
    if (state.image->config(all).contains(kKey)) return std::nullopt;
    protocol::ConfigRecord config;
    config.resource_type = static_cast<std::int8_t>(all.type);
    config.name = kKey;
    config.value = std::to_string(state.settings.min_insync_replicas);
    return metadata::Record{std::move(config), 0};
}

}  // namespace kcore::controller
