#include "rpc/fetch_session.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/errc.h"

namespace kcore::rpc {
namespace {

class FetchSessionTest : public ::testing::Test {
protected:
    // "session/epoch partition@offset ... -forgotten ..."
    std::string ask(FetchParts parts) {
        protocol::FetchRequest request;
        session.fill(request, std::move(parts));
        auto out = fmt::format("{}/{}", request.session_id, request.session_epoch);
        for (const auto& topic : request.topics) {
            for (const auto& one : topic.partitions) {
                out += fmt::format(" {}{}@{}", topic.topic, one.partition, one.fetch_offset);
            }
        }
        for (const auto& topic : request.forgotten_topics_data) {
            for (const auto one : topic.partitions) out += fmt::format(" -{}{}", topic.topic, one);
        }
        return out;
    }
    bool answer(std::int32_t id, Errc code = Errc::none) {
        protocol::FetchResponse response;
        response.session_id = id;
        response.error_code = static_cast<std::int16_t>(code);
        return session.answered(response);
    }
    static FetchPart at(std::int64_t offset, Uuid id = {}) { return {id, offset, 0, 100}; }

    FetchSession session;
};

TEST_F(FetchSessionTest, OnlyWhatChangedIsAskedAgain) {
    EXPECT_EQ(ask({{{"t", 0}, at(5)}, {{"t", 1}, at(6)}}), "0/0 t0@5 t1@6");
    EXPECT_TRUE(answer(9));
    EXPECT_EQ(ask({{{"t", 0}, at(5)}, {{"t", 1}, at(7)}}), "9/1 t1@7");
    EXPECT_TRUE(answer(9));
    EXPECT_EQ(ask({{{"t", 1}, at(7)}, {{"u", 0}, at(0)}}), "9/2 u0@0 -t0");
    EXPECT_TRUE(answer(9));
    EXPECT_EQ(ask({{{"t", 1}, at(7)}, {{"u", 0}, at(0)}}), "9/3");
}

TEST_F(FetchSessionTest, WithoutASessionEverythingIsAskedEachTime) {
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(ask({{{"t", 0}, at(5)}}), "0/0 t0@5");
        EXPECT_TRUE(answer(0));
    }
}

TEST_F(FetchSessionTest, ARefusedSessionBeginsAnew) {
    ask({{{"t", 0}, at(5)}});
    answer(9);
    ask({{{"t", 0}, at(6)}});
    EXPECT_FALSE(answer(0, Errc::invalid_fetch_session_epoch));
    EXPECT_EQ(ask({{{"t", 0}, at(6)}}), "9/0 t0@6");
    answer(9);
    EXPECT_FALSE(answer(0, Errc::fetch_session_id_not_found));
    EXPECT_EQ(ask({{{"t", 0}, at(6)}}), "0/0 t0@6");
}

TEST_F(FetchSessionTest, AfterALostAnswerEverythingIsAskedUnderTheOldId) {
    ask({{{"t", 0}, at(5)}});
    answer(9);
    session.lost();
    EXPECT_EQ(ask({{{"t", 0}, at(5)}}), "9/0 t0@5");
}

TEST_F(FetchSessionTest, ATopicMadeAnewIsForgottenByItsOldId) {
    ask({{{"t", 0}, at(5)}});
    answer(9);
    EXPECT_EQ(ask({{{"t", 0}, at(0, *Uuid::from_random(1, 2))}}), "9/1 t0@0 -t0");
}

}  // namespace
}  // namespace kcore::rpc
