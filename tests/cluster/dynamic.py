#!/usr/bin/python3
"""A quorum that grows (KIP-853): one node is formatted as its only voter, two more join.

dynamic.py KBROKER

Then the first is killed: the other two are a majority of three, and a topic can be made.
"""

import os
import pathlib
import sys
import tempfile
import time

sys.path.append(os.path.join(os.path.dirname(__file__), os.pardir, "support"))
from confluent import Client, KafkaException
from node import Node
from ports import free_ports
from trials import until
from trio import expect_topics, format_node

SECONDS = 60


def make_nodes(program, folder):
    ports = free_ports(6)
    nodes = []
    for i in (1, 2, 3):
        place = pathlib.Path(folder) / str(i)
        place.mkdir()
        node = Node(program, place, {
            "node.id": str(i),
            "controller.quorum.voters": "",
            "controller.quorum.bootstrap.servers": f"127.0.0.1:{ports[0]}",
            "controller.quorum.auto.join.enable": "true",
            "listeners": f"PLAINTEXT://127.0.0.1:{ports[i + 2]},"
                         f"CONTROLLER://127.0.0.1:{ports[i - 1]}"})
        format_node(program, node, how="--standalone" if i == 1 else "--no-initial-controllers")
        nodes.append(node)
    return nodes


def create(node, topic):
    """Until it succeeds: a node that has just lost its leader may need another try."""
    why = []

    def is_made():
        try:
            Client(node.bootstrap).create(topic, 1)
            return True
        except KafkaException as failed:
            why.append(failed)
            return False

    until(lambda: str(why[-1]), is_made, SECONDS)


def await_line(node, text):
    until(lambda: f"never said {text!r}: {node.log_tail()}",
          lambda: text in node._log_path().read_text(errors="replace"), SECONDS)


def main(program):
    with tempfile.TemporaryDirectory(prefix="kcore-dynamic-") as folder:
        nodes = make_nodes(program, folder)
        for node in nodes:
            node.start()
        create(nodes[2], "together")
        for node in nodes[1:]:
            await_line(node, "voters=3")
        nodes[0].kill()
        began = time.monotonic()
        create(nodes[1], "without-the-first")
        print(f"a topic was made {time.monotonic() - began:.1f} s after the first voter died")
        nodes[0].start()
        expect_topics(nodes, {"together", "without-the-first"})
        for node in reversed(nodes):
            assert node.stop() == 0


if __name__ == "__main__":
    main(sys.argv[1])
