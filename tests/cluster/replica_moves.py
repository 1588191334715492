#!/usr/bin/python3
"""Partitions that move between log directories while they are written to and the broker is killed:
what was acknowledged with flush.messages=1 is there, once.

replica_moves.py KBROKER [ROUNDS]
"""

import os
import pathlib
import random
import socket
import struct
import sys
import tempfile
import time

sys.path.append(os.path.join(os.path.dirname(__file__), os.pardir, "support"))
from node import Node
from records import PARTITIONS, TOPIC, Writer, check, create_topic, read_all
from trials import until

ALTER_REPLICA_LOG_DIRS = 34
DESCRIBE_LOG_DIRS = 35
SECONDS = 60
SEED = 20_26


def text(value):
    return struct.pack(">h", len(value)) + value.encode()


def ask(bootstrap, api, body):
    """The answer to version 1 of an API, behind its correlation id."""
    host, port = bootstrap.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=SECONDS) as connection:
        frame = struct.pack(">hhi", api, 1, 7) + text("mover") + body
        connection.sendall(struct.pack(">i", len(frame)) + frame)
        size = struct.unpack(">i", exactly(connection, 4))[0]
        return exactly(connection, size)[4:]


def exactly(connection, count):
    data = b""
    while len(data) < count:
        part = connection.recv(count - len(data))
        if not part:
            raise ConnectionError("closed")
        data += part
    return data


def move(bootstrap, partition, path):
    """The error code."""
    body = (struct.pack(">i", 1) + text(path) + struct.pack(">i", 1) + text(TOPIC) +
            struct.pack(">ii", 1, partition))
    return struct.unpack(">h", ask(bootstrap, ALTER_REPLICA_LOG_DIRS, body)[-2:])[0]


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def number(self, kind):
        value = struct.unpack_from(">" + kind, self.data, self.at)[0]
        self.at += struct.calcsize(">" + kind)
        return value

    def text(self):
        size = self.number("h")
        self.at += size
        return self.data[self.at - size:self.at].decode()


def places(bootstrap):
    """{partition: [(directory, is a copy)]}"""
    reader = Reader(ask(bootstrap, DESCRIBE_LOG_DIRS, struct.pack(">i", -1)))
    found = {}
    reader.number("i")
    for _ in range(reader.number("i")):
        reader.number("h")
        path = reader.text()
        for _ in range(reader.number("i")):
            topic = reader.text()
            for _ in range(reader.number("i")):
                partition = reader.number("i")
                reader.number("q"), reader.number("q")
                is_copy = bool(reader.number("b"))
                if topic == TOPIC:
                    found.setdefault(partition, []).append((path, is_copy))
    return found


class Test:
    def __init__(self, program, folder):
        self.paths = [os.path.join(folder, name) for name in ("first", "second")]
        self.node = Node(program, folder, {
            "log.dirs": ",".join(self.paths), "file.delete.delay.ms": "1000",
            "log.flush.offset.checkpoint.interval.ms": "500"})
        self.node.start()
        self.random = random.Random(SEED)
        create_topic(self.node.bootstrap, flush_messages=1, segment_bytes=1 << 20)

    def round(self):
        """A while of moves, then a kill in the middle of one more."""
        end = time.monotonic() + self.random.uniform(0.5, 1.5)
        while time.monotonic() < end:
            self.move()
            time.sleep(self.random.uniform(0, 0.2))
        self.move()
        time.sleep(self.random.uniform(0, 0.02))
        self.node.kill()
        self.node.start()

    def move(self):
        code = move(self.node.bootstrap, self.random.randrange(PARTITIONS),
                    self.random.choice(self.paths))
        assert code == 0, code

    def settle(self):
        """Until nothing moves any more."""
        until(lambda: f"still moving: {places(self.node.bootstrap)}",
              lambda: all(len(found) == 1 for found in places(self.node.bootstrap).values()),
              SECONDS)
        found = places(self.node.bootstrap)
        assert sorted(found) == [*range(PARTITIONS)], found
        for partition, (place,) in found.items():
            assert os.path.isdir(f"{place[0]}/{TOPIC}-{partition}"), found
        left = [name for path in self.paths for name in os.listdir(path)
                if name.endswith("-future")]
        assert not left, left


def main():
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 8
    with tempfile.TemporaryDirectory(prefix="kcore-moves-") as folder:
        test = Test(sys.argv[1], folder)
        writer = Writer(test.node.bootstrap)
        writer.start()
        for _ in range(rounds):
            test.round()
        for _ in range(20):
            test.move()
        test.settle()
        unsent = writer.finish()
        problems = check(writer, read_all(test.node.bootstrap))
        moved = sum(log.read_text().count("replica moved")
                    for log in pathlib.Path(folder).glob("start-*.log"))
        print(f"{rounds} kills, {moved} moves, {len(writer.acked)} acknowledged of {writer.sent}, "
              f"{len(writer.failed)} failed, {len(problems)} problems")
        assert moved >= rounds and not problems, problems[:10]
        assert not unsent and not writer.failed, [*writer.failed.items()][:3]
        assert test.node.stop() == 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
