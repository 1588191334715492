#!/usr/bin/python3
"""kbroker on a directory that Apache Kafka 4.4.0 wrote and a Java client described: every record
under both isolation levels, the ends, settings and committed offsets.

sample.py KBROKER
"""

import json
import pathlib
import re
import shutil
import sys
import tarfile
import tempfile
import unittest

import reference
from confluent import Client
from node import SKIPPED, Node

PLACES = ("listeners", "controller.quorum.voters", "log.dirs")  # Where it lay and listened.


def shown(data):
    """Bytes as the manifest has them: in hex, long ones by length and Java's hash."""
    if data is None:
        return "null"
    if len(data) <= 24:
        return data.hex() + "."
    value = 1
    for byte in data:
        value = (31 * value + (byte - 256 if byte > 127 else byte)) & 0xFFFFFFFF
    return f"{len(data)}#{value:x}"


def line(message):
    kind, stamp = message.timestamp()
    parts = [str(message.offset()), {1: "CreateTime", 2: "LogAppendTime"}[kind], str(stamp),
             shown(message.key()), shown(message.value())]
    return " ".join(parts + [f"{key}={shown(value)}" for key, value in message.headers() or ()])


class Sample(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="kcore-sample-"))
        with tarfile.open(reference.SAMPLE) as archive:
            archive.extractall(cls.folder)
        place = cls.folder / "sample"
        cls.manifest = json.loads((place / "manifest.json").read_text())
        pairs = (text.split("=", 1) for text in (place / "server.properties").read_text().split())
        settings = {key: value for key, value in pairs if key not in PLACES}
        cls.node = Node(PROGRAM, place, settings).start()
        cls.client = Client(cls.node.bootstrap)

    @classmethod
    def tearDownClass(cls):
        cls.node.kill()
        shutil.rmtree(cls.folder, ignore_errors=True)

    def partitions(self):
        for topic, described in self.manifest["topics"].items():
            for number, partition in enumerate(described["partitions"]):
                if not topic.startswith("__"):
                    yield topic, number, partition

    def test_every_record_is_there_under_both_isolation_levels(self):
        for topic, number, partition in self.partitions():
            for isolation in ("read_uncommitted", "read_committed"):
                with self.subTest(topic=topic, partition=number, isolation=isolation):
                    found, end = self.client.read(topic, number, isolation_level=isolation)
                    self.assertEqual([line(m) for m in found], partition[isolation])
                    self.assertEqual(end, partition[f"end {isolation}"])

    def test_the_partitions_begin_and_end_where_they_did(self):
        for topic, number, partition in self.partitions():
            with self.subTest(topic=topic, partition=number):
                self.assertEqual(self.client.ends(topic, number),
                                 (partition["start"], partition["end"]))

    def test_topics_have_their_settings(self):
        topics = {name: topic for name, topic in self.manifest["topics"].items()
                  if not name.startswith("__")}
        self.assertEqual(self.client.topics(),
                         {name: len(topic["partitions"]) for name, topic in topics.items()})
        for name, topic in topics.items():
            self.assertEqual(self.client.config(name), topic["settings"], name)

    def test_groups_have_their_offsets(self):
        for group, offsets in self.manifest["groups"].items():
            for place, committed in offsets.items():
                topic, _, partition = place.rpartition("-")
                self.assertEqual(self.client.committed(group, topic, int(partition)),
                                 int(committed.split()[0]), (group, place))

    def test_a_java_client_sees_what_it_saw(self):
        missing = reference.why_not("javac")
        if missing:
            self.skipTest(missing)
        try:
            said = reference.run("check-sample", self.folder / "sample" / "manifest.json",
                                 self.node.bootstrap)
        except AssertionError as failed:
            missing = re.search(r"UnsupportedVersionException: (.*)", str(failed))
            if not missing:
                raise
            self.skipTest(missing[1])
        self.assertEqual(said, "same")


if __name__ == "__main__":
    if not reference.SAMPLE.exists():
        print(f"{reference.SAMPLE} is not there")
        sys.exit(SKIPPED)
    PROGRAM = sys.argv.pop(1)
    unittest.main()
