#include "io/net.h"

#include <gtest/gtest.h>

namespace kcore::io {
namespace {

TEST(AddressTest, GivesTheBytesOfItsHostInNetworkOrder) {
    const Bytes four{std::byte{192}, std::byte{168}, std::byte{0}, std::byte{7}};
    EXPECT_EQ((Address{"192.168.0.7", 1}.host_bytes()), four);
    auto six = Bytes(16);
    six[15] = std::byte{1};
    EXPECT_EQ((Address{"::1", 1}.host_bytes()), six);
}

TEST(AddressTest, GivesZerosForAName) {
    EXPECT_EQ((Address{"broker.example", 1}.host_bytes()), Bytes(4));
}

}  // namespace
}  // namespace kcore::io
