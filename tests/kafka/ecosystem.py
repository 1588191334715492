#!/usr/bin/python3
"""What is built on Apache Kafka's clients, unmodified, against a kbroker: Kafka Connect with its
file connectors, standalone and distributed, and a word count by Kafka Streams, each stopped in
order and started again.

KCORE_KBROKER names the program.
"""

import http.client
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest
import urllib.request

import reference
from confluent import Client
from messages import Message
from node import ROOT, SKIPPED, Node
from ports import free_ports
from trials import SECONDS, settled

PROGRAM = os.environ.get("KCORE_KBROKER", f"{ROOT}/build/release/apps/kbroker")
STRING = "org.apache.kafka.connect.storage.StringConverter"


class Ecosystem(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.TemporaryDirectory(prefix="kcore-ecosystem-")
        cls.addClassCleanup(cls.place.cleanup)
        cls.folder = pathlib.Path(cls.place.name)
        cls.node = Node(PROGRAM, cls.folder).start()
        cls.addClassCleanup(cls.node.kill)
        cls.client = Client(cls.node.bootstrap)

    def run_java(self, *command):
        """A program that serves until it is told to end; at the test's end it is gone."""
        name = f"{self.id().rpartition('.')[2]}.log"
        with open(self.folder / name, "ab") as log:
            process = subprocess.Popen([str(word) for word in command], stdout=log, stderr=log,
                                       stdin=subprocess.DEVNULL)
        self.said = lambda: (self.folder / name).read_text(errors="replace")[-4000:]
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def end(self, process):
        """As an operator ends it; what it has done by then is kept."""
        process.send_signal(signal.SIGTERM)
        process.wait(SECONDS)

    def await_equal(self, ask, want, process):
        def ask_while_it_runs():
            self.assertIsNone(process.poll(), self.said())
            return ask()

        self.assertEqual(settled(ask_while_it_runs, want), want, self.said())

    def properties(self, name, values):
        path = self.folder / name
        path.write_text("".join(f"{key}={value}\n" for key, value in values.items()))
        return path

    def file(self, name):
        path = self.folder / name
        path.touch()
        return path

    def worker(self, **more):
        return {"bootstrap.servers": self.node.bootstrap, "key.converter": STRING,
                "value.converter": STRING, "offset.flush.interval.ms": "500",
                "listeners": f"HTTP://127.0.0.1:{free_ports(1)[0]}",
                **{key.replace("_", "."): value for key, value in more.items()}}

    @staticmethod
    def connectors(source, sink, topic):
        kind = "org.apache.kafka.connect.file.FileStream"
        return [{"name": f"{topic}-source", "connector.class": f"{kind}SourceConnector",
                 "tasks.max": "1", "file": source, "topic": topic},
                {"name": f"{topic}-sink", "connector.class": f"{kind}SinkConnector",
                 "tasks.max": "1", "file": sink, "topics": topic}]

    @staticmethod
    def add_lines(path, first, count):
        with open(path, "a", encoding="utf-8") as file:
            file.writelines(f"line {number}\n" for number in range(first, first + count))

    def check_lines(self, process, source, sink):
        self.await_equal(lambda: sink.read_text(encoding="utf-8"),
                         source.read_text(encoding="utf-8"), process)

    def test_connect_standalone_moves_a_file_and_goes_on_after_a_restart(self):
        source, sink = self.file("alone-in"), self.file("alone-out")
        command = [reference.PROGRAM, "run", "connect-standalone", self.properties(
            "alone.properties",
            self.worker(offset_storage_file_filename=self.folder / "alone.offsets"))]
        for connector in self.connectors(source, sink, "alone"):
            command.append(self.properties(f"{connector['name']}.properties", connector))
        self.add_lines(source, 0, 500)
        process = self.run_java(*command)
        self.check_lines(process, source, sink)
        self.add_lines(source, 500, 500)
        self.check_lines(process, source, sink)
        self.end(process)
        self.add_lines(source, 1000, 10)
        process = self.run_java(*command)
        self.check_lines(process, source, sink)

    def test_connect_distributed_keeps_its_connectors_in_topics(self):
        source, sink = self.file("shared-in"), self.file("shared-out")
        topics = {f"{what}_storage_topic": f"connect-{what}"
                  for what in ("config", "offset", "status")}
        factors = {f"{what}_storage_replication_factor": "1"
                   for what in ("config", "offset", "status")}
        worker = self.worker(group_id="connect", **topics, **factors)
        command = [reference.PROGRAM, "run", "connect-distributed",
                   self.properties("shared.properties", worker)]
        url = worker["listeners"].replace("HTTP", "http")
        process = self.run_java(*command)
        self.await_equal(lambda: self.ask(url, "/connectors"), [], process)
        self.add_lines(source, 0, 500)
        for connector in self.connectors(str(source), str(sink), "shared"):
            name = connector.pop("name")
            self.await_equal(lambda: self.configured(url, name, connector), name, process)
        self.check_lines(process, source, sink)
        self.assertEqual([self.client.config(f"connect-{what}")["cleanup.policy"]
                          for what in ("config", "offset", "status")], ["compact"] * 3)
        self.end(process)
        self.add_lines(source, 500, 500)
        process = self.run_java(*command)
        self.check_lines(process, source, sink)
        self.await_equal(lambda: self.task_states(url, "shared-sink"), ["RUNNING"], process)
        self.end(process)

    def configured(self, url, name, connector):
        """The name as the worker gives it, whether it makes the connector or has it already."""
        made = self.ask(url, f"/connectors/{name}/config", connector)
        return made and made["name"]

    def task_states(self, url, name):
        status = self.ask(url, f"/connectors/{name}/status")
        return status and [task["state"] for task in status["tasks"]]

    @staticmethod
    def ask(url, path, body=None):
        """What the worker answers; None while it does not, or is busy with its group."""
        request = urllib.request.Request(
            url + path, json.dumps(body).encode() if body else None,
            {"Content-Type": "application/json"}, method="PUT" if body else "GET")
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:
                return json.load(answer)
        except (OSError, http.client.HTTPException):
            return None

    def test_streams_counts_words_and_restores_its_state(self):
        self.client.create("text", 2)
        self.client.create("word-counts", 1)
        [libraries] = reference.CACHE.glob("tools-*/.complete")
        command = ["java", "-Xmx512m", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp",
                   f"{libraries.parent}/*", ROOT / "tests" / "kafka" / "WordCount.java",
                   self.node.bootstrap]
        self.write_text("the quick fox\nthe lazy dog", 100)
        process = self.run_java(*command, self.folder / "state")
        want = {b"the": b"200", b"quick": b"100", b"fox": b"100", b"lazy": b"100", b"dog": b"100"}
        self.await_equal(self.counts, want, process)
        self.end(process)
        self.write_text("the end", 5)
        # With no state of its own it reads that from the broker.
        process = self.run_java(*command, self.folder / "another-state")
        self.await_equal(self.counts, {**want, b"the": b"205", b"end": b"5"}, process)
        self.end(process)
        self.assertIn("word-count-counts-changelog", self.client.topics())

    def write_text(self, lines, times):
        for number, line in enumerate(lines.split("\n")):
            self.client.produce("text", [Message(None, line.encode())] * times, number)

    def counts(self):
        """The last one of each word."""
        found, _ = self.client.read("word-counts")
        return {message.key(): message.value() for message in found}


if __name__ == "__main__":
    missing = reference.why_not("javac")
    if missing:
        print(missing)
        sys.exit(SKIPPED)
    unittest.main()
