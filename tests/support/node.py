"""A kcore node as a process of its own: started, killed, stopped; always gone at the end."""

import atexit
import contextlib
import os
import pathlib
import re
import select
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Material beside the repository: recorded answers, a real Kafka.
SHARED = pathlib.Path(os.environ.get("KCORE_SHARED", ROOT.parent / "shared"))

SKIPPED = 77
START_SECONDS = 120
STOP_SECONDS = 120


def launch(command, log):
    """Starts a broker and waits until a produce would succeed; the process and its address."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log,
                               stdin=subprocess.DEVNULL)
    try:
        return process, _ready_address(process, time.monotonic() + START_SECONDS)
    except BaseException:
        process.kill()
        process.wait()
        process.stdout.close()
        raise


def _ready_address(process, deadline):
    text = b""
    out = process.stdout.fileno()
    while b"\n" not in text.partition(b"READY")[2]:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([out], [], [], left)[0]:
            raise AssertionError(f"the broker is not ready after {START_SECONDS} s")
        piece = os.read(out, 4096)
        if not piece:
            raise AssertionError(f"the broker ended with {process.wait()}")
        text += piece
    return re.search(r"READY bootstrap=(\S+)", text.decode()).group(1)


_nodes = []


@atexit.register
def _kill_all():
    for node in _nodes:
        node.kill()


# A test that is told to end runs what is registered for its end.
signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))


@contextlib.contextmanager
def workplace():
    """A temporary directory. No node is alive when it is removed, however the test ended."""
    with tempfile.TemporaryDirectory(prefix="kcore-") as folder:
        try:
            yield folder
        finally:
            _kill_all()


class Node:
    """One broker and controller on loopback, its data under `folder`, the same port for life.

    With `config` it is started from that file as it is, and `settings` are not used.
    """

    def __init__(self, program, folder, settings=(), config=None):
        self.program = program
        self.folder = pathlib.Path(folder)
        self.settings = dict(settings)
        self.config = config
        self.process = None
        self.bootstrap = "127.0.0.1:0"
        self.starts = 0
        _nodes.append(self)

    def _properties(self):
        lines = {
            "process.roles": "broker,controller",
            "node.id": "1",
            "listeners": f"PLAINTEXT://{self.bootstrap},CONTROLLER://127.0.0.1:0",
            "controller.listener.names": "CONTROLLER",
            "controller.quorum.voters": "1@127.0.0.1:0",
            "log.dirs": str(self.folder / "data"),
            "offsets.topic.replication.factor": "1",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.min.isr": "1",
            "group.initial.rebalance.delay.ms": "0",
            **self.settings,
        }
        path = self.folder / "server.properties"
        path.write_text("".join(f"{key}={value}\n" for key, value in lines.items()))
        return path

    def start(self):
        """Starts and waits until a produce would succeed."""
        self.starts += 1
        config = self.config or self._properties()
        with open(self._log_path(), "wb") as log:
            command = [self.program, "start", "--config", str(config)]
            try:
                self.process, self.bootstrap = launch(command, log)
            except AssertionError as failed:
                raise AssertionError(f"{failed}: {self.log_tail()}") from None
        return self

    def _log_path(self):
        return self.folder / f"start-{self.starts}.log"

    def log_tail(self):
        return self._log_path().read_text(errors="replace")[-4000:]

    def kill(self):
        """kill -9, and waits until the process is gone."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
        self._reap()

    def stop(self):
        """SIGTERM; gives the exit code. One that does not end is an error, and killed."""
        self.process.terminate()
        try:
            code = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the broker did not stop: {self.log_tail()}") from None
        self._reap()
        return code

    def _reap(self):
        if self.process:
            self.process.wait()
            self.process.stdout.close()
            self.process = None
