"""A real Apache Kafka as a process, where one can be run: that takes the program `kafka` of the
material beside the repository, Java, and Kafka's jars, which are not fetched here."""

import fcntl
import os
import pathlib
import shutil
import subprocess
import sys
import time

sys.path.append(os.path.join(os.path.dirname(__file__), os.pardir, "support"))
from node import SHARED

PROGRAM = SHARED / "kafka" / "kafka"
SAMPLE = SHARED / "kafka" / "sample-4.4.0.tar.xz"
CACHE = pathlib.Path(os.environ.get("KAFKA_REFERENCE_CACHE",
                                    pathlib.Path.home() / ".cache" / "reference-kafka"))
SECONDS = 150


def why_not(*programs):
    """What is missing to run Kafka (and `programs`); None when it is all there."""
    if not PROGRAM.exists():
        return f"{PROGRAM} is not there"
    for each in ("java", *programs):
        if not shutil.which(each):
            return f"{each} is not installed"
    if not [*CACHE.glob("broker-*/.complete")] or not [*CACHE.glob("tools-*/.complete")]:
        return f"the jars of Apache Kafka are not in {CACHE}: {PROGRAM} install"
    return None


def ask(*arguments):
    """Runs the program `kafka`; what it said on both channels."""
    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True,
                          timeout=SECONDS, check=False, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise AssertionError(f"kafka {arguments[0]}: {done.stdout[-4000:]}{done.stderr[-4000:]}")
    return done


def run(*arguments):
    """What the program `kafka` says."""
    return ask(*arguments).stdout.strip()


class Kafka:
    """One broker and controller; its ports, settings and data stay through stops."""

    def __init__(self, folder, **settings):
        self.folder = pathlib.Path(folder)
        given = (f"{key.replace('_', '.')}={value}" for key, value in settings.items())
        options = [part for setting in given for part in ("--set", setting)]
        self.bootstrap = run("start", self.folder, *options)

    @property
    def config(self):
        return self.folder / "node-1" / "server.properties"

    @property
    def data(self):
        return self.folder / "node-1" / "data"

    def start(self):
        """Starts it again."""
        run("resume", self.folder)
        return self

    def stop(self):
        run("stop", self.folder)

    def kill(self):
        run("stop", self.folder, "--kill")
        self._await_lock()

    def _await_lock(self):
        """A killed process may hold it after its first thread has gone."""
        deadline = time.monotonic() + SECONDS
        with open(self.data / ".lock", "a", encoding="utf-8") as file:
            while True:
                try:
                    return fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError:
                    assert time.monotonic() < deadline, "Kafka was killed and holds its directory"
                    time.sleep(0.05)
