#!/usr/bin/python3
"""kbroker log: damaged logs of a broker that was stopped, made usable again."""

import os
import unittest

import harness
from node import Node

SEGMENT = "00000000000000000000.log"


@unittest.skipUnless(harness.has("kbroker"), "kbroker is not built")
class Repair(harness.Case):
    needs_broker = False

    def setUp(self):
        super().setUp()
        self.node = Node(harness.tool("kbroker"), self.home.name).start()
        self.addCleanup(self.node.kill)
        self.bootstrap = ("-b", self.node.bootstrap)
        self.topic = self.name
        self.ok("ktopics", "create", self.topic, "-c", "segment.bytes=1048576", *self.bootstrap)
        # Batches of one record each, over three segments.
        self.values = [f"{i}-" + "v" * 60_000 for i in range(40)]
        for first in range(0, 40, 10):
            self.ok("kproduce", self.topic, "-X", "batch.size=1", "-X",
                    "max.in.flight.requests.per.connection=1", *self.bootstrap,
                    stdin="\n".join(self.values[first:first + 10]))
        self.folder = f"{self.home.name}/data/{self.topic}-0"

    def read(self):
        bootstrap = ("-b", self.node.bootstrap)
        return self.ok("kconsume", self.topic, "-e", "-q", *bootstrap).out.splitlines()

    def flip(self, position, name=SEGMENT):
        with open(f"{self.folder}/{name}", "r+b") as file:
            file.seek(position)
            byte = file.read(1)
            file.seek(position)
            file.write(bytes([byte[0] ^ 0xff]))

    def repair(self, *options):
        return self.run_tool("kbroker", "log", "repair", self.folder, "-o", "json", *options)

    def test_the_dump_in_kafkas_words_names_what_does_not_fit(self):
        self.assertEqual(self.node.stop(), 0)
        index = f"{self.folder}/{SEGMENT[:-4]}.index"
        whole = self.ok("kafka-dump-log", "--files", index)
        self.assertIn("offset: 1 position: ", whole.out)
        self.assertEqual(whole.err, "")
        self.flip(3, SEGMENT[:-4] + ".index")
        told = self.ok("kafka-dump-log", "--files", index, "--verify-index-only")
        self.assertEqual(told.out, f"Dumping {index}\n")
        self.assertEqual(told.err, f"Mismatches in :{index}\n  Index offset: 254, log offset: 1\n")
        half = self.ok("kafka-dump-log", "--files", f"{self.folder}/{SEGMENT}", "--max-bytes", "0")
        self.assertEqual(half.out.splitlines()[1:], ["Log starting offset: 0"])
        other = self.ok("kafka-dump-log", "--files", f"{self.folder}/notes")
        self.assertEqual(other.err, f"Ignoring unknown file {self.folder}/notes\n")

    def test_a_log_that_is_whole_is_left_alone(self):
        self.assertEqual(self.node.stop(), 0)
        said = self.repair("--apply")
        self.assertEqual((said.code, said.json()["repairs"]), (0, []))
        self.assertIn("nothing to repair", said.err)

    def test_damage_is_left_out_and_the_rest_is_read(self):
        self.assertEqual(self.node.stop(), 0)
        before = sorted(os.listdir(self.folder))
        self.flip(3 * 60_200)  # In the third or fourth batch.
        said = self.repair()
        self.assertEqual(said.code, 5, said.err)
        row = said.json()["repairs"][0]
        self.assertEqual((row["file"], row["done"]), (f"{self.folder}/{SEGMENT}", False))
        self.assertIn("checksum", row["problem"])
        self.assertIn("leave out bytes ", row["action"])
        self.assertEqual(sorted(os.listdir(self.folder)), before)
        said = self.repair("--apply")
        self.assertEqual(said.code, 0, said.err)
        self.assertTrue(all(row["done"] for row in said.json()["repairs"]))
        self.assertIn(f"{SEGMENT}.damaged", os.listdir(self.folder))
        self.assertEqual(self.repair().code, 0)
        self.ok("kbroker", "log", "verify", f"{self.folder}/{SEGMENT}")
        self.node.start()
        left = self.read()
        self.assertEqual(len(left), 39)
        self.assertEqual([value for value in self.values if value in left], left)

    def test_a_segment_that_ends_in_damage_keeps_those_behind_it_after_a_kill(self):
        self.node.kill()
        size = os.path.getsize(f"{self.folder}/{SEGMENT}")
        self.flip(size - 100)
        self.node.start()
        said = self.run_tool("kconsume", self.topic, "-e", "--timeout", "2s", "-b",
                             self.node.bootstrap)
        self.assertNotEqual(said.code, 0)
        self.assertEqual(self.node.stop(), 0)
        said = self.repair("--apply")
        self.assertEqual(said.code, 0, said.err)
        self.node.start()
        left = self.read()
        self.assertEqual(len(left), 39)
        self.assertEqual([value for value in self.values if value in left], left)

    def test_a_tail_is_cut_off_and_the_log_goes_on(self):
        self.assertEqual(self.node.stop(), 0)
        last = max(name for name in os.listdir(self.folder) if name.endswith(".log"))
        size = os.path.getsize(f"{self.folder}/{last}")
        self.flip(size - 100, last)
        said = self.repair("--apply")
        self.assertEqual(said.code, 0, said.err)
        self.assertIn("; the end is offset 39", said.json()["repairs"][0]["action"])
        self.node.start()
        self.assertEqual(self.read(), self.values[:39])
        self.ok("kproduce", self.topic, "-b", self.node.bootstrap, stdin="again")
        self.assertEqual(self.read(), [*self.values[:39], "again"])

    def test_a_broker_that_runs_is_not_disturbed(self):
        said = self.repair("--apply")
        self.assertEqual(said.code, 1)
        self.assertIn("a broker is running on it", said.err)


if __name__ == "__main__":
    harness.main()
