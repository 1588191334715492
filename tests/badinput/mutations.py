#!/usr/bin/python3
"""Requests of every kind with bytes flipped, inserted, deleted and doubled: the broker stays alive,
its memory stays bounded, and another client is served.

mutations.py KBROKER [FRAMES [SEED]]
"""

import itertools
import json
import os
import random
import socket
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path += [HERE, os.path.join(HERE, os.pardir, "support")]

import bad_input
import floods
import rows
from node import Node, workplace
from wire import SCHEMAS, Connection, contains, framed, request

FRAMES, SEED = 20_000, 1
MOST_BYTES = 256 << 20
AT_ONCE = 5
WAIT_SECONDS = 2
# One bit may make of these a good request: that ends the broker, that makes 10,000 partitions.
HARMFUL = (64, 37)
SETTINGS = {**bad_input.SETTINGS, "create.topic.policy.rules": "partitions<=100"}


def seeds():
    """A request of each API and version with its defaults, and those of the tables."""
    for path in sorted(SCHEMAS.glob("*.json")):
        schema = json.loads(path.read_text(encoding="utf-8"))
        if "broker" not in schema["listeners"]:
            continue
        versions = schema["request"]["versions"]
        for version in (number for number in range(25) if contains(versions, number)):
            yield framed(request(schema["name"], version))
    for table in bad_input.TABLES.values():
        for row in table.ROWS:
            yield row.send() if callable(row.send) else row.send


def mutated(frame, dice):
    body = bytearray(frame[4:])
    for _ in range(dice.choice((1, 1, 2, 5))):
        at = dice.randrange(len(body) + 1)
        size = dice.choice((1, 1, 1, 2, 4, 8))
        kind = dice.randrange(5)
        if kind == 0 and body:
            body[at % len(body)] ^= 1 << dice.randrange(8)
        elif kind == 1:
            body[at:at] = dice.randbytes(size)
        elif kind == 2:
            del body[at:at + size]
        elif kind == 3:
            body[at:at] = body[at:at + size]
        else:
            body[at:at + size] = struct.pack(">q", dice.choice((-1, 0, 1, 127, 32767, -2**31,
                                                                2**31 - 1)))[-size:]
    # Most frames say how long they are.
    size = len(body) if dice.random() < 0.97 else dice.randrange(-5, 2 * len(body) + 5)
    return struct.pack(">i", size) + bytes(body)


def finish(connection):
    """Lets the broker read all of it; one that waits for more bytes sees that none come."""
    with connection:
        connection.wait(WAIT_SECONDS)
        try:
            connection.socket.shutdown(socket.SHUT_WR)
            while connection.socket.recv(1 << 16):
                pass
        except (OSError, TimeoutError):
            pass


def send_all(bootstrap, frames):
    """Some over each connection; what follows one that closes it is lost."""
    while some := list(itertools.islice(frames, AT_ONCE)):
        connection = Connection(bootstrap)
        for frame in some:
            connection.send(frame)
        finish(connection)


def main(program, frames=FRAMES, seed=SEED):
    dice = random.Random(int(seed))
    with workplace() as folder:
        node = Node(program, folder, SETTINGS).start()
        bad_input.prepare(node.bootstrap)
        plain = [frame for frame in seeds() if 8 < len(frame) < 100_000
                 and struct.unpack_from(">h", frame, 4)[0] not in HARMFUL]
        peak = floods.Peak(node.process.pid)
        bystander = floods.Bystander(node.bootstrap, "untouched")
        send_all(node.bootstrap, (mutated(dice.choice(plain), dice) for _ in range(int(frames))))
        p99, most = bystander.end(), peak.end()
        assert node.process.poll() is None, f"it ended: {node.log_tail()}"
        assert most < MOST_BYTES, f"{most >> 20} MiB"
        with Connection(node.bootstrap) as connection:
            rows.stays(connection)
        code = node.stop()
        assert code == 0, f"the broker ended with {code}: {node.log_tail()}"
    print(f"{frames} frames, seed {seed}: at most {most >> 20} MiB, p99 {p99 * 1000:.0f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
