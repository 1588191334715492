"""A broker for the interop tests: ours on an ephemeral port and in a directory of its own, or any
other that the environment names.

  KCORE_KBROKER             the program; build/release/apps/kbroker when not set
  KCORE_INTEROP_BOOTSTRAP   a broker that already runs, as host:port; with
  KCORE_INTEROP_RESTART     the command that restarts it (tests that need it are skipped without)
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
READY_SECONDS = 30
STOP_SECONDS = 30

# Small where a test would wait for it.
SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "offsets.topic.num.partitions": "4",
    "offsets.topic.replication.factor": "1",
    "group.initial.rebalance.delay.ms": "100",
    "group.min.session.timeout.ms": "1000",
}


def free_ports(count):
    """Ports that were free a moment ago; all different."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def wait_until(what, condition, seconds=READY_SECONDS):
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
        port, controller = free_ports(2)
        self.address = ("127.0.0.1", port)
        self.bootstrap = f"127.0.0.1:{port}"
        self.settings = os.path.join(self.folder, "server.properties")
        listeners = (f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}")
        with open(self.settings, "w", encoding="utf-8") as file:
            for key, value in {**SETTINGS, "listeners": listeners,
                               "controller.quorum.voters": f"1@127.0.0.1:{controller}",
                               "log.dirs": os.path.join(self.folder, "data")}.items():
                file.write(f"{key}={value}\n")
        self.process = None
        self.start()

    def start(self):
        program = os.environ.get("KCORE_KBROKER", f"{ROOT}/build/release/apps/kbroker")
        with open(os.path.join(self.folder, "broker.log"), "ab") as log:
            self.process = subprocess.Popen([program, "start", "--config", self.settings],
                                            stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        wait_until("the broker", self._accepts)

    def _accepts(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the broker ended with {self.process.returncode}:\n{self.log()}")
        try:
            socket.create_connection(self.address, timeout=1).close()
            return True
        except OSError:
            return False

    def log(self):
        with open(os.path.join(self.folder, "broker.log"), encoding="utf-8",
                  errors="replace") as file:
            return file.read()[-4000:]

    def _end(self, how):
        self.process.send_signal(how)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"the broker did not stop:\n{self.log()}") from None

    def restart(self, how=signal.SIGTERM):
        self._end(how)
        self.start()

    def stop(self):
        try:
            if self.process.poll() is None:
                self._end(signal.SIGTERM)
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
