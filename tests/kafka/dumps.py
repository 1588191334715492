#!/usr/bin/python3
"""kbroker under the name kafka-dump-log says of the files of the sample what Kafka's tool says, and
that one finds nothing wrong with files that kbroker wrote.

dumps.py TOOLS_FOLDER
"""

import os
import pathlib
import re
import shutil
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
        """What both say on stdout, then what on stderr, is the same; returns the latter."""
        self.assertTrue(paths)
        command = [*options, "--files", ",".join(paths)]
        theirs = reference.ask("run", "kafka-dump-log", *command)
        ours = subprocess.run([f"{TOOLS}/kafka-dump-log.sh", *command], capture_output=True,
                              check=True, stdin=subprocess.DEVNULL)
        self.assertEqual(self.lines(self.text(ours.stdout)), self.lines(theirs.stdout))
        self.assertEqual(self.blocks(self.text(ours.stderr)), self.blocks(theirs.stderr))
        return theirs.stderr

    @staticmethod
    def text(said):
        return said.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")

    @staticmethod
    def lines(said):
        """What is no text Java cuts up as it likes."""
        return ["".join(c for c in line if c.isascii()) for line in said.strip().split("\n")]

    @staticmethod
    def blocks(said):
        """A title each and what is indented below; theirs names the files in no order."""
        return sorted(re.split(r"\n(?! )", said.strip()))

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

    def test_indexes_that_do_not_fit(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        for name in ("log", "index", "timeindex"):
            shutil.copy(self.data / "rolled-0" / f"00000000000000001015.{name}", folder)
        index = folder / "00000000000000001015.index"
        time_index = folder / "00000000000000001015.timeindex"
        for path, at in ((index, 3), (time_index, 7), (time_index, 12 + 11), (time_index, 24 + 3)):
            content = bytearray(path.read_bytes())
            content[at] ^= 1
            path.write_bytes(content)
        said = self.same([str(index), str(time_index)])
        for title in ("Mismatches in :", "Found timestamp mismatch in :", "Found out of order"):
            self.assertIn(title, said)
        self.assertEqual(self.same([str(index), str(time_index)], "--verify-index-only"), said)
        self.same([str(index), str(time_index)], "--index-sanity-check")
        content = bytearray(index.read_bytes())
        content[7] ^= 1
        index.write_bytes(content)
        with self.assertRaises(AssertionError, msg="an index that points between two batches"):
            reference.ask("run", "kafka-dump-log", "--files", str(index))
        ours = subprocess.run([f"{TOOLS}/kafka-dump-log", "--files", str(index)],
                              capture_output=True, text=True, check=False)
        self.assertEqual(ours.returncode, 1)
        self.assertIn("has none there", ours.stderr)

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
                # The samples are of long ago.
                client.create(f"codec-{codec}", 1, segment_bytes=str(1 << 20), retention_ms="-1")
                for _ in range(40):
                    client.produce(f"codec-{codec}", samples(), compression_type=codec)
                client.commit(f"group-{codec}", f"codec-{codec}", 7)
            self.assertEqual(node.stop(), 0)
            data = pathlib.Path(folder) / "data"
            said = reference.ask("run", "kafka-dump-log", "--deep-iteration", "--files", ",".join(
                files(data, "*/*.log", "*/*.index", "*/*.timeindex", "*/*.snapshot")))
            self.assertGreater(said.stdout.count("isvalid: true"), 100)
            for wrong in ("isvalid: false", "ismatch", "Non-consecutive", "invalid bytes",
                          "Exception", "should be greater"):
                self.assertNotIn(wrong, said.stdout + said.stderr)


if __name__ == "__main__":
    missing = reference.why_not()
    if not reference.SAMPLE.exists():
        missing = f"{reference.SAMPLE} is not there"
    if missing:
        print(missing)
        sys.exit(SKIPPED)
    TOOLS = os.path.abspath(sys.argv.pop(1))
    unittest.main()
