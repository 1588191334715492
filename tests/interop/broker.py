"""A broker for the interop tests: ours on an ephemeral port and in a directory of its own, or any
other that the environment names.

  KCORE_KBROKER             the program; build/release/apps/kbroker when not set
  KCORE_INTEROP_BOOTSTRAP   a broker that already runs, as host:port; with
  KCORE_INTEROP_RESTART     the command that restarts it (tests that need it are skipped without)
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.append(os.path.join(os.path.dirname(__file__), os.pardir, "support"))
from node import ROOT, Node

WAIT_SECONDS = 30

# Small where a test would wait for it.
SETTINGS = {
    "offsets.topic.num.partitions": "4",
    "group.initial.rebalance.delay.ms": "100",
    "group.min.session.timeout.ms": "1000",
}


def wait_until(what, condition, seconds=WAIT_SECONDS):
    """The first true answer of `condition`, asked again and again until the deadline."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.02)


class Broker:
    """Ours, as a process. Data outlives a restart; stop() removes it."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="kcore-interop-")
        program = os.environ.get("KCORE_KBROKER", f"{ROOT}/build/release/apps/kbroker")
        self.node = Node(program, self.folder, SETTINGS).start()
        self.bootstrap = self.node.bootstrap

    def _end(self):
        code = self.node.stop()
        if code != 0:
            raise AssertionError(f"the broker ended with {code}: {self.node.log_tail()}")

    def restart(self, how=signal.SIGTERM):
        if how == signal.SIGKILL:
            self.node.kill()
        else:
            self._end()
        self.node.start()

    def stop(self):
        try:
            if self.node.process:
                self._end()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)


class OtherBroker:
    """Somebody else's."""

    def __init__(self, bootstrap):
        self.bootstrap = bootstrap

    def restart(self, how=signal.SIGTERM):
        command = os.environ.get("KCORE_INTEROP_RESTART")
        if not command:
            raise unittest.SkipTest("KCORE_INTEROP_RESTART is not set")
        name = "KILL" if how == signal.SIGKILL else "TERM"
        subprocess.run(command, shell=True, check=True, env={**os.environ, "SIGNAL": name},
                       stdout=subprocess.DEVNULL)

    def stop(self):
        pass


_running = None


def start():
    """For setUpModule."""
    global _running
    other = os.environ.get("KCORE_INTEROP_BOOTSTRAP")
    _running = OtherBroker(other) if other else Broker()


def stop():
    """For tearDownModule."""
    _running.stop()


def get():
    return _running


class Names:
    """Names that no other test uses."""
    count = 0

    @classmethod
    def fresh(cls, prefix):
        cls.count += 1
        return f"{prefix}-{os.getpid()}-{cls.count}"
