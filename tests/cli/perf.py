#!/usr/bin/python3
"""kperf against a broker."""

import json
import signal
import subprocess

import harness
from trials import SECONDS, until


class Perf(harness.Case):
    def test_the_final_line_has_the_wording_of_kafkas_test(self):
        self.topic("-p", "1")
        said = self.ok("kperf", "produce", self.name, "-c", "1000", "-s", "50")
        self.assertRegex(said.out, r"^1000 records sent, [\d.]+ records/sec \([\d.]+ MB/sec\), "
                                   r"[\d.]+ ms avg latency, [\d.]+ ms max latency, \d+ ms 50th, "
                                   r"\d+ ms 95th, \d+ ms 99th, \d+ ms 99\.9th\.\n$")
        self.assertRegex(self.ok("kperf", "consume", self.name, "-c", "1000").out,
                         r"^1000 records read, ")

    def test_json_holds_percentiles(self):
        self.topic("-p", "1")
        report = self.ok("kperf", "produce", self.name, "-r", "1000/s", "-c", "200", "-o",
                         "json").json()
        self.assertEqual((report["records"], report["failed"]), (200, 0))
        self.assertGreaterEqual(report["latency"]["max_ms"], report["latency"]["p50_ms"])
        self.assertIn("closed_loop_latency", report)

    def test_consume_tells_the_size_of_what_was_read(self):
        self.topic("-p", "1")
        self.ok("kproduce", self.name, stdin="a" * 40 + "\n" + "b" * 20 + "\n")
        read = ["kperf", "consume", self.name, "--timeout", "3s", "-o", "json"]
        self.assertEqual(self.ok(*read).json()["record_size"], 30)
        self.assertEqual(self.ok(*read, "-X", "auto.offset.reset=latest", "-g",
                                 self.name).json()["record_size"], 0)

    def test_e2e_reads_what_it_sends(self):
        self.topic("-p", "2")
        report = self.ok("kperf", "e2e", self.name, "-r", "500/s", "-c", "100", "-o", "json").json()
        self.assertEqual(report["records"], 100)

    def test_what_was_written_is_read_back_once_and_in_order(self):
        self.topic("-p", "3")
        self.ok("kproduce", self.name, stdin="not of the run\n")
        verdict = self.ok("kperf", "verify", self.name, "-c", "3000", "--keys", "7", "-o",
                          "json").json()["verdicts"][0]
        self.assertEqual({**verdict, "unacked_read": 0},
                         {"sent": 3000, "acked": 3000, "failed": 0, "read": 3000,
                          "unacked_read": 0, "lost": 0, "unseen": 0, "doubled": 0,
                          "reordered": 0, "corrupt": 0, "conflicts": 0, "status": "ok"})

    def test_records_that_go_before_they_are_read_are_lost(self):
        self.topic("-p", "1", "-c", "retention.bytes=-1")
        verify = subprocess.Popen(
            [harness.tool("kperf"), "verify", self.name, "-b", self.broker.bootstrap, "-r",
             "200/s", "--duration", "2s", "--settle", "2s", "-o", "json",
             "-X", "fetch.min.bytes=10000000", "-X", "fetch.max.wait.ms=1500"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(verify.kill)
        while verify.poll() is None:
            self.run_tool("ktopics", "purge", self.name, "-y")
        out, err = verify.communicate(timeout=SECONDS)
        self.assertEqual(verify.returncode, 4, err)
        verdict = json.loads(out)["verdicts"][0]
        self.assertGreater(verdict["lost"], 0)
        self.assertEqual(verdict["status"], "broken")

    def test_an_interrupt_shows_what_was_done_and_ends_with_130(self):
        self.topic("-p", "1")
        perf = subprocess.Popen([harness.tool("kperf"), "produce", self.name, "--num-records",
                                 "100000000", "--throughput", "1000", "-b",
                                 self.broker.bootstrap], stdout=subprocess.PIPE)
        self.addCleanup(perf.kill)
        ends = ("ktopics", "offsets", self.name, "-o", "json")
        until("nothing is written",
              lambda: any(row["offset"] for row in self.ok(*ends).json()["offsets"]))
        perf.send_signal(signal.SIGINT)
        out, _ = perf.communicate(timeout=SECONDS)
        self.assertEqual(perf.returncode, 130)
        self.assertIn(b"records sent", out)

    def test_too_few_records_are_3(self):
        self.topic("-p", "1")
        said = self.run_tool("kperf", "consume", self.name, "-c", "5", "--timeout", "300ms")
        self.assertEqual(said.code, 3)


if __name__ == "__main__":
    harness.main()
