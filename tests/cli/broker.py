#!/usr/bin/python3
"""kbroker itself."""

import os
import unittest

import harness


@unittest.skipUnless(harness.has("kbroker"), "kbroker is not built")
class Broker(harness.Case):
    needs_broker = False

    def test_it_wraps_a_command_and_returns_its_code(self):
        said = self.run_tool("kbroker", "start", "--dev", "--port", "0", "--topic", "a:3", "-q",
                             "--", "sh", "-c",
                             f"{harness.tool('ktopics')} list -o name; exit 7")
        self.assertEqual(said.code, 7, said.err)
        self.assertIn("READY bootstrap=127.0.0.1:", said.out)
        self.assertIn("a\n", said.out)

    def test_status_and_stop_find_it(self):
        code = ("kbroker=%s; $kbroker start --dev --port 0 -q > out & "
                "for i in $(seq 200); do grep -q READY out && break; sleep 0.05; done; "
                "$kbroker status -o json; $kbroker stop; wait $!; echo code $?; "
                "$kbroker status; echo code $?" % harness.tool("kbroker"))
        said = self.script(code)
        self.assertIn('"data":"memory"', said)
        self.assertIn("code 0\n", said)
        self.assertTrue(said.endswith("code 4\n"), said)

    def script(self, code):
        import subprocess
        done = subprocess.run(["bash", "-c", code], cwd=self.home.name, timeout=60, text=True,
                              capture_output=True, check=False,
                              env={"PATH": os.environ["PATH"], "HOME": self.home.name,
                                   "XDG_RUNTIME_DIR": self.home.name})
        return done.stdout

    def test_wrong_settings_stop_the_start(self):
        said = self.run_tool("kbroker", "start", "--dev", "--override", "num.partitions=x")
        self.assertEqual(said.code, 2)
        self.assertIn("num.partitions", said.err)


if __name__ == "__main__":
    harness.main()
