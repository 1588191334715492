#pragma once
// AlterClientQuotas: which entities and values are quotas, and the records that store them
// (KIP-546). What quotas do is decided where requests are served (security/client_quotas).

#include "controller/decision.h"
#include "controller/state.h"
#include "protocol/api/alter_client_quotas.h"

namespace kcore::controller {

Decision<protocol::AlterClientQuotasResponse> alter_client_quotas(
    const State& state, const protocol::AlterClientQuotasRequest& request);

}  // namespace kcore::controller
