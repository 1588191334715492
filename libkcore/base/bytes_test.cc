#include "base/bytes.h"

#include <gtest/gtest.h>

namespace kcore {
namespace {

TEST(BytesTest, NumbersAreBigEndian) {
    Bytes out;
    append_be(out, std::int16_t{-2});
    append_be(out, std::uint32_t{0x01020304});
    append_be(out, std::int64_t{0x0506070809});
    EXPECT_EQ(to_hex(out), "fffe010203040000000506070809");
    EXPECT_EQ(load_be<std::int16_t>(out.data()), -2);
    EXPECT_EQ(load_be<std::uint32_t>(out.data() + 2), 0x01020304U);
    EXPECT_EQ(load_be<std::int64_t>(out.data() + 6), 0x0506070809);
}

TEST(BytesTest, TextAndBytesAreViewsOfEachOther) {
    const auto bytes = to_bytes("a\0b");
    EXPECT_EQ(bytes.size(), 1U) << "a literal ends at its zero";
    EXPECT_EQ(as_text(to_bytes(std::string_view("a\0b", 3))), std::string_view("a\0b", 3));
    EXPECT_EQ(to_hex({}), "");
}

}  // namespace
}  // namespace kcore
