#!/usr/bin/python3
"""What becomes of partitions whose log directory is damaged, unusable, emptied or removed.

log_directories.py KBROKER

One node with two log directories. Whatever happens to the second one, its partitions are offline
and never come back empty, and those of the first one are served as before.
"""

import os
import shutil
import sys
import tempfile
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
PARTITIONS = 4
RECORDS = 50
SECONDS = 60


def leaders(bootstrap):
    topics = AdminClient({"bootstrap.servers": bootstrap}).list_topics(TOPIC, timeout=30).topics
    return {number: p.leader for number, p in topics[TOPIC].partitions.items()}


def produce(bootstrap, partition, count):
    """How many were acknowledged."""
    acked = []
    producer = confluent_kafka.Producer({"bootstrap.servers": bootstrap, "log_level": 0,
                                         "message.timeout.ms": 30000, "batch.num.messages": 10})
    for number in range(count):
        producer.produce(TOPIC, str(number), partition=partition,
                         on_delivery=lambda error, message: acked.append(error is None))
    producer.flush(SECONDS)
    return sum(acked)


def end_offset(bootstrap, partition):
    consumer = confluent_kafka.Consumer({"bootstrap.servers": bootstrap, "group.id": "reader"})
    at = confluent_kafka.TopicPartition(TOPIC, partition)
    end = consumer.get_watermark_offsets(at, timeout=30)[1]
    consumer.close()
    return end


class Test:
    def __init__(self, program, folder):
        self.folder = folder
        self.first, self.second = (os.path.join(folder, name) for name in ("first", "second"))
        self.node = Node(program, folder, {
            "log.dirs": f"{self.first},{self.second}",
            "replica.high.watermark.checkpoint.interval.ms": "100"})
        self.node.start()
        admin = AdminClient({"bootstrap.servers": self.node.bootstrap})
        admin.create_topics([NewTopic(TOPIC, PARTITIONS, 1)])[TOPIC].result(30)
        for partition in range(PARTITIONS):
            assert produce(self.node.bootstrap, partition, RECORDS) == RECORDS
        self.lost = {n for n in range(PARTITIONS) if os.path.isdir(f"{self.second}/{TOPIC}-{n}")}
        assert 0 < len(self.lost) < PARTITIONS, self.lost

    def check(self, offline):
        """Exactly these partitions have no leader, and nothing of them is in the first directory;
        the others hold what was written."""
        deadline = time.monotonic() + SECONDS
        wanted = {n: -1 if n in offline else 1 for n in range(PARTITIONS)}
        while (found := leaders(self.node.bootstrap)) != wanted:
            assert time.monotonic() < deadline, (found, wanted)
            time.sleep(0.05)
        for number in range(PARTITIONS):
            if number not in offline:
                assert end_offset(self.node.bootstrap, number) >= RECORDS
            elif number in self.lost:
                assert not os.path.isdir(f"{self.first}/{TOPIC}-{number}"), number
        served = min(set(range(PARTITIONS)) - set(offline))
        assert produce(self.node.bootstrap, served, 1) == 1

    def rotten(self):
        self.node.kill()
        rotten = min(self.lost)
        with open(f"{self.second}/{TOPIC}-{rotten}/{0:020}.log", "r+b") as file:
            file.seek(70)
            byte = file.read(1)
            file.seek(70)
            file.write(bytes([byte[0] ^ 0xff]))
        self.node.start()
        self.check({rotten})
        self.node.kill()
        with open(f"{self.second}/{TOPIC}-{rotten}/{0:020}.log", "r+b") as file:
            file.seek(70)
            file.write(byte)
        self.node.start()
        self.check(set())

    def unusable(self):
        self.node.stop()
        os.rename(self.second, self.second + ".away")
        with open(self.second, "w", encoding="utf-8"):
            pass
        self.node.start()
        self.check(self.lost)
        self.node.stop()

    def emptied(self):
        os.remove(self.second)
        os.mkdir(self.second)
        try:
            self.node.start()
            raise AssertionError("it started with an emptied directory")
        except AssertionError as refused:
            assert f"{self.second} has no meta.properties" in str(refused), refused
        assert not os.listdir(self.second)
        os.rmdir(self.second)
        os.rename(self.second + ".away", self.second)
        self.node.start()
        self.check(set())

    def removed(self):
        """While it runs."""
        shutil.rmtree(self.second)
        self.check(self.lost)
        assert "go on without it" in self.node.log_tail()
        assert self.node.stop() == 0


def main():
    with tempfile.TemporaryDirectory(prefix="kcore-dirs-") as folder:
        test = Test(sys.argv[1], folder)
        for step in (test.rotten, test.unusable, test.emptied, test.removed):
            step()
            print(f"{step.__name__}: as it should be")
    return 0


if __name__ == "__main__":
    sys.exit(main())
