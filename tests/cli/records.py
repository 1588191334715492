#!/usr/bin/python3
"""kproduce and kconsume against a broker."""

import base64
import json
import random
import subprocess

import harness


class Records(harness.Case):
    def read(self, *options):
        return self.ok("kconsume", self.name, "-e", "-q", *options)

    def test_lines_go_in_and_come_out(self):
        self.topic("-p", "1")
        said = self.ok("kproduce", self.name, stdin="one\ntwo\n\nfour")
        self.assertRegex(said.err, r"^4 sent, 4 acked, 0 failed, [\d.]+s \(\d+/s\), "
                                   r"partitions 0:4\n$")
        self.assertEqual(self.read().out, "one\ntwo\n\nfour\n")

    def test_keys_headers_and_tombstones(self):
        self.topic("-p", "1")
        self.ok("kproduce", self.name, "-K", ":", "-Z", "-H", "x=1", "-H", "n", "-H", "e=",
                stdin="a:1\nb:\n")
        rows = self.read("-J").lines()
        self.assertEqual([(r["key"], r["value"]) for r in rows], [("a", "1"), ("b", None)])
        self.assertEqual(rows[0]["headers"], [["x", "1"], ["n", None], ["e", ""]])

    def test_failed_lines_are_named_and_the_rest_is_sent(self):
        self.topic("-p", "1")
        said = self.run_tool("kproduce", self.name, "-K", ":", stdin="a:1\nbroken\nc:3\n")
        self.assertEqual(said.code, 1)
        self.assertIn("line 2: no ':' between key and value\n", said.err)
        self.assertIn("2 sent, 2 acked, 1 failed", said.err)
        self.assertEqual(self.read().out, "1\n3\n")

    def test_every_codec_reads_back(self):
        self.topic("-p", "1")
        expected = ""
        for codec in ("none", "gzip", "snappy", "lz4", "zstd"):
            text = "".join(f"{codec} {i}\n" for i in range(1000))
            self.ok("kproduce", self.name, "-z", codec, stdin=text)
            expected += text
        self.assertEqual(self.read().out, expected)

    def random_line(self, rng):
        def blob(none):
            kind = rng.randrange(4 if none else 3)
            size = rng.randrange(20)
            if kind == 0:
                return "x" * size, None
            if kind == 1:
                return base64.b64encode(rng.randbytes(size)).decode(), "base64"
            return ("", None) if kind == 2 else (None, None)
        record = {"partition": rng.randrange(3), "ts": 1735689600000 + rng.randrange(1000)}
        for field in ("key", "value"):
            text, encoding = blob(True)
            record[field] = text
            if encoding:
                record[field + "_enc"] = encoding
        record["headers"] = []
        for _ in range(rng.randrange(4)):
            text, encoding = blob(True)
            header = [rng.choice(["a", "a", "b"]), text]
            record["headers"].append(header + [encoding] if encoding else header)
        return json.dumps(record)

    def essence(self, topic):
        rows = self.ok("kconsume", topic, "-e", "-q", "-J").lines()
        return sorted((r["partition"], r["offset"], r["ts"], r["key"], r.get("key_enc"), r["value"],
                       r.get("value_enc"), r["headers"]).__repr__() for r in rows)

    def test_record_lines_are_loss_free(self):
        self.topic("-p", "3")
        rng = random.Random(7)
        lines = "\n".join(self.random_line(rng) for _ in range(500))
        self.ok("kproduce", self.name, "-J", stdin=lines)
        copy = self.name + "copy"
        self.ok("ktopics", "create", copy, "-p", "3")
        self.ok("kproduce", copy, "-J", stdin=self.ok("kconsume", self.name, "-J", "-e", "-q").raw)
        first = self.essence(self.name)
        self.assertEqual(len(first), 500)
        self.assertEqual(first, self.essence(copy))

    def test_bad_record_lines_are_refused_with_the_reason(self):
        self.topic("-p", "1")
        said = self.run_tool("kproduce", self.name, "-J",
                             stdin='{"value":"ok"}\nnonsense\n{"partition":9,"value":"x"}\n')
        self.assertEqual(said.code, 1)
        self.assertIn("line 2: not valid JSON\n", said.err)
        self.assertIn("line 3: UNKNOWN_TOPIC_OR_PARTITION (3)", said.err)

    def test_ranges_choose_by_offset_and_by_time(self):
        self.topic("-p", "1")
        self.ok("kproduce", self.name, "-J", stdin="\n".join(
            json.dumps({"value": str(i), "ts": 1735689600000 + i * 1000}) for i in range(10)))
        self.assertEqual(self.read("-o", "2:5").out, "2\n3\n4\n")
        self.assertEqual(self.read("-o", "-2").out, "8\n9\n")
        self.assertEqual(self.read("-o", "+8").out, "8\n9\n")
        self.assertEqual(self.read("-o", ":2").out, "0\n1\n")
        self.assertEqual(self.read("-o", "@1735689605000:1735689607000").out, "5\n6\n")
        self.assertEqual(self.read("-o", "@2025-01-01T00:00:08Z").out, "8\n9\n")
        self.assertEqual(self.read("-o", "s@1735689605000", "-o", "e@1735689606000").out, "5\n")
        self.assertEqual(self.read("-c", "3").out, "0\n1\n2\n")
        self.assertEqual(self.read("--count-only").out, "10\n")

    def test_formats(self):
        self.topic("-p", "1")
        self.ok("kproduce", self.name, "-k", "key", "-H", "h=1", stdin="value\n")
        self.assertEqual(self.read("-f", r"%t|%p|%o|%k|%v{hex}|%h{%k=%v}|%i\n").out,
                         f"{self.name}|0|0|key|76616c7565|h=1|1\n")

    def test_a_count_that_is_not_reached_is_3(self):
        self.topic("-p", "1")
        self.ok("kproduce", self.name, stdin="1\n")
        said = self.run_tool("kconsume", self.name, "-c", "5", "--timeout", "500ms", "-q")
        self.assertEqual((said.code, said.out), (3, "1\n"))

    def test_unknown_topics_are_1(self):
        for command in (["kconsume", self.name, "-e"], ["kproduce", self.name]):
            said = self.run_tool(*command, stdin="x\n")
            self.assertEqual(said.code, 1, command)
            self.assertIn("UNKNOWN_TOPIC_OR_PARTITION (3)", said.err, command)

    def test_a_closed_pipe_is_quiet(self):
        self.topic("-p", "1")
        self.ok("kproduce", self.name, stdin="".join(f"{i}\n" for i in range(100000)))
        command = f"{harness.tool('kconsume')} {self.name} -b {self.broker.bootstrap} -q | head -1"
        done = subprocess.run(["bash", "-c", command + '; echo "${PIPESTATUS[0]}"'], timeout=60,
                              capture_output=True, text=True, check=False)
        self.assertEqual((done.stdout, done.stderr), ("0\n0\n", ""))

    def test_records_above_the_limit_fail_by_line(self):
        self.topic("-p", "1")
        said = self.run_tool("kproduce", self.name, stdin="ok\n" + "x" * 2000000 + "\nok\n")
        self.assertEqual(said.code, 1)
        self.assertIn("line 2: MESSAGE_TOO_LARGE (10)", said.err)
        self.assertEqual(self.read().out, "ok\nok\n")


if __name__ == "__main__":
    harness.main()
