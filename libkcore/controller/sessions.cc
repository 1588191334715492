#include "controller/sessions.h"

#include <algorithm>

#include "controller/decision.h"

namespace kcore::controller {

void Sessions::touch(std::int32_t broker, std::int64_t epoch, std::int64_t now_ms) {
    auto& session = sessions_[broker];
    if (session.epoch != epoch) session = Session();
    session.epoch = epoch;
    session.last_contact_ms = now_ms;
}

void Sessions::at_offset(std::int32_t broker, std::int64_t metadata_offset) {
    if (const auto at = sessions_.find(broker); at != sessions_.end()) {
        at->second.metadata_offset = std::max(at->second.metadata_offset, metadata_offset);
    }
}

void Sessions::begin_shutdown(std::int32_t broker, std::int64_t offset) {
    if (const auto at = sessions_.find(broker); at != sessions_.end()) {
        at->second.controlled_shutdown_at = offset;
    }
}

const Sessions::Session* Sessions::find(std::int32_t broker) const {
    const auto at = sessions_.find(broker);
    return at == sessions_.end() ? nullptr : &at->second;
}

bool Sessions::is_live(std::int32_t broker, std::int64_t epoch, std::int64_t now_ms) const {
    const auto* session = find(broker);
    return session != nullptr && session->epoch == epoch &&
           session->last_contact_ms + timeout_ms_ > now_ms;
}

std::vector<std::int32_t> Sessions::expired(std::int64_t now_ms) const {
    std::vector<std::int32_t> silent;
    for (const auto& [id, session] : sessions_) {
        if (session.last_contact_ms + timeout_ms_ <= now_ms) silent.push_back(id);
    }
    return silent;
}

std::int64_t Sessions::next_expiry_ms() const {
    auto first = kNoDeadline;
    for (const auto& [id, session] : sessions_) {
        first = std::min(first, session.last_contact_ms + timeout_ms_);
    }
    return first;
}

}  // namespace kcore::controller
