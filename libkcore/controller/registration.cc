// BrokerRegistration: the checks, in Kafka's order, and what a new incarnation means for the old.

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "controller/brokers.h"
#include "controller/replicas.h"
#include "metadata/snapshot.h"

namespace kcore::controller {
namespace {

using metadata::Broker;
using RegistrationRequest = protocol::BrokerRegistrationRequest;

constexpr std::uint64_t kReservedIds = 100;

Result<void> check_identity(const State& state, const RegistrationRequest& request,
                            const Broker* known, Moment moment) {
    if (request.cluster_id != state.settings.cluster_id) {
        return fail(Errc::inconsistent_cluster_id,
                    fmt::format("Expected cluster ID {}, but got cluster ID {}",
                                state.settings.cluster_id, request.cluster_id));
    }
    const bool is_local = !request.incarnation_id.is_zero() &&
                          request.incarnation_id == state.settings.local_incarnation;
    if (known != nullptr && known->incarnation != request.incarnation_id && !is_local &&
        state.sessions.is_live(known->id, known->epoch, moment.now_ms)) {
        return fail(Errc::duplicate_broker_registration,
                    fmt::format("Another broker is registered with that broker id {}.", known->id));
    }
    if (request.is_migrating_zk_broker) {
        return fail(Errc::broker_id_not_registered,
                    "Controller does not support migrating ZK brokers.");
    }
    return {};
}

Result<void> check_directories(const State& state, const RegistrationRequest& request) {
    if (!state.image->metadata_version().assigns_directories()) return {};
    const auto refuse = [](std::string what) {
        return fail(Errc::invalid_registration, std::move(what));
    };
    if (request.log_dirs.empty()) return refuse("No directories specified in request");
    const std::set<Uuid> own(request.log_dirs.begin(), request.log_dirs.end());
    if (own.size() != request.log_dirs.size()) return refuse("Duplicate directory ID in request");
    if (own.begin()->high == 0 && own.begin()->low < kReservedIds) {
        return refuse(
            fmt::format("Reserved directory ID in request: {}", own.begin()->to_string()));
    }
    for (const auto& [id, other] : *state.image->brokers) {
        if (id == request.broker_id) continue;
        for (const auto& directory : other->log_dirs) {
            if (!own.contains(directory)) continue;
            return refuse(fmt::format("Broker {} is already registered with directory {}", id,
                                      directory.to_string()));
        }
    }
    return {};
}

Result<void> check_features(const State& state, const RegistrationRequest& request) {
    const auto refuse = [&](std::string_view name, std::int16_t level, std::int16_t min,
                            std::int16_t max) {
        return fail(Errc::unsupported_version,
                    fmt::format("Unable to register because the broker does not support finalized "
                                "version {} of {}. The broker wants a version between {} and {}, "
                                "inclusive.",
                                level, name, min, max));
    };
    std::set<std::string_view> listed;
    for (const auto& f : request.features) {
        listed.insert(f.name);
        const auto level = state.image->feature_level(f.name);
        if (level == 0 && f.min_supported_version <= 0) continue;
        if (level < f.min_supported_version || level > f.max_supported_version) {
            return refuse(f.name, level, f.min_supported_version, f.max_supported_version);
        }
    }
    if (!listed.contains(metadata::kMetadataVersion)) {
        return fail(Errc::invalid_registration,
                    "Request features do not contain 'metadata.version'");
    }
    for (const auto& [name, level] : *state.image->features) {
        if (level > 0 && !listed.contains(name)) return refuse(name, level, 0, 0);
    }
    return {};
}

Result<void> check(const State& state, const RegistrationRequest& request, const Broker* known,
                   Moment moment) {
    if (auto ok = check_identity(state, request, known, moment); !ok) return ok;
    if (auto ok = check_directories(state, request); !ok) return ok;
    return check_features(state, request);
}

Broker broker_of(const State& state, const RegistrationRequest& request) {
    Broker broker;
    broker.id = request.broker_id;
    broker.incarnation = request.incarnation_id;
    broker.rack = request.rack;
    for (const auto& l : request.listeners) {
        broker.endpoints.push_back({l.name, l.host, l.port, l.security_protocol});
    }
    for (const auto& f : request.features) {
        broker.features.push_back({f.name, f.min_supported_version, f.max_supported_version});
    }
    if (state.image->metadata_version().assigns_directories()) {
        broker.log_dirs = request.log_dirs;
        std::ranges::sort(broker.log_dirs);
    }
    return broker;
}

}  // namespace

Decision<protocol::BrokerRegistrationResponse> register_broker(State& state,
                                                               const RegistrationRequest& request,
                                                               Moment moment) {
    Decision<protocol::BrokerRegistrationResponse> decision;
    const auto* known = state.image->broker(request.broker_id);
    if (auto ok = check(state, request, known, moment); !ok) {
        state.logger.debug("registration refused broker={} error={} why={}", request.broker_id,
                           errc_name(ok.error().code), ok.error().what);
        decision.response.error_code = static_cast<std::int16_t>(ok.error().code);
        return decision;
    }
    auto broker = broker_of(state, request);
    if (known != nullptr && known->incarnation == request.incarnation_id) {
        // The same process again: it keeps its epoch and whatever it has become meanwhile.
        broker.epoch = known->epoch;
        broker.fenced = known->fenced;
        broker.in_controlled_shutdown = known->in_controlled_shutdown;
        broker.cordoned_log_dirs = known->cordoned_log_dirs;
    } else {
        if (known != nullptr) {
            const bool elr = state.image->elr_enabled();
            const bool lost = elr && known->epoch != request.previous_broker_epoch;
            leave_isr(state, known->id, lost, decision.records);
        }
        broker.epoch = moment.next_offset + static_cast<std::int64_t>(decision.records.size());
    }
    decision.response.broker_epoch = broker.epoch;
    decision.records.push_back(metadata::make_record(state.image->metadata_version(), broker));
    state.sessions.touch(broker.id, broker.epoch, moment.now_ms);
    return decision;
}

}  // namespace kcore::controller
