#include "broker/otlp.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace kcore::broker {
namespace {

// Protobuf by hand.
std::string varint(std::uint64_t value) {
    std::string out;
    for (; value > 0x7f; value >>= 7) out += static_cast<char>((value & 0x7f) | 0x80);
    return out + static_cast<char>(value);
}
std::string bytes(int number, const std::string& value) {
    return varint(number << 3 | 2) + varint(value.size()) + value;
}
std::string fixed(int number, auto value) {
    std::string raw(8, 0);
    std::memcpy(raw.data(), &value, 8);
    return varint(number << 3 | 1) + raw;
}
std::string attribute(const std::string& key, const std::string& value) {
    return bytes(1, key) + bytes(2, bytes(1, value));
}
std::string metrics(const std::string& metric) {
    const auto resource = bytes(1, bytes(1, attribute("rack", "r1")));
    return bytes(1, resource + bytes(2, bytes(2, metric)));
}
auto read(const std::string& text, std::size_t points_max = 10) {
    return read_metrics(as_bytes(text), points_max);
}

TEST(OtlpTest, GaugesSumsAndHistogramsBecomePoints) {
    const auto gauge = read(metrics(
        bytes(1, "a.b") + bytes(5, bytes(1, bytes(7, attribute("k", "v")) + fixed(4, 2.5)))));
    ASSERT_TRUE(gauge && gauge->size() == 1);
    EXPECT_EQ(gauge->front().name, "a.b");
    EXPECT_EQ(gauge->front().value, 2.5);
    EXPECT_EQ(gauge->front().attributes.at("k"), "v");
    EXPECT_EQ(gauge->front().attributes.at("rack"), "r1");
    EXPECT_FALSE(gauge->front().is_sum);

    const auto delta = varint(2 << 3) + varint(1);
    const auto sum =
        read(metrics(bytes(7, bytes(1, fixed(6, std::int64_t{-3})) + delta) + bytes(1, "late")));
    ASSERT_TRUE(sum && sum->size() == 1);
    EXPECT_EQ(sum->front().name, "late");
    EXPECT_EQ(sum->front().value, -3);
    EXPECT_TRUE(sum->front().is_sum && sum->front().is_delta);

    const auto histogram = read(
        metrics(bytes(1, "h") + bytes(9, bytes(1, fixed(4, std::uint64_t{7}) + fixed(5, 1.5)))));
    ASSERT_TRUE(histogram && histogram->size() == 2);
    EXPECT_EQ((*histogram)[0].name, "h.count");
    EXPECT_EQ((*histogram)[0].value, 7);
    EXPECT_EQ((*histogram)[1].name, "h.sum");
    EXPECT_EQ((*histogram)[1].value, 1.5);
}

TEST(OtlpTest, NothingIsReadBeyondTheBytesThereAre) {
    const auto whole = metrics(bytes(1, "a") + bytes(5, bytes(1, fixed(4, 1.0))));
    ASSERT_TRUE(read(whole));
    for (std::size_t cut = 1; cut < whole.size(); ++cut) {
        EXPECT_FALSE(read(whole.substr(0, cut))) << cut;
    }
    for (std::size_t at = 0; at < whole.size(); ++at) {
        for (const char value : {0, 1, 0x7f, -1}) {
            auto changed = whole;
            changed[at] = value;
            read(changed);
        }
    }
    EXPECT_FALSE(read(std::string(20, -1)));
    EXPECT_TRUE(read("")->empty());
}

TEST(OtlpTest, TooManyPointsAreRefused) {
    const auto one = bytes(1, fixed(4, 1.0));
    EXPECT_TRUE(read(metrics(bytes(5, one + one)), 2));
    EXPECT_FALSE(read(metrics(bytes(5, one + one + one)), 2));
}

}  // namespace
}  // namespace kcore::broker
