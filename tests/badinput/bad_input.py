#!/usr/bin/python3
"""Bad input over raw sockets: each row of the tables is answered as Apache Kafka answers it, and
leaves the broker as it was.

bad_input.py KBROKER [TABLE...]
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path += [HERE, os.path.join(HERE, os.pardir, "support")]

import fetch
import frames
import groups
import produce
import rows
import topics
from batches import batch
from node import Node, workplace
from wire import Closed, Connection

TABLES = {"frames": frames, "produce": produce, "fetch": fetch, "topics": topics, "groups": groups}
IDLE_SECONDS = 4
SETTINGS = {
    "connections.max.idle.ms": str(IDLE_SECONDS * 1000),
    "auto.create.topics.enable": "false",
    "offsets.topic.num.partitions": "1",
    "max.request.partition.size.limit": "3",
}
# Name, partitions, settings.
TOPICS = (
    ("plain", 2, {}),
    ("filled", 4, {}),
    ("dot_ted", 1, {}),
    ("sequences", 1, {}),
    ("untouched", 1, {}),
    ("compacted", 1, {"cleanup.policy": "compact"}),
    ("append-time", 1, {"message.timestamp.type": "LogAppendTime"}),
    ("two-in-sync", 1, {"min.insync.replicas": "2"}),
    ("small-segments", 1, {"segment.bytes": "1048576", "max.message.bytes": "4000000"}),
    ("short-records", 1, {"max.decompressed.message.bytes": "100000"}),
)


def prepare(bootstrap):
    with Connection(bootstrap) as connection:
        reply = connection.ask("CreateTopics", 5, {"TimeoutMs": 10000, "Topics": [
            {"Name": name, "NumPartitions": count, "ReplicationFactor": 1, "Configs": [
                {"Name": key, "Value": value} for key, value in settings.items()]}
            for name, count, settings in TOPICS]})
        assert rows.codes(reply) == [0] * len(TOPICS), reply
        # Makes the internal topic.
        connection.ask("FindCoordinator", 4, {"CoordinatorKeys": ["g"]})
        for _ in range(3):
            reply = connection.ask("Produce", produce.VERSION, produce.of(batch(), "filled"))
            assert rows.codes(reply) == [0], reply


def run(bootstrap, titled):
    """What is wrong with the rows."""
    wrong = []
    for table, row in titled:
        try:
            row.run(bootstrap)
        except (AssertionError, TimeoutError, Closed, UnicodeDecodeError) as failed:
            wrong.append(f"{table}: {row.title}: {type(failed).__name__} {failed}")
    return wrong


def main(program, *names):
    titled = [(name, row) for name in names or TABLES for row in TABLES[name].ROWS]
    with workplace() as folder:
        node = Node(program, folder, SETTINGS).start()
        prepare(node.bootstrap)
        with Connection(node.bootstrap) as bystander:
            wrong = run(node.bootstrap, titled)
            bystander.wait(1)
        frames.idle_half_frame(node.bootstrap, IDLE_SECONDS)
        frames.peer_leaves(node.bootstrap)
        with Connection(node.bootstrap) as connection:
            rows.stays(connection)
        code = node.stop()
        assert code == 0, f"the broker ended with {code}: {node.log_tail()}"
    print("\n".join(wrong) if wrong else f"{len(titled)} rows are as they should be")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
