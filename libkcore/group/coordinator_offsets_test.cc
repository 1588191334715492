#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "group/group_fixture.h"

namespace kcore::group {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct OffsetsTest : GroupTest {
    FetchedOffsets fetch(FetchOffsets request, std::int16_t version) {
        return answer<FetchedOffsets>(ask(std::move(request), version));
    }
    static FetchOffsets whole(const std::string& group) {
        FetchOffsets request;
        request.group.group_id = group;
        request.group.topics.reset();
        return request;
    }
    static FetchOffsets some(const std::string& group, const std::string& topic,
                             std::vector<std::int32_t> partitions, Uuid id = {}) {
        FetchOffsets request;
        request.group.group_id = group;
        auto& asked = request.group.topics->emplace_back();
        asked.name = topic;
        asked.topic_id = id;
        asked.partition_indexes = std::move(partitions);
        return request;
    }
    // Of the first topic: "partition@offset".
    static std::vector<std::string> found(const FetchedOffsets& answer) {
        std::vector<std::string> out;
        for (const auto& p : answer.topics.at(0).partitions) {
            out.push_back(std::to_string(p.partition_index) + "@" +
                          std::to_string(p.committed_offset));
        }
        return out;
    }
    protocol::OffsetDeleteResponse remove(const std::string& group, const std::string& topic,
                                          std::vector<std::int32_t> partitions) {
        protocol::OffsetDeleteRequest request;
        request.group_id = group;
        auto& asked = request.topics.emplace_back();
        asked.name = topic;
        for (const auto p : partitions) asked.partitions.emplace_back().partition_index = p;
        return answer<protocol::OffsetDeleteResponse>(ask(request, 0));
    }
    static std::vector<Errc> codes(const protocol::OffsetDeleteResponse& response) {
        std::vector<Errc> out;
        for (const auto& p : response.topics.at(0).partitions) out.push_back(code_of(p.error_code));
        return out;
    }
};

TEST_F(OffsetsTest, ACommitWithoutMembershipMakesASimpleGroup) {
    EXPECT_EQ(commit("g", {{.offset = 5, .metadata = "note"}}), Errc::none);
    EXPECT_EQ(state("g"), "Empty");
    EXPECT_EQ(commit("g", {{.offset = 2}}), Errc::none) << "an offset may go back";
    EXPECT_EQ(committed("g", "orders", 0), 2);
    EXPECT_EQ(commit("", {{.offset = 7}}), Errc::none) << "the empty name is a name";
    EXPECT_EQ(committed("", "orders", 0), 7);
}

TEST_F(OffsetsTest, WhatDoesNotExistCannotBeCommitted) {
    const auto by_name = commit_as(
        "g", {}, -1, {{.partition = 9}, {.partition = -1}, {.topic = "none"}, {.offset = 1}}, 9);
    EXPECT_THAT(commit_codes(by_name),
                ElementsAre(Errc::unknown_topic_or_partition, Errc::unknown_topic_or_partition,
                            Errc::unknown_topic_or_partition, Errc::none));
    const auto by_id = commit_as("g", {}, -1, {{.topic = "none"}, {.partition = 9}}, 10);
    EXPECT_THAT(commit_codes(by_id),
                ElementsAre(Errc::unknown_topic_id, Errc::unknown_topic_or_partition));
}

TEST_F(OffsetsTest, NothingToCommitMakesNoGroup) {
    EXPECT_THAT(commit_codes(commit_as("g", {}, -1, {})), IsEmpty());
    EXPECT_EQ(commit("g", {{.topic = "none"}}), Errc::unknown_topic_or_partition);
    EXPECT_EQ(commit("g", {{.metadata = std::string(4097, 'x')}}), Errc::offset_metadata_too_large);
    EXPECT_EQ(state("g"), "Dead");
    EXPECT_THAT(log_, IsEmpty());
}

TEST_F(OffsetsTest, MetadataIsMeasuredInUtf16Units) {
    std::string euros;
    for (int i = 0; i < 4096; ++i) euros += "\u20ac";
    EXPECT_EQ(commit("g", {{.metadata = euros}}), Errc::none);
    EXPECT_EQ(commit("g", {{.metadata = euros + "x"}}), Errc::offset_metadata_too_large);
}

TEST_F(OffsetsTest, AGenerationOfAnUnknownGroupIsToldByVersion) {
    EXPECT_THAT(commit_codes(commit_as("g", {.id = "m"}, 3, {{}}, 8)),
                ElementsAre(Errc::illegal_generation));
    EXPECT_THAT(commit_codes(commit_as("g", {.id = "m"}, 3, {{}}, 9)),
                ElementsAre(Errc::group_id_not_found));
}

TEST_F(OffsetsTest, ALivingGroupAcceptsOnlyItsMembers) {
    Member member;
    const auto generation = settle_group("g", {&member});
    const auto code = [&](const Member& who, std::int32_t at) {
        return commit_codes(commit_as("g", who, at, {{.offset = 4}})).front();
    };
    EXPECT_EQ(code({}, -1), Errc::unknown_member_id);
    EXPECT_EQ(code(member, 9), Errc::illegal_generation);
    EXPECT_EQ(code({.id = "nobody"}, generation), Errc::unknown_member_id);
    EXPECT_EQ(code({.id = member.id, .instance = "i"}, generation), Errc::unknown_member_id);
    EXPECT_EQ(committed("g", "orders", 0), -1);
    EXPECT_EQ(code(member, generation), Errc::none);
}

TEST_F(OffsetsTest, AMemberCommitsBeforeItRejoinsButNotBeforeItSyncs) {
    Member member;
    auto generation = settle_group("g", {&member});
    Member other;
    join("g", other);
    EXPECT_THAT(commit_codes(commit_as("g", member, generation, {{.offset = 1}})),
                ElementsAre(Errc::none));
    generation = joined(join("g", member)).generation_id;
    EXPECT_THAT(commit_codes(commit_as("g", member, generation, {{.offset = 2}})),
                ElementsAre(Errc::rebalance_in_progress));
}

TEST_F(OffsetsTest, ACommitThatCannotBeStoredChangesNothing) {
    commit("g", {{.offset = 1}});
    refuse_appends_with_ = Errc::not_enough_replicas;
    EXPECT_EQ(commit("g", {{.offset = 2}}), Errc::coordinator_not_available);
    refuse_appends_with_ = Errc::record_list_too_large;
    EXPECT_EQ(commit("g", {{.offset = 2}}), Errc::invalid_commit_offset_size);
    refuse_appends_with_ = Errc::kafka_storage_error;
    const auto mixed = commit_as("g", {}, -1, {{.offset = 2}, {.topic = "none"}});
    EXPECT_THAT(commit_codes(mixed),
                ElementsAre(Errc::not_coordinator, Errc::unknown_topic_or_partition));
    EXPECT_EQ(committed("g", "orders", 0), 1);
}

TEST_F(OffsetsTest, FetchTellsWhatIsCommittedAndWhatIsNot) {
    commit("g", {{.offset = 5, .metadata = "note"}});
    const auto answer = fetch(some("g", "orders", {0, 1, 7, 0}), 8);
    EXPECT_THAT(found(answer), ElementsAre("0@5", "1@-1", "7@-1", "0@5"));
    EXPECT_EQ(answer.topics[0].partitions[0].metadata, "note");
    EXPECT_EQ(answer.topics[0].partitions[1].metadata, "");
    EXPECT_EQ(answer.topics[0].partitions[1].committed_leader_epoch, -1);
    EXPECT_THAT(found(fetch(some("g", "none", {0}), 8)), ElementsAre("0@-1"));
    EXPECT_THAT(found(fetch(some("none", "orders", {0}), 8)), ElementsAre("0@-1"));
}

TEST_F(OffsetsTest, FetchOfAllTellsOnlyWhatIsCommitted) {
    commit("g", {{.offset = 5}, {.topic = "payments", .partition = 1, .offset = 6}});
    EXPECT_EQ(fetch(whole("g"), 9).topics.size(), 2U);
    EXPECT_THAT(fetch(whole("none"), 9).topics, IsEmpty());
}

TEST_F(OffsetsTest, Version10NamesTopicsById) {
    commit("g", {{.offset = 5}}, 10);
    const Uuid orders{7, 1};
    EXPECT_THAT(found(fetch(some("g", "", {0}, orders), 10)), ElementsAre("0@5"));
    const auto unknown = fetch(some("g", "", {0}, Uuid{9, 9}), 10);
    EXPECT_EQ(code_of(unknown.topics[0].partitions[0].error_code), Errc::unknown_topic_id);
    EXPECT_EQ(fetch(whole("g"), 10).topics.at(0).topic_id, orders);
}

TEST_F(OffsetsTest, AnOffsetOfAnEarlierTopicOfTheSameNameIsNotGiven) {
    commit("g", {{.offset = 5}}, 9);
    add_topic("orders", 4, 77);
    EXPECT_THAT(found(fetch(some("g", "", {0}, Uuid{7, 77}), 10)), ElementsAre("0@-1"));
}

TEST_F(OffsetsTest, OldVersionsHoldOneGroup) {
    commit("g", {{.offset = 5}});
    protocol::OffsetFetchRequest request;
    request.group_id = "g";
    auto& topic = request.topics->emplace_back();
    topic.name = "orders";
    topic.partition_indexes = {0};
    const auto parts = split(request, 5);
    ASSERT_EQ(parts.size(), 1U);
    const auto response = join_answers(request, {fetch(parts[0], 5)}, 5);
    EXPECT_EQ(response.topics.at(0).partitions.at(0).committed_offset, 5);
    EXPECT_TRUE(response.groups.empty());
    auto failed = error_response(parts[0], 1, Errc::not_coordinator);
    const auto first = join_answers(request, {std::get<FetchedOffsets>(failed)}, 1);
    EXPECT_EQ(code_of(first.topics.at(0).partitions.at(0).error_code), Errc::not_coordinator);
    request.topics.reset();
    EXPECT_FALSE(split(request, 5)[0].group.topics);
}

TEST_F(OffsetsTest, DeleteTakesOffsetsAway) {
    commit("g", {{.offset = 5}, {.partition = 1, .offset = 6}});
    EXPECT_THAT(codes(remove("g", "orders", {0, 9})),
                ElementsAre(Errc::none, Errc::unknown_topic_or_partition));
    EXPECT_THAT(codes(remove("g", "orders", {0})), ElementsAre(Errc::none));
    EXPECT_THAT(codes(remove("g", "none", {0})), ElementsAre(Errc::unknown_topic_or_partition));
    EXPECT_EQ(committed("g", "orders", 0), -1);
    EXPECT_EQ(committed("g", "orders", 1), 6);
    EXPECT_EQ(code_of(remove("none", "orders", {0}).error_code), Errc::group_id_not_found);
    EXPECT_EQ(code_of(remove("", "orders", {0}).error_code), Errc::invalid_group_id);
}

// ConsumerProtocolSubscription of version 0 that names one topic, with the version before it.
std::string subscription(const std::string& topic) {
    std::string bytes("\0\0\0\0\0\1\0", 7);
    bytes += static_cast<char>(topic.size());
    return bytes + topic + std::string("\xff\xff\xff\xff", 4);
}

TEST_F(OffsetsTest, TopicsThatAConsumerReadsKeepTheirOffsets) {
    Member member{.protocols = {{"range", subscription("orders")}}};
    const auto generation = settle_group("g", {&member});
    commit_as("g", member, generation, {{.offset = 1}, {.topic = "payments", .offset = 2}});
    EXPECT_THAT(codes(remove("g", "orders", {0})), ElementsAre(Errc::group_subscribed_to_topic));
    EXPECT_THAT(codes(remove("g", "payments", {0})), ElementsAre(Errc::none));
}

TEST_F(OffsetsTest, WhatAConsumerReadsIsUnknownWhenItsSubscriptionIsBroken) {
    Member member{.protocols = {{"range", "broken"}}};
    const auto generation = settle_group("g", {&member});
    commit_as("g", member, generation, {{.offset = 1}});
    EXPECT_THAT(codes(remove("g", "orders", {0})), ElementsAre(Errc::group_subscribed_to_topic));
}

}  // namespace
}  // namespace kcore::group
