#include "base/errc.h"

#include <gtest/gtest.h>

namespace kcore {
namespace {

TEST(ErrcTest, EveryNumberOfTheProtocolHasNameAndMessage) {
    for (std::int16_t code = -1; code <= 136; ++code) {
        const auto& info = error_info(errc_from_wire(code));
        EXPECT_EQ(static_cast<std::int16_t>(info.code), code);
        EXPECT_FALSE(info.name.empty()) << code;
        EXPECT_EQ(errc_by_name(info.name), info.code) << code;
        EXPECT_TRUE(code == 0 || !info.message.empty()) << code;
    }
}

TEST(ErrcTest, UnknownNumbersReadAsUnknownServerError) {
    for (const std::int16_t code : {-2, 137, 1000, -32768, 32767}) {
        EXPECT_EQ(errc_from_wire(code), Errc::unknown_server_error) << code;
    }
}

TEST(ErrcTest, NamesAreKafkas) {
    EXPECT_EQ(errc_name(Errc::not_leader_or_follower), "NOT_LEADER_OR_FOLLOWER");
    EXPECT_EQ(errc_name(Errc::none), "NONE");
    EXPECT_EQ(errc_by_name("offset_out_of_range"), Errc::offset_out_of_range);
    EXPECT_EQ(errc_by_name("NO_SUCH_ERROR"), std::nullopt);
}

TEST(ErrcTest, RetriabilityTellsWhatToRefreshFirst) {
    EXPECT_EQ(error_info(Errc::not_leader_or_follower).retry, Retry::metadata);
    EXPECT_EQ(error_info(Errc::not_coordinator).retry, Retry::coordinator);
    EXPECT_EQ(error_info(Errc::message_too_large).retry, Retry::no);
    EXPECT_FALSE(is_retriable(Errc::none));
    EXPECT_TRUE(is_retriable(Errc::not_enough_replicas));
}

}  // namespace
}  // namespace kcore
