"""Topics and settings: names, counts, assignments and values that cannot be."""

from rows import ask

BROKER, TOPIC = 4, 2


def create(title, topics, expected, **more):
    def judge(reply):
        got = [topic["ErrorCode"] for topic in reply["Topics"]]
        assert got == expected, reply
    return ask(title, "CreateTopics", 5, {"Topics": topics, "TimeoutMs": 5000, **more}, judge)


def topic(name="never-made", partitions=1, replicas=1, **more):
    return {"Name": name, "NumPartitions": partitions, "ReplicationFactor": replicas, **more}


def assigned(*brokers_by_partition, counts=-1):
    return topic(partitions=counts, replicas=counts, Assignments=[
        {"PartitionIndex": index, "BrokerIds": brokers} for index, brokers in brokers_by_partition])


def delete(title, topics, expected, version=6):
    return ask(title, "DeleteTopics", version, {"Topics": topics, "TimeoutMs": 5000}, expected)


def describe(title, names, expected, cursor=None):
    return ask(title, "DescribeTopicPartitions", 0, {
        "Topics": [{"Name": name} for name in names], "Cursor": cursor}, expected)


def set_to(kind, name, key="retention.ms", value="1", operation=0):
    return {"ResourceType": kind, "ResourceName": name, "Configs": [
        {"Name": key, "ConfigOperation": operation, "Value": value}]}


def change(title, resources, expected):
    return ask(title, "IncrementalAlterConfigs", 1, {"Resources": resources}, expected)


def records_before(title, name, offset, expected):
    return ask(title, "DeleteRecords", 2, {"TimeoutMs": 5000, "Topics": [
        {"Name": name, "Partitions": [{"PartitionIndex": 0, "Offset": offset}]}]}, expected)


def is_cut(reply):
    assert len(reply["Topics"][0]["Partitions"]) == 3, reply
    assert reply["NextCursor"] == {"TopicName": "filled", "PartitionIndex": 3}, reply


def whole(code):
    def judge(reply):
        assert reply["Topics"][0]["ErrorCode"] == code, reply
    return judge


SAME = set_to(TOPIC, "plain")

ROWS = [
    create("a topic twice, and another", [topic("twice"), topic("twice"), topic("once")], [42, 0]),
    create("the metadata log", [topic("__cluster_metadata")], [42]),
    *[create(f"a topic named {name[:20]!r}", [topic(name)], [17])
      for name in ("", ".", "..", "x" * 250, "a b", "a/b")],
    create("names that collide", [topic("dot.ted")], [17]),
    create("a name that is taken", [topic("plain")], [36]),
    *[create(f"replication factor {count}", [topic(replicas=count)], [38]) for count in (0, -2, 2)],
    *[create(f"{count} partitions", [topic(partitions=count)], [37]) for count in (0, -2)],
    create("10001 partitions", [topic(partitions=10001)], [44]),
    ask("10001 more partitions", "CreatePartitions", 3, {"TimeoutMs": 5000, "Topics": [
        {"Name": "plain", "Count": 10004, "Assignments": None}]}, [44]),
    create("an assignment and counts", [assigned((0, [1]), counts=1)], [42]),
    *[create(f"assignment {pairs}", [assigned(*pairs)], [39]) for pairs in (
        [(1, [1])], [(0, [1]), (2, [1])], [(0, [1]), (0, [1])], [(0, [1, 1])], [(0, [7])],
        [(0, [])])],
    create("an unknown setting", [topic(Configs=[{"Name": "no.such", "Value": "1"}])], [40]),
    create("a value that cannot be", [topic(Configs=[{"Name": "retention.ms", "Value": "x"}])],
           [40]),
    describe("more partitions than a broker describes at once", ["filled"], is_cut),
    describe("no name", [""], whole(-1)),
    describe("a name that cannot be", ["a b"], whole(17)),
    describe("a cursor on another topic", ["plain"], whole(42),
             {"TopicName": "other", "PartitionIndex": 0}),
    describe("a cursor before the first partition", ["plain"], whole(42),
             {"TopicName": "plain", "PartitionIndex": -1}),
    delete("a name twice", [{"Name": "plain"}, {"Name": "plain"}], {(42,), (42, 42)}),
    delete("a name and an id", [{"Name": "plain", "TopicId": b"u" * 16}], [42]),
    delete("neither name nor id", [{"Name": None}], [42]),
    delete("a name that cannot be", [{"Name": "a b"}], [3]),
    delete("an unknown id", [{"Name": None, "TopicId": b"u" * 16}], [100]),
    ask("AlterConfigs with a resource twice", "AlterConfigs", 1, {"Resources": [
        {"ResourceType": TOPIC, "ResourceName": "plain", "Configs": []}] * 2},
        {(42,), (42, 42)}),
    change("a resource twice", [SAME, SAME], {(42,), (42, 42)}),
    change("a key twice", [{**SAME, "Configs": SAME["Configs"] * 2}], [42]),
    change("an unknown operation", [set_to(TOPIC, "plain", operation=9)], [-1]),
    change("an unknown setting of a topic", [set_to(TOPIC, "plain", "no.such")], [40]),
    change("an unknown setting of a broker", [set_to(BROKER, "", "no.such")], [0]),
    records_before("records up to beyond the high watermark", "filled", 1 << 40, [1]),
    records_before("records up to -2", "filled", -2, [1]),
    records_before("records of a compacted topic", "compacted", 0, [44]),
    records_before("records of an internal topic", "__consumer_offsets", 0, [17]),
]
