#!/usr/bin/python3
"""kperf against a broker."""

import harness


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

    def test_e2e_reads_what_it_sends(self):
        self.topic("-p", "2")
        report = self.ok("kperf", "e2e", self.name, "-r", "500/s", "-c", "100", "-o", "json").json()
        self.assertEqual(report["records"], 100)

    def test_too_few_records_are_3(self):
        self.topic("-p", "1")
        said = self.run_tool("kperf", "consume", self.name, "-c", "5", "--timeout", "300ms")
        self.assertEqual(said.code, 3)


if __name__ == "__main__":
    harness.main()
