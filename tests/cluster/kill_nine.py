#!/usr/bin/python3
"""kill -9 in a loop under load: what was acknowledged with flush.messages=1 is there, once.

kill_nine.py KBROKER [ROUNDS]

An idempotent producer writes numbered values while the broker is killed and started again on the
same directory. At the end everything is read back. Nothing acknowledged may be missing or stand at
another offset, no value may stand twice, none may be there that was never sent, and each
partition's values must rise.
"""

import os
import random
import sys
import tempfile

sys.path.append(os.path.join(os.path.dirname(__file__), os.pardir, "support"))
from node import Node
from records import Writer, check, create_topic, read_all

SEED = 20_26


def main():
    program, rounds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 10
    chance = random.Random(SEED)
    with tempfile.TemporaryDirectory(prefix="kcore-kill-") as folder:
        node = Node(program, folder).start()
        create_topic(node.bootstrap, flush_messages=1, segment_bytes=1 << 20)
        writer = Writer(node.bootstrap)
        writer.start()
        for _ in range(rounds):
            # The kill falls at a random moment of the load: a deadline in progress, not a pause.
            writer.expect_more(chance.randrange(1, 400))
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
