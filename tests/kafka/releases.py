#!/usr/bin/python3
"""Directories of earlier releases of Apache Kafka, those whose jars are installed: opened by
kbroker, written to, and opened by that release again. The levels of the features that the cluster
was left at stay.

KCORE_KBROKER names the program.
"""

import os
import pathlib
import re
import shutil
import sys
import tempfile
import unittest

import reference
from confluent import Client
from directory import PROGRAM, Content
from node import SKIPPED, Node

LATEST = "4.4.0"


def installed():
    """Releases before the latest one, in order."""
    names = (path.parent.name.removeprefix("broker-")
             for path in reference.CACHE.glob("broker-*/.complete"))
    return sorted((name for name in names if name != LATEST),
                  key=lambda name: [int(number) for number in name.split(".")])


class Releases(unittest.TestCase):
    def visit(self, release):
        os.environ["KAFKA_BROKER_VERSION"] = release
        self.addCleanup(os.environ.pop, "KAFKA_BROKER_VERSION")
        folder = pathlib.Path(tempfile.mkdtemp(prefix="kcore-release-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        # Little between two snapshots of the metadata, so that both write some and read them.
        kafka = reference.Kafka(folder / "kafka", offsets_topic_num_partitions=4,
                                metadata_log_max_record_bytes_between_snapshots=2000)
        self.addCleanup(kafka.kill)
        client = Client(kafka.bootstrap)
        content = Content(self)
        content.check(client)
        content.grow(client)
        levels = self.levels(kafka)
        kafka.stop()
        ours = Node(PROGRAM, folder, config=kafka.config)
        self.addCleanup(ours.kill)
        ours.start()
        self.assertEqual(self.levels(kafka), levels)
        content.check(client)
        content.grow(client)
        self.assertEqual(ours.stop(), 0)
        kafka.start()
        self.assertEqual(self.levels(kafka), levels)
        content.check(client)
        content.grow(client)

    def levels(self, kafka):
        """Of the features, as finalized."""
        said = reference.run("run", "kafka-features", "--bootstrap-server", kafka.bootstrap,
                             "describe")
        found = dict(re.findall(r"Feature: (\S+)\s.*FinalizedVersionLevel: (\S+)", said))
        self.assertIn("metadata.version", found, said)
        return {name: level for name, level in found.items() if level != "0"}


def add_tests():
    for release in installed():
        def test(self, release=release):
            self.visit(release)
        setattr(Releases, f"test_{release.replace('.', '_')}", test)


if __name__ == "__main__":
    missing = reference.why_not() or (None if installed() else "no earlier release is installed")
    if missing:
        print(missing)
        sys.exit(SKIPPED)
    add_tests()
    unittest.main()
