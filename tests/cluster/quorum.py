#!/usr/bin/python3
"""Three nodes are the quorum of their cluster: each is killed once, the others go on.

quorum.py KBROKER

Every node is killed with -9 in turn; meanwhile a topic is made through another. At the end all
nodes know all topics, and so do they after a restart of everything.
"""

import os
import sys
import tempfile
import time

sys.path.append(os.path.join(os.path.dirname(__file__), os.pardir, "support"))
from confluent import Client
from trio import expect_topics, make_nodes, start_all


def main(program):
    topics = set()
    with tempfile.TemporaryDirectory() as folder:
        nodes = make_nodes(program, folder)
        start_all(nodes)
        for i, node in enumerate(nodes):
            node.kill()
            other = nodes[(i + 1) % 3]
            began = time.monotonic()
            Client(other.bootstrap).create(f"without-{i + 1}", 1)
            topics.add(f"without-{i + 1}")
            print(f"node {i + 1} killed: a topic was made after {time.monotonic() - began:.1f} s")
            node.start()
        expect_topics(nodes, topics)
        for node in nodes:
            node.stop()
        start_all(nodes)
        expect_topics(nodes, topics)
        for node in nodes:
            node.stop()


if __name__ == "__main__":
    main(sys.argv[1])
