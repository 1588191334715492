#!/usr/bin/python3
"""The options that all tools share, against a broker."""

import os
import pty
import signal
import subprocess
import unittest

import harness
from node import STOP_SECONDS, launch
from trials import SECONDS

BOLD, RED, GREEN, PLAIN = "\x1b[1m", "\x1b[31m", "\x1b[32m", "\x1b[0m"


class Colour(harness.Case):
    def on_terminal(self, *command, env=None):
        """What a command with a terminal for stdout and stderr says."""
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        variables = {"PATH": os.environ["PATH"], "HOME": self.home.name, "TERM": "xterm",
                     "KCORE_BOOTSTRAP_SERVER": self.broker.bootstrap, **(env or {})}
        subprocess.run([harness.tool(command[0]), *command[1:]], stdin=subprocess.DEVNULL,
                       stdout=theirs, stderr=theirs, env=variables, timeout=SECONDS, check=False)
        os.close(theirs)
        said = b""
        try:
            while piece := os.read(ours, 65536):
                said += piece
        except OSError:  # The end, as terminals have it.
            pass
        return said.decode().replace("\r\n", "\n")

    def test_tables_on_a_terminal_have_bold_headers_and_coloured_states(self):
        self.topic()
        said = self.on_terminal("ktopics", "describe", self.name)
        self.assertTrue(said.startswith(f"{BOLD}TOPIC{PLAIN} "), said)
        self.assertIn(f"{GREEN}healthy{PLAIN}", said)
        self.assertEqual(said.replace(BOLD, "").replace(GREEN, "").replace(PLAIN, ""),
                         self.ok("ktopics", "describe", self.name).out)

    def test_errors_on_a_terminal_begin_red(self):
        said = self.on_terminal("ktopics", "describe", self.name)
        self.assertTrue(said.startswith(f"{RED}error:{PLAIN} UNKNOWN_TOPIC_OR_PARTITION"), said)

    def test_colour_is_for_terminals_unless_it_is_told_otherwise(self):
        self.topic()
        show = ["ktopics", "list", self.name]
        self.assertNotIn("\x1b", self.ok(*show).out)
        self.assertIn(BOLD, self.ok(*show, "--color", "always").out)
        self.assertNotIn("\x1b", self.on_terminal(*show, "--color", "never"))
        self.assertNotIn("\x1b", self.on_terminal(*show, env={"NO_COLOR": "1"}))
        self.assertIn(BOLD, self.on_terminal(*show, "--color", "always", env={"NO_COLOR": "1"}))
        said = self.run_tool("ktopics", "list", "-b", "127.0.0.1:1", "--color", "always")
        self.assertTrue(said.err.startswith(f"{RED}error:{PLAIN} "), said.err)

    def test_what_programs_read_is_never_coloured(self):
        self.topic()
        for form in ("json", "jsonl", "yaml", "csv", "name"):
            said = self.ok("ktopics", "list", self.name, "-o", form, "--color", "always")
            self.assertNotIn("\x1b", said.out, form)
        said = self.run_tool("ktopics", "list", "-b", "127.0.0.1:1", "--color", "always",
                             "-o", "json")
        self.assertTrue(said.err.startswith('{"error":'), said.err)


class Verbose(harness.Case):
    STAMP = r"^\d{4}-\d\d-\d\dT[\d:.]+Z "

    def test_v_tells_of_connections_and_metadata(self):
        self.topic()
        said = self.ok("ktopics", "describe", self.name, "-v")
        at = self.broker.bootstrap.replace(".", r"\.")
        self.assertRegex(said.err, rf"(?m){self.STAMP}INFO  client: {at}: connected$")
        self.assertRegex(said.err, r"client: cluster \S+: 1 brokers and 1 topics are known\n")
        self.assertNotIn("DEBUG", said.err)
        self.assertEqual(said.out, self.ok("ktopics", "describe", self.name).out)

    def test_vv_tells_of_each_request(self):
        self.topic()
        said = self.ok("ktopics", "list", "-vv")
        self.assertRegex(said.err, rf"(?m){self.STAMP}DEBUG client: \S+: ApiVersions v\d+: "
                                   r"it serves \d+ APIs$")
        self.assertRegex(said.err, r"client: \S+: Metadata v\d+: \d+ bytes in \d+\.\d ms\n")
        self.assertNotIn("answers", said.err)

    def test_vvv_tells_what_requests_and_answers_say(self):
        self.topic()
        said = self.ok("ktopics", "offsets", self.name, "-vvv")
        self.assertRegex(said.err, rf'Metadata v\d+ asks {{"topics":\[.*"{self.name}"')
        self.assertRegex(said.err, r'Metadata v\d+ answers {"throttleTimeMs":0,"brokers":\[')

    def test_every_tool_has_it(self):
        self.topic()
        for command in (["kproduce", self.name], ["kconsume", self.name, "-e"],
                        ["kgroups", "list"], ["kbroker", "ready"],
                        ["kperf", "produce", self.name, "-c", "1"]):
            said = self.ok(*command, "-v", stdin="a\n")
            self.assertIn(": connected\n", said.err, command)
            self.assertNotIn(": connected\n", self.ok(*command, stdin="a\n").err, command)

    def test_what_cannot_be_reached_is_told(self):
        said = self.run_tool("ktopics", "list", "-b", "127.0.0.1:1", "-v")
        self.assertEqual(said.code, 6)
        self.assertIn("127.0.0.1:1: cannot connect: NETWORK_EXCEPTION: ", said.err)

    def test_settings_are_hidden(self):
        self.topic()
        said = self.ok("ktopics", "config", self.name, "--set", "retention.ms=4711", "-vvv")
        self.assertRegex(said.err, r"IncrementalAlterConfigs v\d+ asks \(hidden\)\n")


class ReadOnlyProfile(harness.Case):
    CHANGES = (["ktopics", "create", "a"], ["ktopics", "alter", "a", "--partitions", "3"],
               ["ktopics", "config", "a", "--set", "retention.ms=1"],
               ["ktopics", "config", "a", "--unset", "retention.ms", "--dry-run"],
               ["ktopics", "delete", "a", "-y"], ["kgroups", "reset", "g", "--to", "latest"],
               ["kgroups", "delete", "g", "-y"], ["kgroups", "delete-offsets", "g", "-t", "a"],
               ["kgroups", "clone", "g", "h"], ["kproduce", "a"], ["kconsume", "a", "-g", "g"],
               ["kconsume", "a", "-X", "group.id=g"],
               ["kperf", "produce", "a"], ["kperf", "e2e", "a"],
               ["kperf", "consume", "a", "-g", "g"])

    def setUp(self):
        super().setUp()
        folder = os.path.join(self.home.name, ".config", "kcore")
        os.makedirs(folder)
        path = os.path.join(folder, "config.toml")
        with open(path, "w", encoding="utf-8") as file:
            file.write('current = "mine"\n[profiles.mine]\nread_only = false\n'
                       "[profiles.prod]\nread_only = true\n")
        os.chmod(path, 0o600)

    def test_what_changes_the_cluster_is_refused_whatever_the_flags(self):
        for command in self.CHANGES:
            said = self.run_tool(*command, "-C", "prod")
            self.assertEqual(said.code, 7, command)
            self.assertRegex(said.err, r"^error: CLUSTER_AUTHORIZATION_FAILED \(31\): profile prod "
                                       r"is read_only: \w+( [\w-]+)? is refused\n$")

    def test_the_refusal_names_the_command_also_in_json(self):
        said = self.run_tool("ktopics", "delete", "a", "-y", "-o", "json",
                             env={"KCORE_PROFILE": "prod"})
        self.assertEqual(said.code, 7)
        self.assertIn('"message":"profile prod is read_only: ktopics delete is refused"', said.err)

    def test_what_only_looks_goes_on(self):
        self.ok("ktopics", "create", self.name)
        self.ok("kproduce", self.name, "-C", "mine", stdin="a\n")
        for command in (["ktopics", "list"], ["ktopics", "config", self.name],
                        ["kgroups", "list"], ["kconsume", self.name, "-e"],
                        ["kconsume", self.name, "--group-backlog", "g", "-o", "beginning", "-e"],
                        ["kperf", "consume", self.name, "-c", "1"]):
            self.ok(*command, "-C", "prod")


class Reach(harness.Case):
    def test_addresses_are_mapped(self):
        self.topic()
        port = self.broker.bootstrap.rpartition(":")[2]
        mapped = ["-b", f"kafka.invalid:{port}",
                  "--host-map", f"kafka.invalid:{port}={self.broker.bootstrap}"]
        self.ok("ktopics", "describe", self.name, *mapped)
        self.ok("kproduce", self.name, *mapped, stdin="a\n")
        said = self.run_tool("ktopics", "list", "--host-map", "nothing")
        self.assertEqual((said.code, said.err),
                         (2, "error: --host-map: 'nothing' is not A=B\n"))
        said = self.run_tool("ktopics", "list", "--host-map", "a:1=b:x")
        self.assertEqual(said.code, 2)
        self.assertIn("'b:x' is not an address", said.err)

    def test_an_older_client_speaks_older_versions(self):
        self.topic()
        for release, metadata in (("2.1", 7), ("2.8.2", 11), ("3.9", 12)):
            said = self.ok("ktopics", "describe", self.name, "--as-version", release, "-vv")
            self.assertRegex(said.err, rf"(?m): Metadata v{metadata}: \d+ bytes", release)
            self.ok("kproduce", self.name, "--as-version", release, stdin="a\n")
            self.ok("kconsume", self.name, "-e", "--as-version", release)
            self.ok("kgroups", "list", "--broker-version", release)

    def test_what_an_older_client_does_not_know_fails(self):
        self.topic()
        said = self.run_tool("ktopics", "config", self.name, "--set", "retention.ms=1",
                             "--as-version", "2.2")
        self.assertEqual(said.code, 1)
        self.assertIn("UNSUPPORTED_VERSION (35)", said.err)
        self.assertIn("clients of Kafka 2.2 cannot ask this", said.err)
        said = self.run_tool("ktopics", "list", "--as-version", "0.10")
        self.assertEqual((said.code, said.err),
                         (2, "error: --as-version: '0.10' is no known release of Kafka: "
                             "2.1 to 4.1, and 4.4\n"))


@unittest.skipUnless(harness.has("kbroker"), "there is no kbroker")
class ForceBootstrap(harness.Case):
    """A broker that calls itself what nobody can resolve."""

    needs_broker = False

    def test_the_bootstrap_address_serves_for_every_broker(self):
        process, named = launch(
            [harness.tool("kbroker"), "start", "--data-dir", self.home.name + "/data",
             "--port", "0", "--exit-with-parent", "-q", "--log-level", "error", "--override",
             "advertised.listeners=PLAINTEXT://nowhere.invalid:9092"], None)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait, STOP_SECONDS)
        self.addCleanup(process.terminate)
        self.assertTrue(named.startswith("nowhere.invalid:"))
        at = ["-b", named.replace("nowhere.invalid", "127.0.0.1")]
        self.ok("ktopics", "create", "orders", *at, "--force-bootstrap")
        said = self.run_tool("ktopics", "offsets", "orders", *at, "--timeout", "2s")
        self.assertNotEqual(said.code, 0)
        self.ok("ktopics", "offsets", "orders", *at, "--force-bootstrap")
        self.ok("kproduce", "orders", *at, "--force-bootstrap", stdin="a\n")
        said = self.ok("kconsume", "orders", *at, "--force-bootstrap", "-e")
        self.assertEqual(said.out, "a\n")


class Watch(harness.Case):
    def watch(self, *command):
        process = subprocess.Popen(
            [harness.tool(command[0]), *command[1:]], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True,
            env={"PATH": os.environ["PATH"], "HOME": self.home.name,
                 "XDG_RUNTIME_DIR": self.home.name,
                 "KCORE_BOOTSTRAP_SERVER": self.broker.bootstrap})
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait, STOP_SECONDS)
        self.addCleanup(process.terminate)
        return process

    def test_it_is_shown_again_until_interrupted(self):
        self.topic()
        process = self.watch("ktopics", "list", self.name, "-o", "name", "--watch=100ms")
        for _ in range(3):
            self.assertEqual(process.stdout.readline(), self.name + "\n")
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        self.assertEqual(process.wait(SECONDS), 130)

    def test_what_fails_is_tried_again(self):
        process = self.watch("ktopics", "describe", self.name, "--section", "summary",
                             "--no-header", "--watch=100ms")
        self.topic()
        self.assertTrue(process.stdout.readline().startswith(self.name + " "))

    def test_every_command_that_shows_a_list_has_it(self):
        self.topic()
        self.ok("kproduce", self.name, stdin="a\n")
        for command in (["ktopics", "describe", "-w", self.name], ["ktopics", "sizes", "--watch"],
                        ["ktopics", "partitions", self.name, "--watch"],
                        ["ktopics", "offsets", "--watch", self.name],
                        ["kgroups", "list", "-o", "csv", "--watch"],
                        ["kbroker", "status", "--watch"]):
            self.assertNotEqual(self.watch(*command).stdout.readline(), "", command)

    def test_only_they_have_it(self):
        said = self.run_tool("ktopics", "create", "a", "--watch")
        self.assertEqual(said.code, 2)
        self.assertIn("unknown option --watch", said.err)
        said = self.run_tool("ktopics", "list", "--watch=1ms")
        self.assertEqual((said.code, said.err.splitlines()[0]),
                         (2, "error: --watch: '1ms' is below 100ms"))


if __name__ == "__main__":
    harness.main()
