#pragma once
// AlterClientQuotas: which entities and values are quotas, and the records that store them
// (KIP-546). What quotas do is decided where requests are served (security/client_quotas).

#include <string>
#include <string_view>
#include <vector>

#include "controller/decision.h"
#include "controller/state.h"
#include "protocol/api/alter_client_quotas.h"

namespace kcore::controller {

Decision<protocol::AlterClientQuotasResponse> alter_client_quotas(
    const State& state, const protocol::AlterClientQuotasRequest& request, const Moment& moment);

// The hosts whose quotas the request names; Moment::resolves is asked about them.
std::vector<std::string> hosts_in(const protocol::AlterClientQuotasRequest& request);

// IPv4 or IPv6 in numbers, not a host's name.
bool is_address(std::string_view text);

}  // namespace kcore::controller
