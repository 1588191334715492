#include "controller/brokers.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include "controller/replicas.h"
#include "metadata/snapshot.h"

namespace kcore::controller {
namespace {

using metadata::Broker;
using protocol::BrokerRegistrationChangeRecord;

// Wants as little of the format as it can, so that older nodes can read it.
metadata::Record change_record(BrokerRegistrationChangeRecord r) {
    std::int16_t version = 0;
    if (r.in_controlled_shutdown != 0) version = 1;
    if (!r.log_dirs.empty()) version = 2;
    if (r.cordoned_log_dirs) version = 3;
    return {std::move(r), version};
}

BrokerRegistrationChangeRecord change_of(const Broker& broker) {
    BrokerRegistrationChangeRecord r;
    r.broker_id = broker.id;
    r.broker_epoch = broker.epoch;
    return r;
}

void fence(const State& state, const Broker& broker, Records& out) {
    auto change = change_of(broker);
    change.fenced = 1;
    out.push_back(change_record(std::move(change)));
    leave_isr(state, broker.id, false, out);
}

void unfence(const State& state, const Broker& broker, Records& out) {
    auto change = change_of(broker);
    change.fenced = -1;
    out.push_back(change_record(std::move(change)));
    lead_again(state, broker.id, out);
}

void begin_shutdown(State& state, const Broker& broker, Moment moment, Records& out) {
    state.sessions.begin_shutdown(broker.id,
                                  moment.next_offset + static_cast<std::int64_t>(out.size()));
    auto change = change_of(broker);
    change.in_controlled_shutdown = 1;
    out.push_back(change_record(std::move(change)));
    leave_isr(state, broker.id, false, out);
}

// The lowest offset that an unfenced broker has told of: what is below, all of them have seen.
std::int64_t lowest_active_offset(const State& state) {
    auto lowest = std::numeric_limits<std::int64_t>::max();
    for (const auto& [id, broker] : *state.image->brokers) {
        if (broker->fenced) continue;
        const auto* session = state.sessions.find(id);
        lowest = std::min(lowest, session == nullptr ? -1 : session->metadata_offset);
    }
    return lowest;
}

enum class Next : std::uint8_t { fenced, active, shutting_down, stop };

Next next_state(const State& state, const Broker& broker,
                const protocol::BrokerHeartbeatRequest& request) {
    if (broker.fenced) {
        if (request.want_shut_down) return Next::stop;
        const bool caught_up = request.current_metadata_offset >= broker.epoch;
        return !request.want_fence && caught_up ? Next::active : Next::fenced;
    }
    const bool leads = has_leaderships(*state.image, broker.id);
    if (!broker.in_controlled_shutdown) {
        if (request.want_fence) return request.want_shut_down ? Next::stop : Next::fenced;
        if (!request.want_shut_down) return Next::active;
        return leads ? Next::shutting_down : Next::stop;
    }
    const auto* session = state.sessions.find(broker.id);
    const auto began = session == nullptr ? 0 : session->controlled_shutdown_at;
    return leads || lowest_active_offset(state) < began ? Next::shutting_down : Next::stop;
}

// Directories the broker tells of now: fewer than registered, or cordoned ones.
// Whether any is lost that was not before.
bool update_directories(const State& state, const Broker& broker,
                        const protocol::BrokerHeartbeatRequest& request, Records& out) {
    const auto level = state.image->metadata_version();
    auto change = change_of(broker);
    std::set<Uuid> lost;
    for (const auto& id : request.offline_log_dirs) {
        if (std::ranges::find(broker.log_dirs, id) != broker.log_dirs.end()) lost.insert(id);
    }
    if (level.assigns_directories() && !lost.empty()) {
        for (const auto& id : broker.log_dirs) {
            if (!lost.contains(id)) change.log_dirs.push_back(id);
        }
    }
    if (level.cordons_directories() && request.cordoned_log_dirs &&
        request.cordoned_log_dirs != broker.cordoned_log_dirs) {
        change.cordoned_log_dirs = request.cordoned_log_dirs;
    }
    if (!change.log_dirs.empty() || change.cordoned_log_dirs) {
        out.push_back(change_record(std::move(change)));
    }
    if (!lost.empty()) lose_directories(state, broker.id, lost, out);
    return !lost.empty();
}

}  // namespace

Decision<protocol::BrokerHeartbeatResponse> heartbeat(
    State& state, const protocol::BrokerHeartbeatRequest& request, Moment moment) {
    Decision<protocol::BrokerHeartbeatResponse> decision;
    const auto known = state.check_broker(request.broker_id, request.broker_epoch);
    if (!known) {
        decision.response.error_code = static_cast<std::int16_t>(known.error().code);
        return decision;
    }
    const auto& broker = **known;
    state.sessions.touch(broker.id, broker.epoch, moment.now_ms);
    state.sessions.at_offset(broker.id, request.current_metadata_offset);
    auto& out = decision.records;
    const bool loses = update_directories(state, broker, request, out);
    auto next = next_state(state, broker, request);
    // With its next heartbeat: this decision would let it lead what it has just lost.
    if (loses && broker.fenced && next == Next::active) next = Next::fenced;
    const bool was_active = !broker.fenced && !broker.in_controlled_shutdown;
    if (next == Next::active && broker.fenced) unfence(state, broker, out);
    if (next == Next::shutting_down && was_active) begin_shutdown(state, broker, moment, out);
    if ((next == Next::fenced || next == Next::stop) && !broker.fenced) fence(state, broker, out);

    decision.response.is_caught_up = request.current_metadata_offset >= broker.epoch;
    decision.response.is_fenced = next == Next::fenced || next == Next::stop;
    decision.response.should_shut_down = next == Next::stop;
    return decision;
}

void fence_silent(State& state, std::int64_t now_ms, Records& out) {
    for (const auto id : state.sessions.expired(now_ms)) {
        const auto* broker = state.image->broker(id);
        if (broker != nullptr && !broker->fenced) {
            state.logger.info("fencing a silent broker broker={} epoch={} session_ms={}", id,
                              broker->epoch, state.settings.session_timeout_ms);
            // The decisions for several brokers would each be blind to the others' records.
            fence(state, *broker, out);
            state.sessions.forget(id);
            return;
        }
        state.sessions.forget(id);
    }
}

Decision<protocol::UnregisterBrokerResponse> unregister_broker(
    State& state, const protocol::UnregisterBrokerRequest& request) {
    Decision<protocol::UnregisterBrokerResponse> decision;
    decision.response.error_message.reset();
    const auto* broker = state.image->broker(request.broker_id);
    if (broker == nullptr) {
        decision.response.error_code = static_cast<std::int16_t>(Errc::broker_id_not_registered);
        decision.response.error_message =
            fmt::format("Broker ID {} is not currently registered", request.broker_id);
        return decision;
    }
    leave_isr(state, broker->id, false, decision.records);
    protocol::UnregisterBrokerRecord r;
    r.broker_id = broker->id;
    r.broker_epoch = broker->epoch;
    decision.add(std::move(r));
    state.sessions.forget(request.broker_id);
    return decision;
}

Decision<protocol::ControllerRegistrationResponse> register_controller(
    const State& state, const protocol::ControllerRegistrationRequest& request) {
    Decision<protocol::ControllerRegistrationResponse> decision;
    decision.response.error_message.reset();
    if (!state.image->metadata_version().registers_controllers()) {
        decision.response.error_code = static_cast<std::int16_t>(Errc::unsupported_version);
        decision.response.error_message =
            "The current MetadataVersion is too old to support controller registrations.";
        return decision;
    }
    protocol::RegisterControllerRecord r;
    r.controller_id = request.controller_id;
    r.incarnation_id = request.incarnation_id;
    r.zk_migration_ready = request.zk_migration_ready;
    for (const auto& listener : request.listeners) {
        auto& endpoint = r.end_points.emplace_back();
        endpoint.name = listener.name;
        endpoint.host = listener.host;
        endpoint.port = listener.port;
        endpoint.security_protocol = listener.security_protocol;
    }
    for (const auto& feature : request.features) {
        auto& range = r.features.emplace_back();
        range.name = feature.name;
        range.min_supported_version = feature.min_supported_version;
        range.max_supported_version = feature.max_supported_version;
    }
    decision.add(std::move(r));
    return decision;
}

Decision<protocol::UnregisterControllerResponse> unregister_controller(
    const State& state, const protocol::UnregisterControllerRequest& request) {
    Decision<protocol::UnregisterControllerResponse> decision;
    decision.response.error_message.reset();
    const auto refuse = [&](Errc code, std::string what) {
        decision.response.error_code = static_cast<std::int16_t>(code);
        decision.response.error_message = std::move(what);
    };
    const auto id = request.controller_id;
    if (!state.image->controllers->contains(id)) {
        refuse(Errc::controller_id_not_registered,
               fmt::format("Controller ID {} is not currently registered.", id));
    } else if (!state.image->metadata_version().unregisters_controllers()) {
        refuse(Errc::unsupported_version,
               "The current metadata.version does not support unregistering controllers.");
    } else {
        protocol::UnregisterControllerRecord r;
        r.controller_id = id;
        decision.add(std::move(r));
    }
    return decision;
}

Decision<protocol::AllocateProducerIdsResponse> allocate_producer_ids(
    const State& state, const protocol::AllocateProducerIdsRequest& request) {
    Decision<protocol::AllocateProducerIdsResponse> decision;
    if (auto known = state.check_broker(request.broker_id, request.broker_epoch); !known) {
        decision.response.error_code = static_cast<std::int16_t>(known.error().code);
        return decision;
    }
    const auto first = state.image->next_producer_id;
    if (first > std::numeric_limits<std::int64_t>::max() - kProducerIdBlock) {
        state.logger.error("no producer ids are left next={}", first);
        decision.response.error_code = static_cast<std::int16_t>(Errc::unknown_server_error);
        return decision;
    }
    protocol::ProducerIdsRecord r;
    r.broker_id = request.broker_id;
    r.broker_epoch = request.broker_epoch;
    r.next_producer_id = first + kProducerIdBlock;
    decision.add(std::move(r));
    decision.response.producer_id_start = first;
    decision.response.producer_id_len = kProducerIdBlock;
    return decision;
}

}  // namespace kcore::controller
