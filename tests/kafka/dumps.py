#!/usr/bin/python3
"""kbroker under the name kafka-dump-log says of the files of the sample what Kafka's tool says, and
that one finds nothing wrong with files that kbroker wrote.

dumps.py TOOLS_FOLDER
"""

import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import unittest

import reference
from confluent import Client
from messages import CODECS, samples
from node import SKIPPED, Node


def files(folder, *patterns):
    return sorted(str(path) for pattern in patterns for path in folder.glob(pattern)
                  if ".checkpoint" in pattern or not path.name.startswith("."))


class Dumps(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.TemporaryDirectory(prefix="kcore-dumps-")
        cls.addClassCleanup(cls.place.cleanup)
        with tarfile.open(reference.SAMPLE) as archive:
            archive.extractall(cls.place.name)
        cls.data = pathlib.Path(cls.place.name) / "sample" / "data"

    def same(self, paths, *options):
        self.assertTrue(paths)
        command = [*options, "--files", ",".join(paths)]
        theirs = reference.run("run", "kafka-dump-log", *command)
        ours = subprocess.run([f"{TOOLS}/kafka-dump-log.sh", *command], capture_output=True,
                              check=True, stdin=subprocess.DEVNULL).stdout
        ours = ours.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
        self.assertEqual(self.lines(ours), self.lines(theirs))

    @staticmethod
    def lines(said):
        """Theirs names files with gaps in no order; what is no text Java cuts up as it likes."""
        dumped, gaps, pairs = said.strip().partition("Non-consecutive offsets in ")
        files = sorted((gaps + pairs).split(gaps)) if gaps else []
        return [*("".join(c for c in line if c.isascii()) for line in dumped.split("\n")), *files]

    def test_batches(self):
        self.same(files(self.data, "[a-z]*/*.log"))

    def test_records(self):
        self.same(files(self.data, "[a-z]*/*.log"), "--print-data-log")
        self.same(files(self.data, "[a-z]*/*.log"), "--deep-iteration")
        self.same(files(self.data, "[a-z]*/*.log"), "--print-data-log", "--skip-record-metadata")
        self.same(files(self.data, "transactions-0/*.log"), "--max-bytes", "200")

    def test_indexes_and_producers(self):
        self.same(files(self.data, "*/*.index", "*/*.timeindex"))
        self.same(files(self.data, "*/*.index"), "--verify-index-only")
        self.same(files(self.data, "[a-z]*/*.index", "[a-z]*/*.timeindex"), "--index-sanity-check")
        self.same(files(self.data, "*/*.snapshot"))
        self.same([str(self.data / "meta.properties")])

    def test_internal_topics(self):
        self.same(files(self.data, "__cluster_metadata-0/*.log",
                        "__cluster_metadata-0/*.checkpoint"), "--cluster-metadata-decoder")
        self.same(files(self.data, "__consumer_offsets-*/*.log"), "--offsets-decoder")
        self.same(files(self.data, "__transaction_state-*/*.log"), "--transaction-log-decoder")

    def test_nothing_is_wrong_with_files_of_ours(self):
        with tempfile.TemporaryDirectory(prefix="kcore-dumps-") as folder:
            node = Node(f"{TOOLS}/kbroker", folder).start()
            self.addCleanup(node.kill)
            client = Client(node.bootstrap)
            for codec in CODECS:
                client.create(f"codec-{codec}", 1, segment_bytes=str(1 << 20))
                for _ in range(40):
                    client.produce(f"codec-{codec}", samples(), compression_type=codec)
                client.commit(f"group-{codec}", f"codec-{codec}", 7)
            self.assertEqual(node.stop(), 0)
            data = pathlib.Path(folder) / "data"
            said = reference.run("run", "kafka-dump-log", "--deep-iteration", "--files", ",".join(
                files(data, "*/*.log", "*/*.index", "*/*.timeindex", "*/*.snapshot")))
            self.assertGreater(said.count("isvalid: true"), 100)
            for wrong in ("isvalid: false", "ismatch", "Non-consecutive", "invalid bytes",
                          "Exception", "should be greater"):
                self.assertNotIn(wrong, said)


if __name__ == "__main__":
    missing = reference.why_not()
    if not reference.SAMPLE.exists():
        missing = f"{reference.SAMPLE} is not there"
    if missing:
        print(missing)
        sys.exit(SKIPPED)
    TOOLS = os.path.abspath(sys.argv.pop(1))
    unittest.main()
