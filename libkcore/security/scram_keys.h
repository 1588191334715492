#pragma once
// What a broker keeps of a SCRAM password (RFC 5802): keys that prove it, and do not give it back.

#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"

namespace kcore::security {

// The numbers are mechanisms on the wire and in metadata records.
enum class ScramMechanism : std::int8_t { sha256 = 1, sha512 = 2 };

struct ScramKeys {
    Bytes stored_key;
    Bytes server_key;
};

// `salted` is the password after its iterations. Loads the crypto library at the first call.
//   unsupported_sasl_mechanism  no such mechanism, or the library is not there
Result<ScramKeys> scram_keys(ScramMechanism mechanism, BytesView salted);

}  // namespace kcore::security
