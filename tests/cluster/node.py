"""A kcore node as a process of its own: started, killed, stopped; always gone at the end."""

import atexit
import os
import pathlib
import re
import select
import signal
import subprocess
import time

START_SECONDS = 30
STOP_SECONDS = 30


class Node:
    """One broker and controller on loopback, its data under `folder`, the same port for life."""

    def __init__(self, program, folder, settings=()):
        self.program = program
        self.folder = pathlib.Path(folder)
        self.settings = dict(settings)
        self.process = None
        self.port = 0
        self.starts = 0
        atexit.register(self.kill)

    @property
    def bootstrap(self):
        return f"127.0.0.1:{self.port}"

    def _properties(self):
        lines = {
            "process.roles": "broker,controller",
            "node.id": "1",
            "listeners": f"PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:0",
            "controller.listener.names": "CONTROLLER",
            "controller.quorum.voters": "1@127.0.0.1:0",
            "log.dirs": str(self.folder / "data"),
            "offsets.topic.replication.factor": "1",
            "offsets.topic.num.partitions": "4",
            "group.initial.rebalance.delay.ms": "0",
            **self.settings,
        }
        path = self.folder / "server.properties"
        path.write_text("".join(f"{key}={value}\n" for key, value in lines.items()))
        return path

    def start(self):
        """Starts and waits until a produce would succeed."""
        self.starts += 1
        log = open(self.folder / f"start-{self.starts}.log", "wb")
        command = [self.program, "start", "--config", str(self._properties())]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log)
        log.close()
        line = self._ready_line(time.monotonic() + START_SECONDS)
        self.port = int(re.search(r"bootstrap=[^ ]*:(\d+)", line).group(1))
        return self

    def _ready_line(self, deadline):
        text = b""
        out = self.process.stdout.fileno()
        while b"\n" not in text.partition(b"READY")[2]:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([out], [], [], left)[0]:
                raise AssertionError(f"not ready after {START_SECONDS} s: {self._log_tail()}")
            piece = os.read(out, 4096)
            if not piece:
                raise AssertionError(f"ended with {self.process.wait()}: {self._log_tail()}")
            text += piece
        return text.decode()

    def _log_tail(self):
        path = self.folder / f"start-{self.starts}.log"
        return path.read_text(errors="replace")[-2000:]

    def kill(self):
        """kill -9, and waits until the process is gone."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
        self._reap()

    def stop(self):
        """SIGTERM; gives the exit code."""
        self.process.terminate()
        code = self.process.wait(STOP_SECONDS)
        self._reap()
        return code

    def _reap(self):
        if self.process:
            self.process.wait()
            self.process.stdout.close()
            self.process = None
