#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "group/group_fixture.h"
#include "group/records.h"

namespace kcore::group {
namespace {

using testing::ElementsAre;

Bytes text_bytes(const std::string& text) { return to_bytes(text); }
template <std::size_t N>
Bytes raw(const char (&text)[N]) {
    return to_bytes(std::string_view(text, N - 1));
}

struct LoadTest : GroupTest {
    LoadTest() { other_ = fresh(); }

    void read(const Bytes& key, const std::optional<Bytes>& value,
              std::optional<std::int64_t> producer = std::nullopt) {
        LoadedRecord record;
        record.key = key;
        if (value) record.value = BytesView(*value);
        record.offset = next_++;
        record.producer = producer;
        other_->replay(record);
    }
    void read_offset(const OffsetKey& key, std::int64_t offset,
                     std::optional<std::int64_t> producer = std::nullopt) {
        CommittedOffset committed;
        committed.offset = offset;
        const auto record = offset_record(key, committed);
        read(*record->key, record->value, producer);
    }
    void finish() {
        other_->loaded(now_);
        coordinator_ = std::move(other_);
    }
    Errc fetch_code(const std::string& group, bool stable) {
        FetchOffsets request;
        request.group.group_id = group;
        auto& topic = request.group.topics->emplace_back();
        topic.name = "orders";
        topic.partition_indexes = {0};
        request.require_stable = stable;
        const auto ticket = ask(request, 9);
        return code_of(answer<FetchedOffsets>(ticket).topics.at(0).partitions.at(0).error_code);
    }

    std::unique_ptr<Coordinator> other_;
    std::int64_t next_ = 0;
};

// The bytes are those that Apache Kafka 4.4.0 wrote.
TEST_F(LoadTest, ReadsAGroupThatKafkaWrote) {
    read(raw("\0\2\0\14static-group"),
         raw("\0\3\0\10consumer\0\0\0\1\0\5range\0\5m-one\0\0\1\241\373\247\267\325\0\0\0\1"
             "\0\5m-one\0\10static-1\0\6client\0\12/127.0.0.1\0\4\223\340\0\0\257\310"
             "\0\0\0\4meta\0\0\0\4mine"));
    finish();
    const auto* group = coordinator_->group("static-group");
    ASSERT_NE(group, nullptr);
    EXPECT_EQ(group->state(), GroupState::stable);
    EXPECT_EQ(group->generation(), 1);
    EXPECT_EQ(group->leader(), "m-one");
    const auto& member = *group->member("m-one");
    EXPECT_EQ(member.instance_id, "static-1");
    EXPECT_EQ(member.rebalance_timeout_ms, 300'000);
    EXPECT_EQ(member.session_timeout_ms, 45'000);
    EXPECT_EQ(as_text(member.assignment), "mine");
    EXPECT_EQ(group->state_since_ms(), 0x1a1fba7b7d5);
    const auto again = group_record(*group);
    EXPECT_EQ(as_text(*again->value).substr(0, 12), std::string("\0\3\0\10consumer", 12));
}

TEST_F(LoadTest, ReadsAndWritesOffsetsAsKafkaDoes) {
    const auto key = raw("\0\1\0\6byname\0\6orders\0\0\0\0");
    const auto value =
        raw("\0\4\0\0\0\0\0\0\0\7\377\377\377\377\5note\0\0\1\241\374N\233\364\1\0\20"
            "\306/\364\322\324\242E\216\204\342\24\0Q\210ql");
    read(key, value);
    finish();
    const auto* found = coordinator_->offsets().find("byname", "orders", 0);
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->offset, 7);
    EXPECT_EQ(found->metadata, "note");
    EXPECT_EQ(found->leader_epoch, -1);
    const auto again = offset_record({"byname", "orders", 0}, *found);
    EXPECT_EQ(*again->key, key);
    EXPECT_EQ(*again->value, value);
}

TEST_F(LoadTest, AnOffsetWithItsOwnExpiryHasVersion1) {
    const auto value = raw("\0\1\0\0\0\0\0\0\0\7\0\0\0\0\1\241\374N\233\365\0\0\1\241\374P\"\225");
    read(raw("\0\1\0\1g\0\6orders\0\0\0\1"), value);
    finish();
    const auto* found = coordinator_->offsets().find("g", "orders", 1);
    EXPECT_EQ(found->expire_ms, 0x1a1fc502295);
    EXPECT_EQ(*offset_record({"g", "orders", 1}, *found)->value, value);
}

TEST_F(LoadTest, ANewGroupIsWrittenAsKafkaDoes) {
    const auto record = group_record(ClassicGroup("pend", 0x1a1fc4e9bd4));
    EXPECT_EQ(*record->key, raw("\0\2\0\4pend"));
    EXPECT_EQ(*record->value, raw("\0\3\0\0\0\0\0\0\377\377\377\377\0\0\1\241\374N\233\324"
                                  "\0\0\0\0"));
}

TEST_F(LoadTest, MembersKeepTheirPlaceOnTheNewCoordinator) {
    Member a;
    Member b;
    const auto generation = settle_group("g", {&a, &b});
    pass(9'000);
    fail_over();
    EXPECT_EQ(assigned(sync("g", b, generation)), "of " + b.id);
    pass(9'000);
    EXPECT_EQ(heartbeat("g", a, generation), Errc::none) << "sessions start anew";
    pass(1'000);
    EXPECT_EQ(heartbeat("g", a, generation), Errc::rebalance_in_progress);
    EXPECT_EQ(joined(join("g", a)).generation_id, generation + 1);
}

TEST_F(LoadTest, TransactionalOffsetsWaitForTheirMarker) {
    read_offset({"g", "orders", 0}, 5, 12);
    finish();
    EXPECT_EQ(committed("g", "orders", 0), -1);
    EXPECT_EQ(fetch_code("g", true), Errc::unstable_offset_commit);
    EXPECT_EQ(fetch_code("g", false), Errc::none);
    coordinator_->end_transaction(12, true);
    EXPECT_EQ(committed("g", "orders", 0), 5);
    EXPECT_EQ(fetch_code("g", true), Errc::none);
}

TEST_F(LoadTest, AbortedOffsetsAreDropped) {
    read_offset({"g", "orders", 0}, 3);
    read_offset({"g", "orders", 0}, 5, 12);
    other_->end_transaction(12, false);
    other_->end_transaction(99, true);
    finish();
    EXPECT_EQ(committed("g", "orders", 0), 3);
    EXPECT_EQ(fetch_code("g", true), Errc::none);
}

TEST_F(LoadTest, APlainCommitDuringATransactionIsTheNewerOne) {
    read_offset({"g", "orders", 0}, 5, 12);
    read_offset({"g", "orders", 0}, 9);
    read_offset({"g", "orders", 1}, 4);
    read_offset({"g", "orders", 1}, 6, 12);
    other_->end_transaction(12, true);
    finish();
    EXPECT_EQ(committed("g", "orders", 0), 9);
    EXPECT_EQ(committed("g", "orders", 1), 6);
}

TEST_F(LoadTest, ADeletedOffsetDoesNotComeBackWithItsTransaction) {
    read_offset({"g", "orders", 0}, 5, 12);
    const auto tombstone = offset_tombstone({"g", "orders", 0});
    read(*tombstone->key, std::nullopt);
    other_->end_transaction(12, true);
    finish();
    EXPECT_EQ(committed("g", "orders", 0), -1);
}

TEST_F(LoadTest, WhatCannotBeReadIsSkipped) {
    read({}, text_bytes("x"));
    read(raw("\0\1\0"), text_bytes("x"));
    read(raw("\0\1\0\6byname\0\6orders\0\0\0\0"), raw("\0\4\0"));
    read(raw("\0\1\0\6byname\0\6orders\0\0\0\0"), raw("\0\11\0"));
    read(raw("\0\2\0\1g"), raw("\0\3\0\377"));
    read(raw("\0\3\0\377"), raw("\0\0"));
    read(raw("\177\177\0\1g"), raw("\0\0"));
    read(raw("\0\22\0\1g"), std::nullopt);
    finish();
    EXPECT_EQ(coordinator_->group_count(), 0U);
}

TEST_F(LoadTest, AKeyCutShortAnywhereIsAnError) {
    const auto key = raw("\0\1\0\6byname\0\6orders\0\0\0\0");
    for (std::size_t size = 0; size < key.size(); ++size) {
        EXPECT_FALSE(parse_key(BytesView(key).first(size))) << size;
    }
}

TEST_F(LoadTest, AGroupTombstoneEndsTheGroup) {
    read(raw("\0\2\0\1g"), raw("\0\3\0\0\0\0\0\0\377\377\377\377\0\0\1\241\374N\233\324\0\0\0\0"));
    read(raw("\0\2\0\1g"), std::nullopt);
    finish();
    EXPECT_EQ(state("g"), "Dead");
}

struct ForeignTest : LoadTest {
    const Bytes epoch = raw("\0\3\0\1c");
    const Bytes member = raw("\0\5\0\1c\0\2m1");
    const Bytes target = raw("\0\6\0\1c");

    std::vector<std::string> list() {
        std::vector<std::string> out;
        const auto ticket = ask(protocol::ListGroupsRequest(), 5);
        for (const auto& g : answer<protocol::ListGroupsResponse>(ticket).groups) {
            out.push_back(g.group_id + ":" + g.group_state + ":" + g.group_type);
        }
        return out;
    }
};

TEST_F(ForeignTest, AGroupOfAnotherProtocolIsListedButNotServed) {
    read_offset({"c", "orders", 0}, 5);
    read(epoch, raw("\0\0"));
    read(member, raw("\0\0"));
    finish();
    EXPECT_THAT(list(), ElementsAre("c:Stable:consumer"));
    EXPECT_EQ(committed("c", "orders", 0), 5);
    EXPECT_EQ(join_code(ask(join_request("c", {}), 9)), Errc::inconsistent_group_protocol);
    EXPECT_EQ(heartbeat("c", {.id = "m1"}, 1), Errc::unknown_member_id);
    EXPECT_EQ(commit("c", {{.offset = 6}}), Errc::unknown_member_id);
    protocol::DescribeGroupsRequest describe;
    describe.groups = {"c"};
    const auto ticket = ask(describe, 6);
    const auto& group = answer<protocol::DescribeGroupsResponse>(ticket).groups.at(0);
    EXPECT_EQ(code_of(group.error_code), Errc::group_id_not_found);
    pass(30LL * 24 * 3'600'000);
    EXPECT_EQ(committed("c", "orders", 0), 5) << "nothing of it expires here";
}

TEST_F(ForeignTest, AnEmptyOneMakesRoomForAClassicGroup) {
    read(epoch, raw("\0\0"));
    read(member, raw("\0\0"));
    read(target, raw("\0\0"));
    read(member, std::nullopt);
    finish();
    EXPECT_THAT(list(), ElementsAre("c:Empty:consumer"));
    EXPECT_EQ(commit("c", {{.offset = 6}}), Errc::none);
    const auto ticket = ask(join_request("c", {}), 3);
    EXPECT_EQ(join_code(ticket), Errc::none);
    EXPECT_THAT(list(), ElementsAre("c:CompletingRebalance:classic"));
    EXPECT_EQ(log_.size(), 4U) << "a commit, two tombstones and the new group";
    EXPECT_EQ(committed("c", "orders", 0), 6);
}

TEST_F(ForeignTest, AnEmptyOneIsDeletedWithItsOffsets) {
    read(epoch, raw("\0\0"));
    read_offset({"c", "orders", 0}, 5);
    finish();
    protocol::DeleteGroupsRequest request;
    request.groups_names = {"c"};
    ask(request, 2);
    EXPECT_TRUE(list().empty());
    EXPECT_EQ(committed("c", "orders", 0), -1);
}

TEST_F(ForeignTest, AShareGroupIsNotTakenApart) {
    read(raw("\0\13\0\1s"), raw("\0\0"));
    finish();
    EXPECT_EQ(join_code(ask(join_request("s", {}), 3)), Errc::inconsistent_group_protocol);
    EXPECT_THAT(list(), ElementsAre("s:Empty:share"));
    EXPECT_TRUE(log_.empty());
}

}  // namespace
}  // namespace kcore::group
