#!/usr/bin/python3
"""A topic on three nodes under load while they are killed, frozen and restarted.

failover.py KBROKER [ROUNDS]

Every round each node is killed with -9 and started again, then stopped in order and started again,
and one is frozen for longer than its session. An idempotent producer with acks=all and default
retries writes all the while. At the end nothing acknowledged may be missing, doubled or moved, the
producer has seen no error, and the logs of all three are equal, byte by byte.
"""

import os
import pathlib
import signal
import sys
import tempfile

sys.path.append(os.path.join(os.path.dirname(__file__), os.pardir, "support"))
from records import PARTITIONS, SECONDS, TOPIC, Writer, check, create_topic, read_all
from trials import until
from trio import bootstrap_of, make_nodes, start_all

from confluent_kafka.admin import AdminClient

SESSION_MS = 2000
FROZEN = 1  # The id of the node that is; those after it are not.
SETTINGS = {
    "broker.session.timeout.ms": str(SESSION_MS), "broker.heartbeat.interval.ms": "300",
    "min.insync.replicas": "2", "replica.lag.time.max.ms": "5000",
    "replica.fetch.backoff.ms": "100", "offsets.topic.replication.factor": "3",
    "offsets.topic.num.partitions": "3", "replica.socket.timeout.ms": "5000"}


def replicas_in_sync(nodes):
    """Of each partition, none where nobody leads it."""
    admin = AdminClient({"bootstrap.servers": bootstrap_of(nodes), "log_level": 0})
    partitions = admin.list_topics(TOPIC, timeout=SECONDS).topics[TOPIC].partitions
    assert len(partitions) == PARTITIONS, partitions
    return [p.isrs if p.leader > 0 else [] for p in partitions.values()]


def expect_in_sync(nodes):
    """Waits until every partition has all its replicas in sync."""
    until(lambda: f"not in sync after {SECONDS} s: {replicas_in_sync(nodes)}",
          lambda: all(len(isr) == 3 for isr in replicas_in_sync(nodes)), SECONDS)


def segments(node):
    """All that the node's replicas hold, by partition."""
    data = pathlib.Path(node.folder) / "data"
    return {place.name: b"".join(file.read_bytes() for file in sorted(place.glob("*.log")))
            for place in sorted(data.glob(f"{TOPIC}-*"))}


def disturb(nodes, writer):
    for node in nodes:
        writer.expect_more(300)
        expect_in_sync(nodes)
        writer.take_gap()
        node.kill()
        writer.expect_more(300)
        node.start()
        expect_in_sync(nodes)
        print(f"killed: {writer.take_gap():.2f} s without an acknowledgement")
    for node in nodes:
        writer.expect_more(300)
        code = node.stop()
        assert code == 0, f"the broker stopped with {code}"
        node.start()
        expect_in_sync(nodes)
        print(f"restarted: {writer.take_gap():.2f} s without an acknowledgement")
    frozen = nodes[FROZEN - 1]
    frozen.process.send_signal(signal.SIGSTOP)
    writer.expect_more(300)
    until(lambda: f"the frozen node is in sync: {replicas_in_sync(nodes[1:])}",
          lambda: not any(FROZEN in isr for isr in replicas_in_sync(nodes[1:])), SECONDS)
    writer.expect_more(300)
    frozen.process.send_signal(signal.SIGCONT)
    expect_in_sync(nodes)
    print(f"frozen: {writer.take_gap():.2f} s without an acknowledgement")


def main():
    program, rounds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1
    with tempfile.TemporaryDirectory(prefix="kcore-failover-") as folder:
        nodes = make_nodes(program, folder, SETTINGS)
        start_all(nodes)
        create_topic(bootstrap_of(nodes), replicas=3)
        writer = Writer(bootstrap_of(nodes))
        writer.start()
        for _ in range(rounds):
            disturb(nodes, writer)
        left = writer.finish()
        records = read_all(bootstrap_of(nodes))
        expect_in_sync(nodes)
        problems = check(writer, records)
        if left or writer.failed:
            problems.append(f"{left} undelivered, failed: {list(writer.failed.items())[:3]}")
        for node in nodes:
            code = node.stop()
            if code != 0:
                problems.append(f"a broker stopped with {code}")
        logs = [segments(node) for node in nodes]
        if not logs[0] or any(one != logs[0] for one in logs):
            problems.append("the replicas differ: " + str(
                [{name: len(log) for name, log in one.items()} for one in logs]))
        for problem in problems[:20]:
            print(problem)
        print(f"{7 * rounds} faults, {len(writer.acked)} acknowledged of {writer.sent}, "
              f"{len(records)} read back, {len(problems)} problems")
        return 1 if problems or not writer.acked else 0


if __name__ == "__main__":
    sys.exit(main())
