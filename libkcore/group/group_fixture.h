#pragma once
// The fixture of the group tests: what members and committers do, in a word each. For tests of this
// layer only.

#include <string>
#include <utility>
#include <vector>

#include "group/coordinator_fixture.h"

namespace kcore::group {

class GroupTest : public CoordinatorTest {
protected:
    using CoordinatorTest::CoordinatorTest;

    struct Member {
        std::string id{};
        std::optional<std::string> instance{};
        std::string client = "client";
        std::vector<std::pair<std::string, std::string>> protocols = {{"range", "meta"}};
        std::int32_t session_ms = 10'000;
        std::int32_t rebalance_ms = 60'000;
        std::int16_t version = 9;
    };

    static protocol::JoinGroupRequest join_request(const std::string& group, const Member& member) {
        protocol::JoinGroupRequest request;
        request.group_id = group;
        request.member_id = member.id;
        request.group_instance_id = member.instance;
        request.session_timeout_ms = member.session_ms;
        request.rebalance_timeout_ms = member.rebalance_ms;
        request.protocol_type = "consumer";
        for (const auto& [name, metadata] : member.protocols) {
            auto& p = request.protocols.emplace_back();
            p.name = name;
            p.metadata = to_bytes(metadata);
        }
        return request;
    }

    // Sends a join; a member without an id gets one first.
    Ticket join(const std::string& group, Member& member) {
        if (member.id.empty() && !member.instance && member.version >= 4) {
            const auto first = ask(join_request(group, member), member.version, member.client);
            member.id = answer<protocol::JoinGroupResponse>(first).member_id;
        }
        const auto ticket = ask(join_request(group, member), member.version, member.client);
        if (is_answered(ticket)) member.id = joined(ticket).member_id;
        return ticket;
    }
    const protocol::JoinGroupResponse& joined(Ticket ticket) const {
        return answer<protocol::JoinGroupResponse>(ticket);
    }
    Errc join_code(Ticket ticket) const { return code_of(joined(ticket).error_code); }

    using Assignments = std::vector<std::pair<std::string, std::string>>;

    Ticket sync(const std::string& group, const Member& member, std::int32_t generation,
                const Assignments& assignments = {}) {
        protocol::SyncGroupRequest request;
        request.group_id = group;
        request.member_id = member.id;
        request.group_instance_id = member.instance;
        request.generation_id = generation;
        for (const auto& [id, assignment] : assignments) {
            auto& entry = request.assignments.emplace_back();
            entry.member_id = id;
            entry.assignment = to_bytes(assignment);
        }
        return ask(std::move(request), 3);
    }
    std::string assigned(Ticket ticket) const {
        return std::string(as_text(answer<protocol::SyncGroupResponse>(ticket).assignment));
    }
    Errc sync_code(Ticket ticket) const {
        return code_of(answer<protocol::SyncGroupResponse>(ticket).error_code);
    }

    Errc heartbeat(const std::string& group, const Member& member, std::int32_t generation) {
        protocol::HeartbeatRequest request;
        request.group_id = group;
        request.member_id = member.id;
        request.group_instance_id = member.instance;
        request.generation_id = generation;
        return code_of(answer<protocol::HeartbeatResponse>(ask(std::move(request), 4)).error_code);
    }

    std::vector<Errc> leave(const std::string& group, const std::vector<Member>& members) {
        protocol::LeaveGroupRequest request;
        request.group_id = group;
        for (const auto& member : members) {
            auto& entry = request.members.emplace_back();
            entry.member_id = member.id;
            entry.group_instance_id = member.instance;
        }
        std::vector<Errc> codes;
        const auto ticket = ask(std::move(request), 5);
        for (const auto& entry : answer<protocol::LeaveGroupResponse>(ticket).members) {
            codes.push_back(code_of(entry.error_code));
        }
        return codes;
    }

    // A stable group of these members, the first of them leading; returns its generation.
    std::int32_t settle_group(const std::string& group, std::vector<Member*> members) {
        std::vector<Ticket> joins;
        for (auto* member : members) {
            member->id.clear();
            joins.push_back(join(group, *member));
        }
        if (members.size() > 1) joins.front() = join(group, *members.front());
        const auto generation = joined(joins.front()).generation_id;
        for (std::size_t i = 0; i < members.size(); ++i) {
            members[i]->id = joined(joins[i]).member_id;
        }
        Assignments assignments;
        for (const auto* member : members) assignments.emplace_back(member->id, "of " + member->id);
        for (const auto* member : members) {
            const bool leads = joined(joins.front()).leader == member->id;
            sync(group, *member, generation, leads ? assignments : Assignments());
        }
        EXPECT_EQ(state(group), "Stable");
        return generation;
    }

    std::string state(const std::string& group) const {
        const auto* known = coordinator_->group(group);
        return known == nullptr ? "Dead" : std::string(state_name(known->state()));
    }
    std::size_t size(const std::string& group) const {
        return coordinator_->group(group)->members().size();
    }

    // --- offsets

    struct Commit {
        std::string topic = "orders";
        std::int32_t partition = 0;
        std::int64_t offset = 0;
        std::optional<std::string> metadata = "";
    };

    Ticket commit_as(const std::string& group, const Member& member, std::int32_t generation,
                     const std::vector<Commit>& commits, std::int16_t version = 9,
                     std::int64_t retention_ms = -1) {
        protocol::OffsetCommitRequest request;
        request.group_id = group;
        request.member_id = member.id;
        request.group_instance_id = member.instance;
        request.generation_id_or_member_epoch = generation;
        request.retention_time_ms = retention_ms;
        for (const auto& commit : commits) {
            auto& topic = request.topics.emplace_back();
            topic.name = commit.topic;
            if (const auto* known = image_->topic(commit.topic)) topic.topic_id = known->id;
            auto& partition = topic.partitions.emplace_back();
            partition.partition_index = commit.partition;
            partition.committed_offset = commit.offset;
            partition.committed_metadata = commit.metadata;
        }
        return ask(std::move(request), version);
    }
    std::vector<Errc> commit_codes(Ticket ticket) const {
        std::vector<Errc> codes;
        for (const auto& topic : answer<protocol::OffsetCommitResponse>(ticket).topics) {
            for (const auto& p : topic.partitions) codes.push_back(code_of(p.error_code));
        }
        return codes;
    }
    Errc commit(const std::string& group, const std::vector<Commit>& commits,
                std::int16_t version = 9, std::int64_t retention_ms = -1) {
        return commit_codes(commit_as(group, {}, -1, commits, version, retention_ms)).front();
    }
    // -1: none.
    std::int64_t committed(const std::string& group, const std::string& topic,
                           std::int32_t partition) const {
        const auto* found = coordinator_->offsets().find(group, topic, partition);
        return found == nullptr ? -1 : found->offset;
    }
};

}  // namespace kcore::group
