#pragma once
// Digests by OpenSSL's libcrypto, which is loaded by who first needs one: a node without TLS, SASL
// or credentials starts without its 1.5 ms and 4 MB.

#include <cstdint>

#include "base/bytes.h"

namespace kcore::security {

enum class Hash : std::uint8_t { sha256, sha512 };

class Crypto {
public:
    // Null where the library is not installed. Thread-safe; blocks for milliseconds the first time.
    static const Crypto* load();

    Bytes digest(Hash hash, BytesView bytes) const;
    Bytes hmac(Hash hash, BytesView key, BytesView bytes) const;

private:
    struct Functions;
    explicit Crypto(const Functions& functions) : functions_(functions) {}

    const Functions& functions_;
};

}  // namespace kcore::security
