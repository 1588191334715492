#include "security/scram_keys.h"

#include <gtest/gtest.h>

namespace kcore::security {
namespace {

TEST(ScramKeysTest, Sha256KeysAreThoseOfTheRfc) {
    const auto keys = scram_keys(ScramMechanism::sha256, Bytes(32, std::byte{'p'}));
    ASSERT_TRUE(keys) << keys.error().what;
    EXPECT_EQ(to_hex(keys->stored_key),
              "e5f154c55d000f6eb15a4a09260edb5d5adfb02d7ca0effdb5ea09c7d3c9b53d");
    EXPECT_EQ(to_hex(keys->server_key),
              "1c4b5802f3b04ee6d6d368c92fee4c1049636db3a6b17850b86afd785a8948ed");
}

TEST(ScramKeysTest, Sha512KeysAreThoseOfTheRfc) {
    const auto keys = scram_keys(ScramMechanism::sha512, Bytes(64, std::byte{'p'}));
    ASSERT_TRUE(keys) << keys.error().what;
    EXPECT_EQ(to_hex(keys->stored_key),
              "0a69ecc6432df5e49d06d1794e0de627cfc1e7303ef5f58a8441af46467add8b"
              "71ed2a60970bb32774b3046f46ec9c4adcb732edd29735fabf46a72df3318602");
    EXPECT_EQ(to_hex(keys->server_key),
              "9a019c0088725908464456b92c823898fbbd6a2692593345864bf6cd129a5358"
              "7b422577a1d9441db2f988f3d13a87aae7392501375441e2741f0bac766d7232");
}

}  // namespace
}  // namespace kcore::security
