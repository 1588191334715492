#!/usr/bin/python3
"""A new leader that cannot know yet what was committed does not answer for the end (KIP-207).

offset_not_available.py KBROKER

Of three nodes one is frozen, so that what is written with acks=1 reaches one follower only and is
never committed. Then the leader is stopped in order: the new one has the record, and without a
majority of controllers nobody can leave the ISR.
"""

import os
import signal
import sys
import time

sys.path.append(os.path.join(os.path.dirname(__file__), os.pardir, "support"))
from node import workplace
from records import SECONDS
from trials import until
from trio import bootstrap_of, make_nodes, start_all
from wire import Connection

import confluent_kafka
from confluent_kafka.admin import AdminClient, NewTopic

SETTINGS = {"broker.session.timeout.ms": "60000", "replica.lag.time.max.ms": "60000"}
LATEST, EARLIEST = -1, -2
LEADER_NOT_AVAILABLE, OFFSET_NOT_AVAILABLE = 5, 78


def state_of(node):
    admin = AdminClient({"bootstrap.servers": node.bootstrap, "log_level": 0})
    return admin.list_topics("orders", timeout=SECONDS).topics["orders"].partitions[0]


def offset_of(node, version, timestamp, replica=-1):
    """Error code and offset."""
    with Connection(node.bootstrap) as connection:
        answer = connection.ask("ListOffsets", version, {
            "ReplicaId": replica, "IsolationLevel": 0, "Topics": [{
                "Name": "orders", "Partitions": [{
                    "PartitionIndex": 0, "CurrentLeaderEpoch": -1, "Timestamp": timestamp}]}]})
    [found] = answer["Topics"][0]["Partitions"]
    return found["ErrorCode"], found["Offset"]


def main(program):
    with workplace() as folder:
        nodes = make_nodes(program, folder, SETTINGS)
        start_all(nodes)
        first, second, third = nodes
        admin = AdminClient({"bootstrap.servers": bootstrap_of(nodes), "log_level": 0})
        admin.create_topics([NewTopic("orders", replica_assignment=[[1, 2, 3]],
                                      num_partitions=1)])["orders"].result(SECONDS)
        until("not all are in sync", lambda: len(state_of(second).isrs) == 3)
        third.process.send_signal(signal.SIGSTOP)
        producer = confluent_kafka.Producer({"bootstrap.servers": first.bootstrap, "acks": "1"})
        producer.produce("orders", b"x", partition=0)
        assert producer.flush(SECONDS) == 0
        until("the follower has not got it", lambda: any(
            file.stat().st_size for file in second.folder.glob("data/orders-0/*.log")))
        assert first.stop() == 0
        until("there is no other leader", lambda: state_of(second).leader == 2)
        found = {version: offset_of(second, version, LATEST) for version in (4, 5, 7)}
        by_time = offset_of(second, 7, int(time.time() * 1000) - 3_600_000)
        start = offset_of(second, 7, EARLIEST)
    want = {4: (LEADER_NOT_AVAILABLE, -1), 5: (OFFSET_NOT_AVAILABLE, -1),
            7: (OFFSET_NOT_AVAILABLE, -1)}
    print(found, by_time, start)
    return 0 if (found, by_time, start) == (want, (OFFSET_NOT_AVAILABLE, -1), (0, 0)) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
