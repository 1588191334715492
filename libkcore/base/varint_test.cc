#include "base/varint.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>

namespace kcore {
namespace {

struct Sample {
    std::int64_t value;
    const char* hex;
};

class VarlongTest : public testing::TestWithParam<Sample> {};

TEST_P(VarlongTest, HasTheseBytes) {
    const auto& [value, hex] = GetParam();
    std::array<std::byte, kVarlongBytesMax> bytes{};
    const auto size = write_varlong(bytes.data(), value);
    EXPECT_EQ(size, varlong_size(value));
    EXPECT_EQ(to_hex({bytes.data(), size}), hex);
    std::int64_t back = 0;
    EXPECT_EQ(read_varlong(bytes.data(), bytes.data() + size, back), size);
    EXPECT_EQ(back, value);
}

INSTANTIATE_TEST_SUITE_P(Values, VarlongTest,
                         testing::Values(Sample{0, "00"}, Sample{-1, "01"}, Sample{1, "02"},
                                         Sample{63, "7e"}, Sample{-64, "7f"}, Sample{64, "8001"},
                                         Sample{-65, "8101"}, Sample{300, "d804"},
                                         Sample{INT32_MAX, "feffffff0f"},
                                         Sample{INT32_MIN, "ffffffff0f"},
                                         Sample{INT64_MAX, "feffffffffffffffff01"},
                                         Sample{INT64_MIN, "ffffffffffffffffff01"}));

class VarintTest : public testing::TestWithParam<std::int32_t> {};

TEST_P(VarintTest, ReadsBackAndEveryCutOfItIsRefused) {
    std::array<std::byte, kVarintBytesMax> bytes{};
    const auto size = write_varint(bytes.data(), GetParam());
    EXPECT_EQ(size, varint_size(GetParam()));
    std::int32_t back = 7;
    for (std::size_t cut = 0; cut < size; ++cut) {
        EXPECT_EQ(read_varint(bytes.data(), bytes.data() + cut, back), 0U);
        EXPECT_EQ(back, 7);
    }
    EXPECT_EQ(read_varint(bytes.data(), bytes.data() + size, back), size);
    EXPECT_EQ(back, GetParam());
}

INSTANTIATE_TEST_SUITE_P(Values, VarintTest,
                         testing::Values(0, -1, 1, 63, -64, 64, 8191, -8192, 8192, 1 << 20,
                                         std::numeric_limits<std::int32_t>::max(),
                                         std::numeric_limits<std::int32_t>::min()));

TEST(UvarintTest, LongerThanTheTypeIsRefused) {
    const std::array<std::byte, 11> endless = {std::byte{0xff}, std::byte{0xff}, std::byte{0xff},
                                               std::byte{0xff}, std::byte{0xff}, std::byte{0xff},
                                               std::byte{0xff}, std::byte{0xff}, std::byte{0xff},
                                               std::byte{0xff}, std::byte{0x01}};
    std::uint32_t small = 0;
    std::uint64_t large = 0;
    EXPECT_EQ(read_uvarint(endless.data(), endless.data() + endless.size(), small), 0U);
    EXPECT_EQ(read_uvarlong(endless.data(), endless.data() + endless.size(), large), 0U);
}

}  // namespace
}  // namespace kcore
