#!/usr/bin/python3
"""Brokers of both kinds in one cluster: kcore's under Apache Kafka's controller, and the other way.

KCORE_KBROKER names the program. Each time the guest is given replicas of topics that it leads and
that it follows; it serves clients, goes in order, comes back and catches up. At the end the
segments of both are the same, byte by byte.
"""

import os
import pathlib
import re
import sys
import tempfile
import unittest

import reference
from confluent import AdminClient, Client, NewTopic, plain
from messages import samples
from node import ROOT, SKIPPED, Node
from ports import free_ports
from trials import SECONDS, settled, until

sys.path.append(str(ROOT / "tests" / "cluster"))
from trio import format_node

PROGRAM = os.environ.get("KCORE_KBROKER", f"{ROOT}/build/release/apps/kbroker")
HOST, GUEST = 1, 11


def properties(path):
    lines = pathlib.Path(path).read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def segments(data, topic):
    place = pathlib.Path(data) / f"{topic}-0"
    return b"".join(file.read_bytes() for file in sorted(place.glob("*.log")))


class Mixed(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="kcore-mixed-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def in_sync(self, admin, topic, replicas, leader=None):
        def state():
            found = admin.list_topics(topic, timeout=SECONDS).topics[topic].partitions.get(0)
            return found and (found.leader if leader else None, sorted(found.isrs))

        want = leader, sorted(replicas)
        self.assertEqual(settled(state, want), want, topic)

    def check(self, host, guest, host_data, guest_data, stop_guest, start_guest):
        """`host` and `guest`: addresses of brokers; the other two are calls."""
        admin = AdminClient({"bootstrap.servers": host, "log_level": 0})
        everybody = Client(f"{host},{guest}")
        self.assertEqual(settled(lambda: sorted(admin.list_topics(timeout=SECONDS).brokers),
                                 [HOST, GUEST]), [HOST, GUEST])
        leaders = {"led": GUEST, "followed": HOST}
        for topic, first in leaders.items():
            other = HOST + GUEST - first
            new = NewTopic(topic, 1, replica_assignment=[[first, other]],
                           config={"segment.bytes": "1048576", "min.insync.replicas": "2",
                                   "retention.ms": "-1"})  # The samples are old.
            admin.create_topics([new])[topic].result(SECONDS)
            self.in_sync(admin, topic, [HOST, GUEST], first)
        expected = {}
        for topic in leaders:
            expected[topic] = [*samples(), *samples()]
            for codec, part in (("none", 0), ("zstd", 1)):
                half = len(expected[topic]) // 2
                everybody.produce(topic, expected[topic][part * half:(part + 1) * half],
                                  acks="all", compression_type=codec, enable_idempotence=True)
            self.read_same(everybody, topic, expected[topic])
        everybody.commit("group", "led", 5)
        self.assertEqual(everybody.committed("group", "led"), 5)

        stop_guest()
        for topic in leaders:
            self.in_sync(admin, topic, [HOST], HOST)
            self.read_same(Client(host), topic, expected[topic])
            Client(host).produce(topic, samples(), acks="1")
            expected[topic] += samples()
        start_guest()
        for topic in leaders:
            self.in_sync(admin, topic, [HOST, GUEST])
            everybody.produce(topic, samples(), acks="all")
            expected[topic] += samples()
            self.read_same(everybody, topic, expected[topic])
        for topic in leaders:
            until(f"{topic}: the segments differ", lambda topic=topic:
                  segments(host_data, topic) == segments(guest_data, topic))

    def read_same(self, client, topic, messages):
        found, _ = client.read(topic)
        self.assertEqual([plain(m) for m in found], messages, topic)

    def test_a_broker_of_ours_under_their_controller(self):
        host = reference.Kafka(self.folder / "kafka", **SETTINGS)
        theirs = properties(host.config)
        meta = properties(host.data / "meta.properties")
        place = self.folder / "kcore"
        place.mkdir()
        guest = Node(PROGRAM, place, {
            "process.roles": "broker", "node.id": str(GUEST),
            "listeners": f"PLAINTEXT://127.0.0.1:{free_ports(1)[0]}",
            "controller.listener.names": theirs["controller.listener.names"],
            "controller.quorum.voters": theirs["controller.quorum.voters"],
            **{key.replace("_", "."): value for key, value in SETTINGS.items()}})
        format_node(PROGRAM, guest, meta["cluster.id"])
        try:
            guest.start()
            self.check(host.bootstrap, guest.bootstrap, host.data, place / "data", guest.stop,
                       guest.start)
            self.assertEqual(guest.stop(), 0)
        finally:
            guest.kill()
            host.stop()

    def test_a_broker_of_theirs_under_our_controller(self):
        ports = free_ports(2)
        place = self.folder / "kcore"
        place.mkdir()
        voters = f"{HOST}@127.0.0.1:{ports[1]}"
        host = Node(PROGRAM, place, {
            "node.id": str(HOST), "controller.quorum.voters": voters,
            "listeners": f"PLAINTEXT://127.0.0.1:{ports[0]},CONTROLLER://127.0.0.1:{ports[1]}",
            **{key.replace("_", "."): value for key, value in SETTINGS.items()}})
        format_node(PROGRAM, host, CLUSTER)
        host.start()
        guest = self.folder / "kafka"
        given = [part for key, value in SETTINGS.items()
                 for part in ("--set", f"{key.replace('_', '.')}={value}")]
        try:
            bootstrap = reference.run("start", guest, "--nodes", 1, "--first-id", GUEST,
                                      "--cluster-id", CLUSTER, "--voters", voters, *given)
            data = re.search(r"^log\.dirs=(.*)$", next(guest.glob("node-*/server.properties"))
                             .read_text(), re.MULTILINE).group(1)
            self.check(host.bootstrap, bootstrap, place / "data", data,
                       lambda: reference.run("stop", guest),
                       lambda: reference.run("resume", guest))
        finally:
            reference.run("stop", guest)
            self.assertEqual(host.stop(), 0)


CLUSTER = "AAAAAAAAAAAAAAAAAAAAAQ"
SETTINGS = {"offsets_topic_replication_factor": "1", "offsets_topic_num_partitions": "1",
            "replica_lag_time_max_ms": "5000", "auto_create_topics_enable": "false"}

if __name__ == "__main__":
    MISSING = reference.why_not()
    if MISSING:
        print(f"skipped: {MISSING}")
        sys.exit(SKIPPED)
    unittest.main(verbosity=2)
