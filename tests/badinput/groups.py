"""Groups and producers' ids: members, sessions and keys that cannot be."""

from rows import ask


def join(title, expected, **fields):
    return ask(title, "JoinGroup", 6, {
        "GroupId": "g", "SessionTimeoutMs": 10000, "RebalanceTimeoutMs": 10000,
        "ProtocolType": "consumer", "Protocols": [{"Name": "range", "Metadata": b""}], **fields},
        expected)


def commit(title, expected, **fields):
    return ask(title, "OffsetCommit", 7, {
        "GroupId": fields.get("group", "g"), "GenerationIdOrMemberEpoch": -1, "Topics": [
            {"Name": "plain", "Partitions": [
                {"PartitionIndex": 0, "CommittedOffset": 1, "CommittedLeaderEpoch": -1,
                 "CommittedMetadata": fields.get("metadata", "")}]}]}, expected)


def producer(title, expected, **fields):
    return ask(title, "InitProducerId", 4, {
        "TransactionalId": None, "TransactionTimeoutMs": 1000, "ProducerId": -1,
        "ProducerEpoch": -1, **fields}, expected)


def coordinator(title, expected, kind, key, version=5):
    return ask(title, "FindCoordinator", version, {"KeyType": kind, "CoordinatorKeys": [key]},
               expected)


ROWS = [
    *[join(f"a session of {wait_ms} ms", [26], SessionTimeoutMs=wait_ms)
      for wait_ms in (0, 5999, 1_800_001, -1)],
    join("a group without a name", [24], GroupId=""),
    join("no member id yet", [79]),
    join("no protocol", [23], MemberId="", Protocols=[]),
    join("no kind of protocol", [23], ProtocolType=""),
    join("a member that nobody knows", [25], MemberId="stranger"),
    ask("SyncGroup without a name", "SyncGroup", 3, {"MemberId": "m"}, [24]),
    ask("Heartbeat without a name", "Heartbeat", 3, {"MemberId": "m"}, [24]),
    ask("LeaveGroup without a name", "LeaveGroup", 2, {"MemberId": "m"}, [24]),
    ask("OffsetDelete without a name", "OffsetDelete", 0, {"Topics": []}, [24]),
    ask("DescribeGroups without a name", "DescribeGroups", 6, {"Groups": [""]}, [69]),
    ask("DeleteGroups without a name", "DeleteGroups", 2, {"GroupsNames": [""]}, [69]),
    commit("OffsetCommit without a name", [0], group=""),
    ask("OffsetFetch without a name", "OffsetFetch", 7, {"Topics": []}, [0]),
    commit("4097 characters beside an offset", [12], metadata="x" * 4097),
    producer("an empty transactional id", [42], TransactionalId=""),
    producer("an id and no epoch", [42], ProducerId=1),
    producer("an epoch and no id", [42], ProducerEpoch=1),
    producer("no timeout, and no transactional id", [0], TransactionTimeoutMs=0),
    coordinator("an unknown kind of coordinator", [42], 9, "g"),
    coordinator("a share group, too early", [42], 2, "g:AAAAAAAAAAAAAAAAAAAAAA:0"),
    coordinator("a share group's key that is none", [42], 2, "g", version=6),
    coordinator("a group without a name", [0], 0, ""),
]
