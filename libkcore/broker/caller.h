#pragma once
// Who asks the controller for something, and in which version.

#include <cstdint>
#include <string>

#include "broker/request.h"

namespace kcore::broker {

struct Caller {
    Caller() = default;
    Caller(const Principal& principal, const rpc::RequestHeader& header);

    std::string user;
    std::string client_id;
    std::int16_t version = 0;
    // Changes beyond controller_mutation_rate are refused; else they are taken, and the client is
    // made to wait (KIP-599).
    bool is_strict = false;
};

}  // namespace kcore::broker
