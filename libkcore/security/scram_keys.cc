#include "security/scram_keys.h"

#include <string_view>

#include "security/crypto.h"

namespace kcore::security {

Result<ScramKeys> scram_keys(ScramMechanism mechanism, BytesView salted) {
    const auto* crypto = Crypto::load();
    if (crypto == nullptr) {
        return fail(Errc::unsupported_sasl_mechanism, "the crypto library libcrypto is not there");
    }
    const auto hash = mechanism == ScramMechanism::sha256 ? Hash::sha256 : Hash::sha512;
    constexpr std::string_view kClient = "Client Key", kServer = "Server Key";
    const auto client_key = crypto->hmac(hash, salted, as_bytes(kClient));
    return ScramKeys{crypto->digest(hash, client_key),
                     crypto->hmac(hash, salted, as_bytes(kServer))};
}

}  // namespace kcore::security
