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
from trials import until
from wire import Closed, Connection

PROGRAM = SHARED / "kafka" / "kafka"
SAMPLE = SHARED / "kafka" / "sample-4.4.0.tar.xz"
CACHE = pathlib.Path(os.environ.get("KAFKA_REFERENCE_CACHE",
                                    pathlib.Path.home() / ".cache" / "reference-kafka"))
SECONDS = 300
CLIENT_METRICS = 16


def _use_light_java():
    """The program `java` beside this file stands in PATH before the one it starts."""
    program = shutil.which("java")
    if program and "KCORE_JAVA" not in os.environ:
        os.environ["KCORE_JAVA"] = program
        os.environ["PATH"] = f"{pathlib.Path(__file__).resolve().parent / 'java'}:" + os.environ[
            "PATH"]
        os.environ.setdefault("KCORE_JAVA_CLASSES", "/nonexistent")


_use_light_java()


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
        self.changes = 0
        given = (f"{key.replace('_', '.')}={value}" for key, value in settings.items())
        options = [part for setting in given for part in ("--set", setting)]
        self._launch("start", self.folder, *options)

    def _launch(self, *command):
        """Until all partitions are served. The program waits for any answer, and 90 s at most."""
        try:
            run(*command)
        except AssertionError as failed:
            if "did not answer" not in str(failed):
                raise
        self.bootstrap = run("bootstrap", self.folder)
        until(f"{self.bootstrap} does not serve all partitions", self._is_served)

    def _is_served(self):
        try:
            with Connection(self.bootstrap) as connection:
                found = connection.ask("Metadata", 9, {"Topics": None})
        except (OSError, Closed):
            return False
        codes = [partition["ErrorCode"] for topic in found["Topics"]
                 for partition in topic["Partitions"]]
        return bool(found["Brokers"]) and not any(codes)

    @property
    def config(self):
        return self.folder / "node-1" / "server.properties"

    @property
    def data(self):
        return self.folder / "node-1" / "data"

    def catch_up(self):
        """Until the broker shows what its controller has acknowledged so far: another change after
        that, and one more, as the broker may apply the first together with what was before it."""
        for _ in range(2):
            self.changes += 1
            resource = {"ResourceType": CLIENT_METRICS, "ResourceName": "changes"}
            value = str(1000 + self.changes)
            with Connection(self.bootstrap) as connection:
                reply = connection.ask("IncrementalAlterConfigs", 1, {"Resources": [
                    {**resource, "Configs": [{"Name": "interval.ms", "Value": value}]}]})
                assert reply["Responses"][0]["ErrorCode"] == 0, reply
                until("the broker does not catch up", lambda value=value: value in [
                    config["Value"] for config in connection.ask("DescribeConfigs", 4, {
                        "Resources": [{**resource, "ConfigurationKeys": None}]})["Results"][0][
                            "Configs"]])

    def start(self):
        """Starts it again."""
        self._launch("resume", self.folder)
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
