"""Fetch, ListOffsets and Metadata: offsets, sessions, limits and names that cannot be."""

from rows import Row, answers, ask, not_within, within
from wire import framed, request

BY_NAME, BY_ID = 12, 13


def of(topic="plain", partition=0, **more):
    """Fields of the partition begin with a lower-case p_."""
    own = {name[2:]: value for name, value in more.items() if name.startswith("p_")}
    whole = {name: value for name, value in more.items() if not name.startswith("p_")}
    return {"MaxWaitMs": 0, "MinBytes": 1, "MaxBytes": 1 << 20, "SessionEpoch": -1, **whole,
            "Topics": [{"Topic": topic, "Partitions": [
                {"Partition": partition, "PartitionMaxBytes": 1 << 20, **own}]}]}


def refuse(title, code, topic="filled", **more):
    return ask(title, "Fetch", BY_NAME, lambda: of(topic, **more), [0, code])


def whole(title, code, **more):
    return ask(title, "Fetch", BY_NAME, lambda: of("filled", **more),
               lambda reply: check(reply["ErrorCode"] == code, reply))


def check(fine, reply):
    assert fine, reply


def has_one_batch(reply):
    records = reply["Responses"][0]["Partitions"][0]["Records"]
    check(records and len(records) > 61, reply)


def offsets_of(*partitions, topic="filled"):
    return {"ReplicaId": -1, "Topics": [{"Name": topic, "Partitions": [
        {"PartitionIndex": index, "Timestamp": at} for index, at in partitions]}]}


def named(*names):
    return {"Topics": [{"Name": name} for name in names], "AllowAutoTopicCreation": True}


def waiting(wait_ms, topic, judged, **more):
    """Beside a partition that cannot be read an empty one; asked to wait so long."""
    values = of(topic, MaxWaitMs=wait_ms, **more)
    values["Topics"] += of("plain", 1)["Topics"]
    return framed(request("Fetch", BY_NAME, values)), judged


def late(title, sent_and_judge):
    return Row(title, *sent_and_judge)


ROWS = [
    *[refuse(f"offset {offset}", 1, p_FetchOffset=offset) for offset in (-1, -5, 1 << 40)],
    whole("an unknown session", 70, SessionId=4711, SessionEpoch=5),
    whole("the first epoch of a session that has none", 70, SessionId=4711, SessionEpoch=1),
    ask("an unknown topic id", "Fetch", BY_ID, lambda: {
        **of(), "Topics": [{"TopicId": b"u" * 16, "Partitions": [{"Partition": 0}]}]},
        lambda reply: check(reply["Responses"][0]["Partitions"][0]["ErrorCode"] == 100, reply)),
    refuse("an unknown topic", 3, "no-such-topic"),
    refuse("an unknown partition", 3, partition=99),
    refuse("a broker that is no replica", 6, ReplicaId=5),
    ask("no byte wanted", "Fetch", BY_NAME,
        lambda: of("filled", MaxBytes=0, p_PartitionMaxBytes=0), has_one_batch),
    ask("far more wanted than may be", "Fetch", BY_NAME,
        lambda: of("filled", MaxBytes=(1 << 31) - 1, p_PartitionMaxBytes=(1 << 31) - 1),
        has_one_batch),
    refuse("a negative limit", -1, MaxBytes=-1),
    refuse("a negative limit of the partition", -1, p_PartitionMaxBytes=-1),
    Row("a negative minimum and wait", framed(request("Fetch", BY_NAME, of(
        "plain", 1, MinBytes=-1, MaxWaitMs=-1))),
        within(30, answers("Fetch", BY_NAME, [0, 0]))),
    whole("an unknown isolation level", -1, IsolationLevel=7),
    refuse("a leader epoch of the future", 75, p_CurrentLeaderEpoch=1000),
    refuse("a last epoch of the future", 1, p_LastFetchedEpoch=1000),
    late("out of range beside an empty partition: at once", waiting(
        30_000, "filled", within(20, answers("Fetch", BY_NAME, [0, 1, 0])),
        p_FetchOffset=1 << 40)),
    late("an unknown partition beside an empty one: the wait goes on", waiting(
        500, "filled", not_within(0.45, answers("Fetch", BY_NAME, [0, 3, 0])), partition=99)),
    ask("offsets of a partition asked for twice", "ListOffsets", 6,
        lambda: offsets_of((0, -1), (0, -1)), [42]),
    *[ask(f"offsets of timestamp {at} in version {version}", "ListOffsets", version,
          lambda at=at: offsets_of((0, at)), [35]) for at, version in ((-3, 6), (-5, 8), (-99, 8))],
    ask("offsets at an unknown isolation level", "ListOffsets", 6,
        lambda: {**offsets_of((0, -1)), "IsolationLevel": 9}, [-1]),
    ask("a topic id where Metadata has none", "Metadata", 10,
        {"Topics": [{"Name": None, "TopicId": b"u" * 16}]}, [42]),
    ask("no name and no id", "Metadata", 12, {"Topics": [{"Name": None}]},
        lambda reply: check(reply["Topics"] == [] or reply["Topics"][0]["ErrorCode"] == -1, reply)),
    *[ask(f"a topic named {name[:20]!r}", "Metadata", 9, named(name), [17])
      for name in ("", ".", "..", "x" * 250, "a b", "a/b", "\u00e9")],
    ask("an unknown topic that is not to be made", "Metadata", 9,
        {**named("never-made"), "AllowAutoTopicCreation": False}, [3]),
]
