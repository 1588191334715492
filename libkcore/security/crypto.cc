#include "security/crypto.h"

#include <dlfcn.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

namespace kcore::security {

// Only what is asked for; declared by the library's own headers.
struct Crypto::Functions {
    decltype(&::EVP_sha256) sha256 = nullptr;
    decltype(&::EVP_sha512) sha512 = nullptr;
    decltype(&::EVP_Digest) digest = nullptr;
    decltype(&::HMAC) hmac = nullptr;

    const EVP_MD* method(Hash hash) const { return hash == Hash::sha256 ? sha256() : sha512(); }
};

namespace {

template <class Function>
void find(void* library, const char* name, Function& function) {
    function = reinterpret_cast<Function>(::dlsym(library, name));
}

const auto* data_of(BytesView bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}

using Buffer = std::array<unsigned char, EVP_MAX_MD_SIZE>;

Bytes first(const Buffer& buffer, unsigned size) {
    return to_bytes(std::as_bytes(std::span(buffer)).first(size));
}

}  // namespace

const Crypto* Crypto::load() {
    static const Functions functions = [] {
        Functions found;
        void* library = ::dlopen("libcrypto.so.3", RTLD_NOW | RTLD_LOCAL);
        if (library == nullptr) return found;
        find(library, "EVP_sha256", found.sha256);
        find(library, "EVP_sha512", found.sha512);
        find(library, "EVP_Digest", found.digest);
        find(library, "HMAC", found.hmac);
        return found;
    }();
    static const Crypto crypto(functions);
    const bool is_whole = functions.sha256 != nullptr && functions.sha512 != nullptr &&
                          functions.digest != nullptr && functions.hmac != nullptr;
    return is_whole ? &crypto : nullptr;
}

Bytes Crypto::digest(Hash hash, BytesView bytes) const {
    Buffer out;
    unsigned size = 0;
    functions_.digest(bytes.data(), bytes.size(), out.data(), &size, functions_.method(hash),
                      nullptr);
    return first(out, size);
}

Bytes Crypto::hmac(Hash hash, BytesView key, BytesView bytes) const {
    Buffer out;
    unsigned size = 0;
    functions_.hmac(functions_.method(hash), key.data(), static_cast<int>(key.size()),
                    data_of(bytes), bytes.size(), out.data(), &size);
    return first(out, size);
}

}  // namespace kcore::security
