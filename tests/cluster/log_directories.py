#!/usr/bin/python3
"""What becomes of partitions whose log directory is damaged, unusable, emptied or removed.

log_directories.py KBROKER

One node with two log directories. Whatever happens to the second one, its partitions are offline
and never come back empty, and those of the first one are served as before.
"""

import os
import shutil
import sys

sys.path.append(os.path.join(os.path.dirname(__file__), os.pardir, "support"))
from confluent import Client
from messages import Message
from node import Node, workplace
from trials import until

TOPIC = "numbers"
PARTITIONS = 4
RECORDS = 50
SECONDS = 60
OFFSET_BYTE = 0  # The highest of the first batch's.
ROTTEN_BYTE = 64  # Of the first record, however many its batch has.


class Test:
    def __init__(self, program, folder):
        self.folder = folder
        self.first, self.second = (os.path.join(folder, name) for name in ("first", "second"))
        self.node = Node(program, folder, {
            "log.dirs": f"{self.first},{self.second}",
            "replica.high.watermark.checkpoint.interval.ms": "100"})
        self.node.start()
        self.client().create(TOPIC, PARTITIONS)
        for partition in range(PARTITIONS):
            self.produce(partition, RECORDS)
        self.lost = {n for n in range(PARTITIONS) if os.path.isdir(f"{self.second}/{TOPIC}-{n}")}
        assert 0 < len(self.lost) < PARTITIONS, self.lost

    def client(self):
        return Client(self.node.bootstrap)

    def produce(self, partition, count):
        """In several batches, all acknowledged."""
        self.client().produce(TOPIC, [Message(None, b"%d" % n) for n in range(count)], partition,
                              batch_num_messages=10)

    def check(self, offline):
        """Exactly these partitions have no leader, and nothing of them is in the first directory;
        the others hold what was written."""
        wanted = {n: -1 if n in offline else 1 for n in range(PARTITIONS)}
        client = self.client()
        until(lambda: f"leaders are not {wanted}: {client.leaders(TOPIC)}",
              lambda: client.leaders(TOPIC) == wanted, SECONDS)
        for number in range(PARTITIONS):
            if number not in offline:
                assert client.ends(TOPIC, number)[1] >= RECORDS
            elif number in self.lost:
                assert not os.path.isdir(f"{self.first}/{TOPIC}-{number}"), number
        served = min(set(range(PARTITIONS)) - set(offline))
        self.produce(served, 1)

    def flip(self, partition, at):
        with open(f"{self.second}/{TOPIC}-{partition}/{0:020}.log", "r+b") as file:
            file.seek(at)
            byte = file.read(1)
            file.seek(at)
            file.write(bytes([byte[0] ^ 0x7f]))

    def rotten(self):
        self.node.kill()
        rotten = min(self.lost)
        self.flip(rotten, ROTTEN_BYTE)
        self.node.start()
        self.check({rotten})
        self.node.kill()
        self.flip(rotten, ROTTEN_BYTE)
        self.node.start()
        self.check(set())

    def unreadable(self):
        """From the first file that is read of it, while it is loaded."""
        for clean in (True, False):
            self.node.stop() if clean else self.node.kill()
            checkpoint = f"{self.second}/{TOPIC}-{min(self.lost)}/leader-epoch-checkpoint"
            os.rename(checkpoint, checkpoint + ".away")
            os.mkdir(checkpoint)
            self.node.start()
            self.check(self.lost)
            self.node.stop()
            os.rmdir(checkpoint)
            os.rename(checkpoint + ".away", checkpoint)
            self.node.start()
            self.check(set())

    def misplaced(self):
        """A damaged offset, which no checksum covers."""
        self.node.kill()
        rotten = min(self.lost)
        self.flip(rotten, OFFSET_BYTE)
        self.node.start()
        self.check({rotten})
        self.node.kill()
        self.flip(rotten, OFFSET_BYTE)
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
        """While it runs and writes checkpoints there."""
        def is_gone():
            shutil.rmtree(self.second, ignore_errors=True)
            return not os.path.isdir(self.second)

        until(f"{self.second} does not go", is_gone, SECONDS)
        self.check(self.lost)
        assert "go on without it" in self.node.log_tail()
        assert self.node.stop() == 0


def main():
    with workplace() as folder:
        test = Test(sys.argv[1], folder)
        for step in (test.rotten, test.misplaced, test.unreadable, test.unusable, test.emptied,
                     test.removed):
            step()
            print(f"{step.__name__}: as it should be")
    return 0


if __name__ == "__main__":
    sys.exit(main())
