#!/usr/bin/python3
"""Three nodes are the quorum of their cluster: each is killed once, the others go on.

quorum.py KBROKER

Every node is killed with -9 in turn; meanwhile a topic is made through another. At the end all
nodes know all topics, and so do they after a restart of everything.
"""

import os
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.append(os.path.join(os.path.dirname(__file__), os.pardir, "support"))
from confluent import Client
from node import Node

CLUSTER = "AAAAAAAAAAAAAAAAAAAAAQ"
SECONDS = 60


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def make_nodes(program, folder):
    ports = free_ports(6)
    voters = ",".join(f"{i}@127.0.0.1:{ports[i - 1]}" for i in (1, 2, 3))
    nodes = []
    for i in (1, 2, 3):
        place = os.path.join(folder, str(i))
        os.mkdir(place)
        node = Node(program, place, {
            "node.id": str(i), "controller.quorum.voters": voters,
            "listeners": f"PLAINTEXT://127.0.0.1:{ports[i + 2]},"
                         f"CONTROLLER://127.0.0.1:{ports[i - 1]}"})
        data = os.path.join(place, "data")
        subprocess.run([program, "format", "--config", str(node._properties()), "--cluster-id",
                        CLUSTER], check=True, stdout=subprocess.DEVNULL)
        assert os.path.isdir(data), data
        nodes.append(node)
    return nodes


def start_all(nodes):
    errors = []

    def start(node):
        try:
            node.start()
        except AssertionError as failed:
            errors.append(failed)

    threads = [threading.Thread(target=start, args=(node,)) for node in nodes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def expect_topics(nodes, topics):
    end = time.monotonic() + SECONDS
    for node in nodes:
        while set(Client(node.bootstrap).topics()) != topics:
            assert time.monotonic() < end, f"{node.bootstrap} does not know {topics}"
            time.sleep(0.2)


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
