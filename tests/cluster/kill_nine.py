#!/usr/bin/python3
"""kill -9 in a loop under load: what was acknowledged with flush.messages=1 is there, once.

kill_nine.py KBROKER [ROUNDS]

An idempotent producer writes numbered values while the broker is killed and started again on the
same directory. At the end everything is read back. Nothing acknowledged may be missing or stand at
another offset, no value may stand twice, none may be there that was never sent, and each
partition's values must rise.
"""

import collections
import os
import random
import sys
import tempfile
import threading
import time

sys.path.append(os.path.join(os.path.dirname(__file__), os.pardir, "support"))
from node import SKIPPED, Node

try:
    import confluent_kafka
    from confluent_kafka.admin import AdminClient, NewTopic
except ImportError:
    print("skipped: python3-confluent-kafka is not installed")
    sys.exit(SKIPPED)

TOPIC = "numbers"
PARTITIONS = 3
SEED = 20_26


class Writer(threading.Thread):
    """Sends 0, 1, 2, ... and notes what is acknowledged where."""

    def __init__(self, bootstrap):
        super().__init__(daemon=True)
        self.producer = confluent_kafka.Producer({
            "bootstrap.servers": bootstrap, "enable.idempotence": True, "linger.ms": 2,
            "reconnect.backoff.ms": 10, "reconnect.backoff.max.ms": 100, "retry.backoff.ms": 20,
            "message.timeout.ms": 60000, "batch.num.messages": 50, "log_level": 0})
        self.acked = {}   # value: (partition, offset)
        self.failed = {}  # value: error
        self.sent = 0
        self.stopping = False

    def _delivered(self, error, message):
        value = int(message.value())
        if error is not None:
            self.failed[value] = str(error)
        else:
            self.acked[value] = (message.partition(), message.offset())

    def run(self):
        while not self.stopping:
            value = self.sent
            try:
                self.producer.produce(TOPIC, str(value).encode(), partition=value % PARTITIONS,
                                      on_delivery=self._delivered)
                self.sent += 1
            except BufferError:
                pass
            self.producer.poll(0 if self.sent % 20 else 0.001)

    def finish(self):
        self.stopping = True
        self.join()
        return self.producer.flush(60)


def create_topic(bootstrap):
    admin = AdminClient({"bootstrap.servers": bootstrap})
    topic = NewTopic(TOPIC, num_partitions=PARTITIONS, replication_factor=1,
                     config={"flush.messages": "1", "segment.bytes": str(1 << 20)})
    admin.create_topics([topic])[TOPIC].result(30)


def read_all(bootstrap):
    """(value, partition, offset) of every record."""
    consumer = confluent_kafka.Consumer({
        "bootstrap.servers": bootstrap, "group.id": "reader", "enable.auto.commit": False,
        "enable.partition.eof": True})
    parts = [confluent_kafka.TopicPartition(TOPIC, p, 0) for p in range(PARTITIONS)]
    consumer.assign(parts)
    records, ended = [], set()
    deadline = time.monotonic() + 120
    while len(ended) < PARTITIONS:
        assert time.monotonic() < deadline, "the log could not be read back in two minutes"
        message = consumer.poll(1)
        if message is None:
            continue
        if message.error():
            error = message.error()
            assert error.code() == confluent_kafka.KafkaError._PARTITION_EOF, error
            ended.add(message.partition())
            continue
        records.append((int(message.value()), message.partition(), message.offset()))
    consumer.close()
    return records


def check(writer, records):
    problems = []
    where = collections.defaultdict(list)
    for value, partition, offset in records:
        where[value].append((partition, offset))
    for value, place in writer.acked.items():
        if place not in where[value]:
            problems.append(f"lost: {value} was acknowledged at {place}, found at {where[value]}")
    problems += [f"doubled: {v} at {p}" for v, p in where.items() if len(p) > 1]
    problems += [f"invented: {v}" for v in where if v >= writer.sent]
    for partition in range(PARTITIONS):
        values = [v for v, p, _ in records if p == partition]
        if values != sorted(values):
            problems.append(f"reordered: partition {partition}")
    return problems


def main():
    program, rounds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 10
    chance = random.Random(SEED)
    with tempfile.TemporaryDirectory(prefix="kcore-kill-") as folder:
        node = Node(program, folder).start()
        create_topic(node.bootstrap)
        writer = Writer(node.bootstrap)
        writer.start()
        for _ in range(rounds):
            # The kill falls at a random moment of the load: a deadline in progress, not a pause.
            before, wanted = len(writer.acked), chance.randrange(1, 400)
            deadline = time.monotonic() + 30
            while len(writer.acked) < before + wanted:
                assert time.monotonic() < deadline, "no progress between two kills in 30 s"
                time.sleep(0.001)
            node.kill()
            node.start()
        left = writer.finish()
        records = read_all(node.bootstrap)
        code = node.stop()
        problems = check(writer, records)
        if left or writer.failed:
            problems.append(f"{left} undelivered, failed: {list(writer.failed.items())[:3]}")
        if code != 0:
            problems.append(f"the broker stopped with {code}")
        for problem in problems[:20]:
            print(problem)
        print(f"{rounds} kills, {len(writer.acked)} acknowledged of {writer.sent}, "
              f"{len(records)} read back, {len(problems)} problems")
        return 1 if problems or not writer.acked else 0


if __name__ == "__main__":
    sys.exit(main())
