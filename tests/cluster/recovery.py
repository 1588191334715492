#!/usr/bin/python3
"""kill -9 with much that was never synced: who has little to recover serves at once, and who has
much as soon as its log is read.

recovery.py KBROKER [MEBIBYTES]

One partition holds so much, 50 of another topic hold a record each. With 1024 MiB on a quiet
machine all serve within 3 s.
"""

import os
import sys
import time

sys.path.append(os.path.join(os.path.dirname(__file__), os.pardir, "support"))
from node import SKIPPED, Node, workplace
from wire import Connection

try:
    import confluent_kafka
    from confluent_kafka.admin import AdminClient, NewTopic
except ImportError:
    print("skipped: python3-confluent-kafka is not installed")
    sys.exit(SKIPPED)

SMALL = 50
VALUE = os.urandom(1 << 19)
SECONDS = 60


def fill(bootstrap, mebibytes):
    admin = AdminClient({"bootstrap.servers": bootstrap})
    for future in admin.create_topics([NewTopic("large", 1, 1),
                                       NewTopic("small", SMALL, 1)]).values():
        future.result(SECONDS)
    producer = confluent_kafka.Producer({"bootstrap.servers": bootstrap, "linger.ms": 0,
                                         "log_level": 0})
    errors = []
    for partition in range(SMALL):
        producer.produce("small", b"x", partition=partition,
                         on_delivery=lambda error, _: errors.append(error))
    for number in range(mebibytes * 2):
        producer.produce("large", VALUE, partition=0,
                         on_delivery=lambda error, _: errors.append(error))
        producer.poll(0)
        if number % 64 == 0:
            producer.flush(SECONDS)
    left = producer.flush(SECONDS)
    if left or any(errors):
        raise AssertionError(f"{left} not sent, {[e for e in errors if e][:3]}")


def leaders_end(connection, topic, partition):
    """Error and end offset, of one question that is not asked again."""
    answer = connection.ask("ListOffsets", 4, {
        "ReplicaId": -1, "IsolationLevel": 0, "Topics": [{"Name": topic, "Partitions": [
            {"PartitionIndex": partition, "CurrentLeaderEpoch": -1, "Timestamp": -1}]}]})
    [found] = answer["Topics"][0]["Partitions"]
    return found["ErrorCode"], found["Offset"]


def main():
    program, mebibytes = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 128
    problems = []
    with workplace() as folder:
        node = Node(program, folder).start()
        fill(node.bootstrap, mebibytes)
        node.kill()
        began = time.monotonic()
        node.start()
        ready = time.monotonic() - began
        with Connection(node.bootstrap) as connection:
            for partition in range(SMALL):
                found = leaders_end(connection, "small", partition)
                if found != (0, 1):
                    problems.append(f"small-{partition}: {found} right after the start")
            small = time.monotonic() - began
            seen = set()
            while (found := leaders_end(connection, "large", 0)) != (0, 2 * mebibytes):
                seen.add(found)
                if time.monotonic() > began + SECONDS:
                    problems.append(f"large-0: {found} after {SECONDS} s")
                    break
            large = time.monotonic() - began
        # NOT_LEADER_OR_FOLLOWER: clients try again.
        if seen - {(6, -1)}:
            problems.append(f"large-0 answered {seen} meanwhile")
        code = node.stop()
        if code != 0:
            problems.append(f"the node stopped with {code}")
    for problem in problems[:20]:
        print(problem)
    print(f"{mebibytes} MiB unsynced, kill -9: ready after {ready:.2f} s, {SMALL} small ones "
          f"served after {small:.2f} s, the large one after {large:.2f} s")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
