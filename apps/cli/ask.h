#pragma once
// Requests as JSON, by the names of the protocol's schemas, for what Admin has no call of its own.

#include <optional>
#include <string>

#include "cli/session.h"

namespace kcore::cli {

// An answer as JSON; an error at its top is the result's. Node -1: any.
Result<Json> ask(Session& session, const std::string& api, const Json& request,
                 std::int32_t node = -1);

// What an entry of an answer says went wrong.
std::optional<Error> error_of(const Json& entry);

}  // namespace kcore::cli
