"""Runs the tools of a build and holds what they said: stdout, stderr and the exit code."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
import uuid

sys.path.append(os.path.join(os.path.dirname(__file__), os.pardir, "support"))
from node import ROOT, SKIPPED, STOP_SECONDS, launch
from trials import SECONDS, settled

TOOLS = os.environ.get("KCORE_TOOLS", f"{ROOT}/build/dev/apps")


class Said:
    """The outcome of one command."""

    def __init__(self, done):
        self.code = done.returncode
        self.raw = done.stdout
        self.out = done.stdout.decode("utf-8", "replace")
        self.err = done.stderr.decode("utf-8", "replace")

    def json(self):
        return json.loads(self.out)

    def lines(self):
        return [json.loads(line) for line in self.out.splitlines()]


def tool(name):
    return os.path.join(TOOLS, name)


def has(name):
    return os.access(tool(name), os.X_OK)


class Broker:
    """kbroker in development mode, or the cluster that KCORE_TEST_BOOTSTRAP names."""

    def __init__(self):
        self.process = None
        self.bootstrap = os.environ.get("KCORE_TEST_BOOTSTRAP")
        # Until it shows what it has acknowledged. Ours does at once; those of Apache Kafka apply
        # later what their controller acknowledges.
        self.patience_seconds = SECONDS if self.bootstrap else 0
        if self.bootstrap or not has("kbroker"):
            return
        self.process, self.bootstrap = launch(
            [tool("kbroker"), "start", "--dev", "--port", "0", "--exit-with-parent", "-q"], None)

    def stop(self):
        if self.process is None:
            return
        self.process.terminate()
        self.process.wait(STOP_SECONDS)
        self.process.stdout.close()


class Case(unittest.TestCase):
    """A test with a cluster; topic and group names are its own."""

    broker = None
    needs_broker = True

    @classmethod
    def setUpClass(cls):
        if not cls.needs_broker:
            return
        cls.broker = Broker()
        if not cls.broker.bootstrap:
            raise unittest.SkipTest("there is no broker to talk to")

    @classmethod
    def tearDownClass(cls):
        if cls.broker:
            cls.broker.stop()

    def setUp(self):
        self.home = tempfile.TemporaryDirectory()
        self.addCleanup(self.home.cleanup)
        self.name = "t" + uuid.uuid4().hex[:12]

    def run_tool(self, *command, stdin=b"", env=None, limit=SECONDS):
        variables = {"PATH": os.environ["PATH"], "HOME": self.home.name, "TZ": "UTC",
                     "XDG_RUNTIME_DIR": self.home.name}
        if self.broker:
            variables["KCORE_BOOTSTRAP_SERVER"] = self.broker.bootstrap
        variables.update(env or {})
        if isinstance(stdin, str):
            stdin = stdin.encode()
        return Said(subprocess.run([tool(command[0]), *command[1:]], input=stdin,
                                   capture_output=True, env=variables, timeout=limit, check=False))

    def ok(self, *command, **how):
        said = self.run_tool(*command, **how)
        self.assertEqual(said.code, 0, said.err)
        return said

    def shows(self, ask, expected):
        """`ask` gives what a change that was acknowledged has made of it."""
        self.assertEqual(settled(ask, expected, self.broker.patience_seconds), expected)

    def create(self, name, *options):
        """A topic whose partitions are served."""
        self.ok("ktopics", "create", name, *options)
        self.shows(lambda: self.run_tool("ktopics", "offsets", name).code, 0)
        return name

    def topic(self, *options):
        return self.create(self.name, *options)


def main():
    program = unittest.main(module="__main__", exit=False, verbosity=1)
    result = program.result
    if not result.wasSuccessful():
        sys.exit(1)
    skipped = len(result.skipped)
    sys.exit(SKIPPED if skipped and skipped >= max(result.testsRun, 1) else 0)
