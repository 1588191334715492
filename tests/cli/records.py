#!/usr/bin/python3
"""kproduce and kconsume against a broker."""

import base64
import json
import os
import random
import signal
import socket
import subprocess
import time

import harness
from trials import SECONDS, until


# Records of this time are older than any broker keeps them, unless it is told to.
FIRST_MS = 1735689600000
KEEP = ("-c", "retention.ms=-1")
IDLE = "3s"  # For what ends by itself: long enough for a busy machine to give what is there.


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
        record = {"partition": rng.randrange(3), "ts": FIRST_MS + rng.randrange(1000)}
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
        self.topic("-p", "3", *KEEP)
        rng = random.Random(7)
        lines = "\n".join(self.random_line(rng) for _ in range(500))
        self.ok("kproduce", self.name, "-J", stdin=lines)
        copy = self.name + "copy"
        self.create(copy, "-p", "3", *KEEP)
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
        self.topic("-p", "1", *KEEP)
        self.ok("kproduce", self.name, "-J", stdin="\n".join(
            json.dumps({"value": str(i), "ts": FIRST_MS + i * 1000}) for i in range(10)))
        self.assertEqual(self.read("-o", "2:5").out, "2\n3\n4\n")
        self.assertEqual(self.read("-o", "-2").out, "8\n9\n")
        self.assertEqual(self.read("-o", "+8").out, "8\n9\n")
        self.assertEqual(self.read("-o", ":2").out, "0\n1\n")
        self.assertEqual(self.read("-o", "@1735689605000:1735689607000").out, "5\n6\n")
        self.assertEqual(self.read("-o", "@2025-01-01T00:00:08Z").out, "8\n9\n")
        self.assertEqual(self.read("-o", "s@1735689605000", "-o", "e@1735689606000").out, "5\n")
        self.assertEqual(self.read("-c", "3").out, "0\n1\n2\n")
        self.assertEqual(self.read("--count-only").out, "10\n")

    def test_a_start_behind_the_end_warns_and_never_goes_back(self):
        self.topic("-p", "1")
        self.ok("kproduce", self.name, stdin="".join(f"{i}\n" for i in range(5)))
        said = self.ok("kconsume", self.name, "-e", "-o", "7")
        self.assertEqual(said.out, "")
        self.assertIn(f"{self.name}-0: offset 7 is behind the end, which is 5", said.err)
        said = self.run_tool("kconsume", self.name, "-o", "7", "-c", "1", "--timeout", IDLE)
        self.assertEqual((said.code, said.out), (3, ""))
        variables = {**os.environ, "KCORE_BOOTSTRAP_SERVER": self.broker.bootstrap}
        with subprocess.Popen([harness.tool("kconsume"), self.name, "-o", "7:9"], text=True,
                              env=variables, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as reader:
            reader.stderr.readline()  # The warning: from now on it waits.
            self.ok("kproduce", self.name, stdin="".join(f"{i}\n" for i in range(5, 10)))
            self.assertEqual(reader.communicate(timeout=SECONDS)[0], "7\n8\n")
            self.assertEqual(reader.returncode, 0)

    def test_formats(self):
        self.topic("-p", "1")
        self.ok("kproduce", self.name, "-k", "key", "-H", "h=1", stdin="value\n")
        self.assertEqual(self.read("-f", r"%t|%p|%o|%k|%v{hex}|%h{%k=%v}|%i\n").out,
                         f"{self.name}|0|0|key|76616c7565|h=1|1\n")

    def test_a_count_that_is_not_reached_is_3(self):
        self.topic("-p", "1")
        self.ok("kproduce", self.name, stdin="1\n")
        said = self.run_tool("kconsume", self.name, "-c", "5", "--timeout", IDLE, "-q")
        self.assertEqual((said.code, said.out), (3, "1\n"))

    def test_unknown_topics_are_1(self):
        for command in (["kconsume", self.name, "-e"], ["kproduce", self.name]):
            said = self.run_tool(*command, stdin="x\n")
            self.assertEqual(said.code, 1, command)
            self.assertIn("UNKNOWN_TOPIC_OR_PARTITION (3)", said.err, command)

    def test_a_closed_input_is_an_error(self):
        self.topic("-p", "1")
        command = f"{harness.tool('kproduce')} {self.name} -b {self.broker.bootstrap} <&-"
        done = subprocess.run(["bash", "-c", command], timeout=SECONDS, capture_output=True,
                              text=True, check=False)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("Bad file descriptor", done.stderr)
        self.assertEqual(self.read().out, "")

    def test_a_group_begins_where_it_is_told_and_then_goes_on(self):
        self.topic("-p", "1")
        self.ok("kproduce", self.name, stdin="1\n2\n3\n")
        group = f"{self.name}-group"
        read = ["kconsume", self.name, "-g", group, "--from-beginning", "-q", "-c"]
        self.assertEqual(self.ok(*read, "2").out, "1\n2\n")
        self.assertEqual(self.ok(*read, "1").out, "3\n")
        said = self.run_tool("kconsume", self.name, "-g", group, "-o", "1:2")
        self.assertEqual(said.code, 2)
        self.assertIn("--group-backlog", said.err)

    def test_a_closed_pipe_is_quiet(self):
        self.topic("-p", "1")
        self.ok("kproduce", self.name, stdin="".join(f"{i}\n" for i in range(100000)))
        command = f"{harness.tool('kconsume')} {self.name} -b {self.broker.bootstrap} -q | head -1"
        done = subprocess.run(["bash", "-c", command + '; echo "${PIPESTATUS[0]}"'],
                              timeout=SECONDS, capture_output=True, text=True, check=False)
        self.assertEqual((done.stdout, done.stderr), ("0\n0\n", ""))

    def test_whoever_cannot_write_any_more_leaves_the_group(self):
        self.topic("-p", "1")
        self.ok("kproduce", self.name, stdin="".join(f"{i}\n" for i in range(100000)))
        for target in ("| head -1", "> /dev/full"):
            group = f"{self.name}{len(target)}"
            command = (f"{harness.tool('kconsume')} {self.name} -g {group} -e -q "
                       f"-b {self.broker.bootstrap} {target}")
            subprocess.run(["bash", "-c", command], timeout=SECONDS, capture_output=True,
                           check=False)
            members = self.ok("kgroups", "members", group, "-o", "json").json()["members"]
            self.assertEqual(members, [], target)

    def test_records_above_the_limit_fail_by_line(self):
        self.topic("-p", "1")
        said = self.run_tool("kproduce", self.name, stdin="ok\n" + "x" * 2000000 + "\nok\n")
        self.assertEqual(said.code, 1)
        self.assertIn("line 2: MESSAGE_TOO_LARGE (10)", said.err)
        self.assertEqual(self.read().out, "ok\nok\n")


class Choosing(harness.Case):
    """Which records kconsume shows, and how."""

    def setUp(self):
        super().setUp()
        self.topic("-p", "2", *KEEP)
        self.ok("kproduce", self.name, "-J", stdin="\n".join(json.dumps(
            {"partition": i % 2, "ts": FIRST_MS + i * 1000, "key": f"k{i}",
             "value": json.dumps({"id": i, "word": "even" if i % 2 == 0 else "odd"}),
             "headers": [["n", str(i)]]}) for i in range(10)))

    def read(self, *options):
        return self.ok("kconsume", self.name, "-e", "-q", "-f", "%k ", *options).out.split()

    def test_the_last_of_all_partitions_come_in_the_order_of_time(self):
        self.assertEqual(self.read("--tail", "3"), ["k7", "k8", "k9"])
        self.assertEqual(self.read("--order", "timestamp"), [f"k{i}" for i in range(10)])
        self.assertEqual(self.read("--order", "offset")[:3], ["k0", "k2", "k4"])

    def test_a_tail_follows(self):
        said = self.run_tool("kconsume", self.name, "--tail", "2", "--timeout", IDLE, "-q",
                             "-f", "%k ")
        self.assertEqual((said.code, said.out), (0, "k8 k9 "))

    def test_filters(self):
        self.assertEqual(sorted(self.read("--grep", "odd")), ["k1", "k3", "k5", "k7", "k9"])
        self.assertEqual(self.read("--grep", "k:k3"), ["k3"])
        self.assertEqual(self.read("--header", "n=7"), ["k7"])
        self.assertEqual(self.read("--filter", ".value.id == 4 && .key =~ \"^k\""), ["k4"])
        said = self.ok("kconsume", self.name, "-e", "--grep", "k:k3", "-f", "%k")
        self.assertIn("10 scanned, 1 matched\n", said.err)

    def test_context_surrounds_a_match(self):
        self.assertEqual(self.read("-p", "0", "--grep", "k:k4", "-B", "1", "-A", "1"),
                         ["k2", "k4", "k6"])

    def test_counts(self):
        self.assertEqual(sorted(self.read("--count-per-partition", "1")), ["k0", "k1"])
        self.assertEqual(self.ok("kconsume", self.name, "-e", "--count-only").out, "10\n")
        said = self.ok("kconsume", self.name, "-e", "--stats")
        self.assertRegex(said.out, r"TOPIC +PARTITION +RECORDS")
        self.assertRegex(said.out, self.name + r" +0 +5 +0 ")

    def test_one_key_is_read_from_its_partition(self):
        self.ok("kproduce", self.name, "-k", "mine", stdin="x\n")
        self.assertEqual(self.read("--key", "mine"), ["mine"])
        self.assertEqual(self.read("--key", "k3", "--all-partitions"), ["k3"])

    def test_topics_by_expression(self):
        self.assertEqual(len(self.ok("kconsume", "-r", self.name[:-1] + ".", "-e", "-q").out
                             .splitlines()), 10)
        said = self.run_tool("kconsume", "-r", self.name + "x", "-e")
        self.assertEqual(said.code, 1)

    def test_the_backlog_of_a_group_is_read_without_joining_it(self):
        self.ok("kconsume", self.name, "-g", self.name, "-c", "4", "-q")
        rest = self.read("--group-backlog", self.name)
        self.assertEqual(len(rest), 6)
        self.assertEqual(len(self.read("--group-backlog", self.name)), 6)

    def test_encodings(self):
        said = self.ok("kconsume", self.name, "-e", "-q", "-p", "0", "-c", "1", "-s", "key=hex",
                       "-f", "%k")
        self.assertEqual(said.out, "6b30")
        row = self.ok("kconsume", self.name, "-e", "-q", "-p", "0", "-c", "1", "-J", "-s",
                      "value=json").lines()[0]
        self.assertEqual((row["value"], row["value_enc"]), ({"id": 0, "word": "even"}, "json"))
        row = self.ok("kconsume", self.name, "-e", "-q", "-p", "0", "-c", "1", "-J", "-s",
                      "value=i64").lines()[0]
        self.assertIn("bytes, not 8", row["value_error"])
        said = self.run_tool("kconsume", self.name, "-e", "-s", "avro")
        self.assertEqual(said.code, 2)
        self.assertIn("not in this version", said.err)


class Sending(harness.Case):
    """What kproduce makes of its input."""

    def read(self, *options):
        return self.ok("kconsume", self.name, "-e", "-q", *options).out

    def test_formats_read_what_formats_write(self):
        self.topic("-p", "1")
        self.ok("kproduce", self.name, "-f", "%k=%v;", stdin="a=1;b=2;")
        self.assertEqual(self.read("-f", "%k=%v;"), "a=1;b=2;")
        form = "%K{big16}%k%V{big32}%v%d{big64}"
        raw = self.ok("kconsume", self.name, "-e", "-q", "-f", form).raw
        self.ok("kproduce", self.name, "-f", form, stdin=raw)
        self.assertEqual(self.read("-f", "%k=%v;"), "a=1;b=2;a=1;b=2;")
        said = self.run_tool("kproduce", self.name, "-f", "%k%v", stdin="x")
        self.assertEqual(said.code, 2)

    def test_templates_make_records_up(self):
        self.topic("-p", "1")
        self.ok("kproduce", self.name, "--template", "{{seq}}-{{rand 5 5}}", "-k", "{{seq % 2}}",
                "-c", "4")
        self.assertEqual(self.read("-f", "%k:%v "), "1:1-5 0:2-5 1:3-5 0:4-5 ")
        said = self.run_tool("kproduce", self.name, "--template", "{{no}}", "-c", "1")
        self.assertEqual(said.code, 2)

    def test_a_rate_is_kept(self):
        self.topic("-p", "1")
        said = self.ok("kproduce", self.name, "--template", "x", "-c", "11", "-r", "20/s")
        self.assertGreater(float(said.err.split(" failed, ")[1].split("s")[0]), 0.45)
        self.ok("kproduce", self.name, "--template", "x", "-r", "50/s", "--duration", "300ms")
        self.assertLess(len(self.read().splitlines()), 40)

    def test_tee_and_reports(self):
        self.topic("-p", "1")
        said = self.ok("kproduce", self.name, "-T", stdin="a\nb\n")
        self.assertEqual(said.out, "a\nb\n")
        said = self.ok("kproduce", self.name, "--report", stdin="a\nb\n")
        self.assertEqual(said.out, f"{self.name}-0@2\n{self.name}-0@3\n")
        said = self.ok("kproduce", self.name, "--report=%o/%i ", stdin="a\nb\n")
        self.assertEqual(said.out, "4/1 5/2 ")

    def test_dead_letters_hold_the_input_that_failed(self):
        self.topic("-p", "1", "-c", "max.message.bytes=1000")
        path = f"{self.home.name}/dead"
        long = "x" * 2000
        said = self.run_tool("kproduce", self.name, "-K", ":", "--dead-letter", path,
                             stdin=f"a:1\nbroken\nb:{long}\nc:3\n")
        self.assertEqual(said.code, 1)
        with open(path, encoding="utf-8") as file:
            self.assertEqual(file.read(), f"broken\nb:{long}\n")
        self.assertEqual(self.read(), "1\n3\n")

    def test_batches_too_large_for_the_topic_are_split(self):
        self.topic("-p", "1", "-c", "max.message.bytes=5000")
        said = self.ok("kproduce", self.name, stdin="".join(f"{i:099}\n" for i in range(1000)))
        self.assertIn("1000 sent, 1000 acked, 0 failed", said.err)
        self.assertEqual(self.read(), "".join(f"{i:099}\n" for i in range(1000)))

    def test_encodings(self):
        self.topic("-p", "1")
        self.ok("kproduce", self.name, "-K", ":", "-s", "key=i32", "-s", "value=hex",
                stdin="7:6869\n")
        self.assertEqual(self.read("-f", "%k{hex}:%v"), "00000007:hi")

    def test_a_million_lines_arrive_exactly(self):
        self.topic("-p", "4")
        env = f"KCORE_BOOTSTRAP_SERVER={self.broker.bootstrap}"
        done = subprocess.run(
            ["bash", "-c", f"export {env}; seq 1 1000000 | {harness.tool('kproduce')} {self.name} "
             f"-q && {harness.tool('kconsume')} {self.name} -e -q | sort -n | md5sum"],
            capture_output=True, text=True, timeout=SECONDS, check=False)
        expected = subprocess.run(["bash", "-c", "seq 1 1000000 | md5sum"], capture_output=True,
                                  text=True, check=True)
        self.assertEqual((done.stdout, done.stderr), (expected.stdout, ""))

    def test_an_interrupt_ends_what_was_read_and_exits_130(self):
        self.topic("-p", "1")
        process = subprocess.Popen(
            [harness.tool("kproduce"), self.name, "-b", self.broker.bootstrap],
            stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdin.write(b"one\n")
        process.stdin.flush()
        until("nothing was written", lambda: self.read() != "")
        process.send_signal(signal.SIGINT)
        self.assertIn(b"1 sent, 1 acked", process.communicate(timeout=SECONDS)[1])
        self.assertEqual(process.returncode, 130)

    def test_a_count_that_is_not_reached_is_3(self):
        name = self.topic()
        self.assertEqual(self.run_tool("kconsume", name, "-e", "-c", "5").code, 3)
        self.ok("kproduce", name, stdin="a\nb\n")
        said = self.run_tool("kconsume", name, "-e", "-c", "3")
        self.assertEqual((said.code, said.out), (3, "a\nb\n"))
        self.assertEqual(self.ok("kconsume", name, "-e", "-c", "2").out, "a\nb\n")

    def test_partitions_of_a_group_cannot_be_chosen(self):
        said = self.run_tool("kconsume", self.topic(), "-g", "g", "-p", "0")
        self.assertEqual(said.code, 2)
        self.assertTrue(said.err.startswith("error: -p with -g: "), said.err)

    def test_the_delivery_timeout_of_the_settings_counts_without_the_flag(self):
        said = self.ok("kproduce", "t", "-X", "delivery.timeout.ms=1500", "-X", "dump")
        self.assertIn("delivery.timeout.ms=1500 ", said.out)
        begin = time.monotonic()
        said = self.run_tool("kproduce", self.name, "-b", self.silent(), "-X",
                             "delivery.timeout.ms=700", stdin="a\n")
        self.assertNotEqual(said.code, 0)
        self.assertLess(time.monotonic() - begin, 30)  # Without it: two minutes.

    def silent(self):
        """A port that takes connections and never answers."""
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)
        return f"127.0.0.1:{server.getsockname()[1]}"

    def test_a_topic_that_is_deleted_meanwhile_is_told(self):
        name = self.topic()
        self.ok("kproduce", name, stdin="a\n")
        reader = self.reader(name)
        self.ok("ktopics", "delete", name, "-y")
        said = reader.communicate(timeout=SECONDS)[1]
        self.assertIn("UNKNOWN_TOPIC_OR_PARTITION (3)", said)
        self.assertEqual(reader.returncode, 1)

    def reader(self, *arguments):
        """kconsume that has read its first record."""
        process = subprocess.Popen([harness.tool("kconsume"), *arguments], stderr=subprocess.PIPE,
                                   stdout=subprocess.PIPE, text=True,
                                   env={"KCORE_BOOTSTRAP_SERVER": self.broker.bootstrap,
                                        "HOME": self.home.name, "PATH": os.environ["PATH"]})
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.assertEqual(process.stdout.readline(), "a\n")
        return process


if __name__ == "__main__":
    harness.main()
