"""Three kcore processes that are one cluster, brokers and controllers at once."""

import os
import pathlib
import subprocess
import sys
import threading

sys.path.append(os.path.join(os.path.dirname(__file__), os.pardir, "support"))
from confluent import Client
from node import Node
from ports import free_ports
from trials import until

CLUSTER = "AAAAAAAAAAAAAAAAAAAAAQ"


def format_node(program, node, cluster=CLUSTER, how=None):
    command = [program, "format", "--config", str(node._properties()), "--cluster-id", cluster]
    subprocess.run([*command, how] if how else command, check=True, stdout=subprocess.DEVNULL)
    assert os.path.isdir(node.folder / "data"), node.folder


def make_nodes(program, folder, settings=()):
    """Formatted, not started; ids 1 to 3."""
    ports = free_ports(6)
    voters = ",".join(f"{i}@127.0.0.1:{ports[i - 1]}" for i in (1, 2, 3))
    nodes = []
    for i in (1, 2, 3):
        place = pathlib.Path(folder) / str(i)
        place.mkdir()
        node = Node(program, place, {
            "node.id": str(i), "controller.quorum.voters": voters,
            "listeners": f"PLAINTEXT://127.0.0.1:{ports[i + 2]},"
                         f"CONTROLLER://127.0.0.1:{ports[i - 1]}", **dict(settings)})
        format_node(program, node)
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


def expect_topics(nodes, topics, seconds=60):
    """These, and no others, on every node."""
    for node in nodes:
        until(f"{node.bootstrap} does not know {topics}",
              lambda bootstrap=node.bootstrap: set(Client(bootstrap).topics()) == topics, seconds)


def bootstrap_of(nodes):
    return ",".join(node.bootstrap for node in nodes)
