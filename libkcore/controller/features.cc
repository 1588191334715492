#include "controller/features.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "metadata/features.h"

namespace kcore::controller {
namespace {

using Update = protocol::UpdateFeaturesRequest::FeatureUpdateKey;

constexpr std::int8_t kUpgrade = 1;
constexpr std::int8_t kSafeDowngrade = 2;
constexpr std::int8_t kUnsafeDowngrade = 3;
constexpr std::int16_t kElrNeeds = 23;  // metadata.version

// Levels of metadata.version that brought records which the level before cannot hold.
constexpr std::array<std::int16_t, 11> kRecordLevels = {7, 8, 11, 13, 14, 15, 17, 23, 30, 32, 33};

std::unexpected<Error> refuse_update(std::string what) {
    return fail(Errc::invalid_update_version, std::move(what));
}

std::int8_t upgrade_type(const Update& update) {
    return update.allow_downgrade ? kSafeDowngrade : update.upgrade_type;
}

// Who could not live with the level; empty when all could.
std::string who_refuses(const State& state, const Update& update) {
    const auto level = update.max_version_level;
    const auto why = [&](std::string_view who, std::int32_t id, int min, int max) {
        return fmt::format("{} {} only supports versions {}-{}", who, id, min, max);
    };
    const auto* known = metadata::find_feature(update.feature);
    if (known == nullptr) {
        return fmt::format("Local controller {} does not support this feature.",
                           state.settings.node_id);
    }
    if (level < known->min || level > known->max) {
        return why("Local controller", state.settings.node_id, known->min, known->max);
    }
    if (known->name == metadata::kKraftVersion) return {};  // No broker has a say in it.
    for (const auto& [id, broker] : *state.image->brokers) {
        const auto at =
            std::ranges::find(broker->features, update.feature, &metadata::FeatureRange::name);
        const int min = at == broker->features.end() ? 0 : at->min;
        const int max = at == broker->features.end() ? 0 : at->max;
        if (level < min || level > max) return why("Broker", id, min, max);
    }
    return {};
}

Result<void> check_metadata_downgrade(std::int16_t from, std::int16_t to, std::int8_t type) {
    const auto what =
        fmt::format("Unsupported metadata.version downgrade from {} to {}.", from, to);
    if (type == kUnsafeDowngrade) {
        return refuse_update(what + " Unsafe metadata downgrade is not supported in this version.");
    }
    const bool loses = std::ranges::any_of(
        kRecordLevels, [&](std::int16_t level) { return level > to && level <= from; });
    if (!loses) return {};
    return refuse_update(
        what +
        " Refusing to perform the requested downgrade because it might delete metadata "
        "information.");
}

Result<void> check(const State& state, const Update& update) {
    const auto level = update.max_version_level;
    const auto type = upgrade_type(update);
    const auto invalid = [&](std::string_view why) {
        return refuse_update(fmt::format("Invalid update version {} for feature {}. {}", level,
                                         update.feature, why));
    };
    if (type < kUpgrade || type > kUnsafeDowngrade) {
        return invalid("The controller does not support the given upgrade type.");
    }
    if (level < 0) return invalid("A feature version cannot be less than 0.");
    if (const auto why = who_refuses(state, update); !why.empty()) return invalid(why);
    const auto now = state.image->feature_level(update.feature);
    if (level < now && type == kUpgrade) {
        return invalid(
            "Can't downgrade the version of this feature without setting the upgrade type to "
            "either safe or unsafe downgrade.");
    }
    if (level > now && type != kUpgrade) return invalid("Can't downgrade to a newer version.");
    if (update.feature == metadata::kMetadataVersion && level < now) {
        return check_metadata_downgrade(now, level, type);
    }
    if (update.feature == metadata::kKraftVersion && level != now) {
        return invalid("This version keeps kraft.version as it is.");
    }
    if (update.feature == metadata::kElrVersion && level > 0 &&
        state.image->metadata_version().level() < kElrNeeds) {
        return invalid(fmt::format("It needs metadata.version {} or above.", kElrNeeds));
    }
    return {};
}

void add_records(const State& state, const Update& update, std::vector<metadata::Record>& out) {
    const auto now = state.image->feature_level(update.feature);
    if (now == update.max_version_level) return;
    if (update.feature == metadata::kElrVersion && now == 0) {
        if (auto config = elr_config(state)) out.push_back(std::move(*config));
    }
    protocol::FeatureLevelRecord r;
    r.name = update.feature;
    r.feature_level = update.max_version_level;
    out.push_back({std::move(r), 0});
}

}  // namespace

Decision<protocol::UpdateFeaturesResponse> update_features(
    const State& state, const protocol::UpdateFeaturesRequest& request) {
    Decision<protocol::UpdateFeaturesResponse> decision;
    auto& response = decision.response;
    response.error_message.reset();
    for (const auto& update : request.feature_updates) {
        const auto ok = check(state, update);
        if (ok) {
            add_records(state, update, decision.records);
            auto& result = response.results.emplace_back();
            result.feature = update.feature;
            result.error_message = "NONE";
            continue;
        }
        response.error_code = static_cast<std::int16_t>(ok.error().code);
        response.error_message =
            "The update failed for all features since the following feature had an error: " +
            ok.error().what;
        response.results.clear();
        decision.records.clear();
        return decision;
    }
    if (request.validate_only) decision.records.clear();
    return decision;
}

}  // namespace kcore::controller
