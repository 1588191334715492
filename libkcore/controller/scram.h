#pragma once
// AlterUserScramCredentials: credentials of users, stored as keys and never as passwords (KIP-554).

#include "controller/decision.h"
#include "controller/state.h"
#include "protocol/api/alter_user_scram_credentials.h"

namespace kcore::controller {

Decision<protocol::AlterUserScramCredentialsResponse> alter_scram_credentials(
    const State& state, const protocol::AlterUserScramCredentialsRequest& request);

}  // namespace kcore::controller
