"""Numbered records under faults: written by an idempotent producer, read back, judged.

Nothing acknowledged may be missing or stand at another offset, no value may stand twice, none may
be there that was never sent, and each partition's values must rise.
"""

import collections
import os
import sys
import threading
import time

sys.path.append(os.path.join(os.path.dirname(__file__), os.pardir, "support"))
from node import SKIPPED

try:
    import confluent_kafka
    from confluent_kafka.admin import AdminClient, NewTopic
except ImportError:
    print("skipped: python3-confluent-kafka is not installed")
    sys.exit(SKIPPED)

TOPIC = "numbers"
PARTITIONS = 3
SECONDS = 120


class Writer(threading.Thread):
    """Sends 0, 1, 2, ... and notes what is acknowledged where, and the longest time without."""

    def __init__(self, bootstrap, **settings):
        super().__init__(daemon=True)
        self.producer = confluent_kafka.Producer({
            "bootstrap.servers": bootstrap, "enable.idempotence": True, "linger.ms": 2,
            "reconnect.backoff.ms": 10, "reconnect.backoff.max.ms": 100, "retry.backoff.ms": 20,
            "message.timeout.ms": 60000, "batch.num.messages": 50, "log_level": 0,
            **{key.replace("_", "."): value for key, value in settings.items()}})
        self.acked = {}   # value: (partition, offset)
        self.failed = {}  # value: error
        self.sent = 0
        self.gap = 0.0
        self.last = None
        self.stopping = False

    def _delivered(self, error, message):
        value = int(message.value())
        if error is not None:
            self.failed[value] = str(error)
            return
        self.acked[value] = (message.partition(), message.offset())
        now = time.monotonic()
        self.gap = max(self.gap, now - (self.last or now))
        self.last = now

    def run(self):
        while not self.stopping:
            self.send()
            self.producer.poll(0 if self.sent % 20 else 0.001)

    def send(self):
        """The next one, unless the client's queue is full."""
        value = self.sent
        try:
            self.producer.produce(TOPIC, str(value).encode(), partition=value % PARTITIONS,
                                  on_delivery=self._delivered)
            self.sent += 1
        except BufferError:
            pass

    def expect_more(self, count):
        """Waits until so many more are acknowledged."""
        wanted = len(self.acked) + count
        deadline = time.monotonic() + SECONDS
        while len(self.acked) < wanted:
            assert time.monotonic() < deadline, f"no progress in {SECONDS} s"
            time.sleep(0.001)

    def take_gap(self):
        """The longest time between two acknowledgements since the last call."""
        gap, self.gap = self.gap, 0.0
        return gap

    def finish(self):
        self.stopping = True
        self.join()
        return self.producer.flush(60)


def create_topic(bootstrap, replicas=1, **config):
    admin = AdminClient({"bootstrap.servers": bootstrap})
    config = {key.replace("_", "."): str(value) for key, value in config.items()}
    topic = NewTopic(TOPIC, num_partitions=PARTITIONS, replication_factor=replicas, config=config)
    admin.create_topics([topic])[TOPIC].result(30)


def read_all(bootstrap):
    """(value, partition, offset) of every record."""
    consumer = confluent_kafka.Consumer({
        "bootstrap.servers": bootstrap, "group.id": "reader", "enable.auto.commit": False,
        "enable.partition.eof": True})
    parts = [confluent_kafka.TopicPartition(TOPIC, p, 0) for p in range(PARTITIONS)]
    consumer.assign(parts)
    records, ended = [], set()
    deadline = time.monotonic() + SECONDS
    while len(ended) < PARTITIONS:
        assert time.monotonic() < deadline, f"the log could not be read back in {SECONDS} s"
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
