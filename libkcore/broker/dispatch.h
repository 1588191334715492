#pragma once
// Which handler answers which API, for one kind of listener. Immutable; shared by all loops.

#include <array>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include "broker/request.h"
#include "protocol/message_info.h"

namespace kcore::broker {

using Handler = Outcome (*)(Request&);

struct Api {
    const protocol::MessageInfo* info = nullptr;  // Of the request.
    Handler handler = nullptr;
    bool is_of_telemetry = false;
    protocol::VersionRange versions;  // Served.

    // Of versions above those served too: their header says so before anything else is read.
    bool is_flexible(std::int16_t version) const {
        return info->flexible.contains(info->versions.high) && version >= info->flexible.low;
    }
};

class Dispatch {
public:
    // Unstable versions are served, and advertised, only on demand.
    Dispatch(std::initializer_list<Api> rows, bool with_unstable_versions);

    // Null for a key that this listener does not serve.
    const Api* find(std::int16_t key) const {
        if (key < 0 || static_cast<std::size_t>(key) >= by_key_.size()) return nullptr;
        const auto& api = by_key_[static_cast<std::size_t>(key)];
        return api.handler == nullptr ? nullptr : &api;
    }

    // By ascending key; those of telemetry only while somebody wants it.
    std::vector<const Api*> advertised(bool with_telemetry) const;

private:
    std::array<Api, 96> by_key_{};
};

template <class Request>
Api api(Handler handler) {
    return {&Request::info(), handler, false, Request::info().versions};
}

template <class Request>
Api telemetry_api(Handler handler) {
    auto row = api<Request>(handler);
    row.is_of_telemetry = true;
    return row;
}

}  // namespace kcore::broker
