#!/usr/bin/python3
"""kbroker itself."""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import textwrap
import unittest

import harness
from ports import free_ports
from trials import SECONDS, until


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

    def test_the_command_gets_this_broker_whatever_stood_in_the_environment(self):
        other = {"KAFKA_BOOTSTRAP_SERVERS": "production:9092", "KCORE_BOOTSTRAP_SERVER": "other:1"}
        said = self.ok("kbroker", "start", "--dev", "--port", "0", "-q", "--", "env", env=other)
        ready = re.search("READY bootstrap=(.*)", said.out)[1]
        told = [line for line in said.out.splitlines() if "BOOTSTRAP_SERVER" in line]
        self.assertEqual(sorted(told), [f"KAFKA_BOOTSTRAP_SERVERS={ready}",
                                        f"KCORE_BOOTSTRAP_SERVER={ready}"])

    def test_a_ready_file_that_cannot_be_written_ends_it(self):
        for option in (("--ready-file", "/nonexistent/x"), ("--ready-fd", "77")):
            said = self.run_tool("kbroker", "start", "--dev", "--port", "0", "-q", *option)
            self.assertEqual(said.code, 1, said.out + said.err)
            self.assertEqual(said.out, "")
            self.assertIn(f": {option[0]}: ", said.err)

    def test_development_mode_tells_clients_what_is_advertised(self):
        support = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "support")
        code = textwrap.dedent("""
            import os, sys
            sys.path.append(sys.argv[1])
            from wire import Connection
            with Connection(os.environ["KCORE_BOOTSTRAP_SERVER"]) as connection:
                broker = connection.ask("Metadata", 9, {"Topics": []})["Brokers"][0]
            print(broker["Host"], broker["Port"])
        """)
        said = self.run_tool("kbroker", "start", "--dev", "--port", "0", "-q", "--override",
                             "advertised.listeners=PLAINTEXT://localhost:7", "--",
                             sys.executable, "-c", code, support)
        self.assertIn("localhost 7\n", said.out, said.err)

    def test_status_and_stop_find_it(self):
        code = ("kbroker=%s; $kbroker start --dev --port 0 -q > out & "
                "for i in $(seq 2000); do grep -q READY out && break; sleep 0.05; done; "
                "$kbroker status -o json; $kbroker stop; wait $!; echo code $?; "
                "$kbroker status; echo code $?" % harness.tool("kbroker"))
        said = self.script(code)
        self.assertIn('"data":"memory"', said)
        self.assertIn("code 0\n", said)
        self.assertTrue(said.endswith("code 4\n"), said)

    def test_a_start_can_be_interrupted_and_stopped(self):
        own, other = free_ports(2)
        data = os.path.join(self.home.name, "data")
        start = [harness.tool("kbroker"), "start", "--data-dir", data,
                 "--override", f"listeners=PLAINTEXT://127.0.0.1:0,CONTROLLER://127.0.0.1:{own}",
                 "--override", f"controller.quorum.voters=1@127.0.0.1:{own},2@127.0.0.1:{other}"]
        environment = {"PATH": os.environ["PATH"], "XDG_RUNTIME_DIR": self.home.name}
        pid_files = pathlib.Path(self.home.name, "kcore")
        for how in (signal.SIGINT, signal.SIGTERM, None):
            node = subprocess.Popen(start, env=environment, text=True, stdout=subprocess.PIPE,
                                    stderr=subprocess.PIPE, start_new_session=True)
            self.addCleanup(node.kill)
            until("it is not to be found", lambda: list(pid_files.glob("*.pid")))
            self.assertEqual(self.run_tool("kbroker", "status", "-o", "name").code, 0)
            if how is None:
                self.ok("kbroker", "stop")
            else:
                node.send_signal(how)
            said, logged = node.communicate(timeout=SECONDS)
            self.assertEqual((node.returncode, said), (130, ""), how)
            self.assertIn("stopped clean=true", logged)
            self.assertEqual(list(pid_files.glob("*.pid")), [])
            self.assertTrue(os.path.exists(os.path.join(data, ".kafka_cleanshutdown")))

    def test_a_partition_without_a_log_is_not_described_as_healthy(self):
        folder = os.path.join(self.home.name, "data")
        topics = harness.tool("ktopics")
        in_the_way = (f"mkdir {folder}/a-0; printf 'version: 0\ntopic_id: "
                      f"MCtNJFxwSuu-OYURC4Dkew\n' > {folder}/a-0/partition.metadata")
        said = self.run_tool("kbroker", "start", "--data-dir", folder, "--port", "0", "-q", "--",
                             "sh", "-c", f"{in_the_way}; {topics} create a -p 2; "
                             f"{topics} describe a -o json --timeout 1s")
        self.assertEqual(said.code, 1, said.out + said.err)
        shown = json.loads(next(line for line in said.out.split("\n") if line.startswith("{")))
        topic = shown["topics"][0]
        self.assertEqual(topic["status"], "error")
        self.assertEqual([(p["status"], p["end_offset"]) for p in topic["partitions"]],
                         [("error", None), ("ok", 0)])
        self.assertIsNotNone(topic["partitions"][0]["error"])
        self.assertEqual([error["resource"] for error in shown["errors"]], ["a-0"])

    def test_a_group_that_cannot_be_joined_says_why(self):
        tools = [harness.tool(name) for name in ("ktopics", "kconsume")]
        said = self.run_tool("kbroker", "start", "--dev", "--port", "0", "-q", "--override",
                             "offsets.topic.replication.factor=3", "--", "sh", "-c",
                             "{0} create a -p 1; {1} a -g g -e --timeout 1s".format(*tools))
        self.assertEqual(said.code, 1, said.out + said.err)
        self.assertIn("error: COORDINATOR_NOT_AVAILABLE (15): g", said.err)
        refusals = [line for line in said.err.splitlines() if "topic=__consumer_offsets" in line]
        self.assertEqual(len(refusals), 1, refusals)

    def script(self, code):
        done = subprocess.run(["bash", "-c", code], cwd=self.home.name, timeout=SECONDS, text=True,
                              capture_output=True, check=False,
                              env={"PATH": os.environ["PATH"], "HOME": self.home.name,
                                   "XDG_RUNTIME_DIR": self.home.name})
        return done.stdout

    def test_stop_leaves_strangers_alone(self):
        stranger = subprocess.Popen(["sleep", "60"])
        self.addCleanup(stranger.wait)
        self.addCleanup(stranger.kill)
        folder = os.path.join(self.home.name, "kcore")
        os.makedirs(folder)
        left_over = os.path.join(folder, "broker-19999-1.pid")
        with open(left_over, "w", encoding="utf-8") as file:
            file.write(f"pid={stranger.pid}\nnode_id=1\nport=19999\nbootstrap=x:19999\ndata=d\n")
        said = self.run_tool("kbroker", "stop", "--port", "19999")
        self.assertEqual(said.code, 1)
        self.assertIn(f"removed {left_over}: its broker is gone\n", said.err)
        self.assertIn("error: no such broker is running", said.err)
        self.assertFalse(os.path.exists(left_over))
        self.assertIsNone(stranger.poll())

    def started(self, program, *options, **environment):
        """What a Python program prints that a broker of its own wraps."""
        ready = os.path.join(self.home.name, "ready")
        said = self.run_tool("kbroker", "start", "--dev", "--port", "0", "-q", "--topic", "a:2",
                             "--ready-file", ready, *options, "--", sys.executable, "-c",
                             f"ready = dict(l.strip().split('=', 1) for l in open({ready!r}))\n"
                             + textwrap.dedent(program), env=environment)
        self.assertEqual(said.code, 0, said.err)
        return said.out

    def test_the_admin_endpoint_shows_health_metrics_and_state(self):
        out = self.started("""
            import json, urllib.error, urllib.request
            get = lambda path: urllib.request.urlopen(ready["admin"] + path).read().decode()
            print(get("/healthz"), get("/readyz"))
            print("kafka_controller_kafkacontroller_globalpartitioncount 2" in get("/metrics"))
            print(json.loads(get("/api/v1/topics"))["topics"][0]["partitions"])
            print(len(json.loads(get("/api/v1/partitions"))["partitions"]))
            print(json.loads(get("/api/v1/brokers"))["brokers"][0]["fenced"])
            print(json.loads(get("/api/v1/groups"))["groups"])
            try:
                get("/none")
            except urllib.error.HTTPError as error:
                print(error.code)
            """, "--override", "admin.listener=127.0.0.1:0")
        self.assertEqual(out.split("\n", 1)[1].split(),
                         ["ok", "ready", "True", "2", "2", "False", "[]", "404"])

    def test_settings_come_from_the_environment(self):
        out = self.started("""
            import subprocess
            run = lambda *words: subprocess.run(words, text=True, capture_output=True).stdout
            print(run(%r, "create", "b"))
            """ % harness.tool("ktopics"), KAFKA_NUM_PARTITIONS="3", KAFKA_HEAP_OPTS="-Xmx1g")
        self.assertIn("partitions=3", out)

    def test_wrong_settings_stop_the_start(self):
        for option, sentence in (
                ("num.partitions=x", "--override num.partitions=x: "),
                ("log.dirs=", "--override log.dirs=: "),
                ("num.partitions", "--override 'num.partitions' is not key=value")):
            said = self.run_tool("kbroker", "start", "--dev", "--override", option)
            self.assertEqual(said.code, 2)
            self.assertTrue(said.err.startswith(f"error: {sentence}"), said.err)
        said = self.run_tool("kbroker", "start", "--dev", "--log-level", "loud")
        self.assertEqual(said.code, 2)
        self.assertIn("--log-level: 'loud' is none of trace, debug, info, warn, error", said.err)

    def configured(self, *lines):
        path = os.path.join(self.home.name, "server.properties")
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join((
                "process.roles=broker,controller", "node.id=1",
                f"log.dirs={self.home.name}/data", "controller.listener.names=CONTROLLER",
                "controller.quorum.voters=1@127.0.0.1:0", *lines)))
        return path

    def test_flags_stand_over_the_file(self):
        config = self.configured("listeners=PLAINTEXT://127.0.0.1:1,CONTROLLER://127.0.0.1:0")
        said = self.run_tool("kbroker", "start", "--config", config, "--port", "0", "--node-id",
                             "7", "--dev", "--override", "controller.quorum.voters=7@127.0.0.1:0",
                             "--", harness.tool("kbroker"), "status", "-o", "json")
        self.assertEqual(said.code, 0, said.err)
        self.assertIn('"node_id":7', said.out)
        self.assertIn('"data":"memory"', said.out)
        self.assertFalse(os.path.exists(f"{self.home.name}/data"))
        self.assertIn("development mode: data in memory, not in log.dirs\n", said.err)

    def test_a_port_that_could_mean_several_listeners_is_refused(self):
        config = self.configured("listeners=A://:1,B://:2,CONTROLLER://:3")
        said = self.run_tool("kbroker", "start", "--config", config, "--port", "9092")
        self.assertEqual((said.code, said.err),
                         (2, f"error: --port: {config} has 2 listeners for clients: "
                             "use --override listeners=...\n"))
        config = self.configured("listeners=A://:1,CONTROLLER://:3", "advertised.listeners=A://h:1")
        said = self.run_tool("kbroker", "start", "--config", config, "--port", "9092")
        self.assertEqual(said.code, 2)
        self.assertIn("advertises A://h:1", said.err)

    def test_ready_answers_in_every_form(self):
        said = self.run_tool("kbroker", "start", "--dev", "--port", "0", "-q", "--", "sh", "-c",
                             f"{harness.tool('kbroker')} ready -o json "
                             "-b $KAFKA_BOOTSTRAP_SERVERS")
        self.assertEqual(said.code, 0, said.err)
        answer = json.loads(said.out.splitlines()[-1])
        self.assertEqual(answer["clusters"][0]["brokers"], 1)
        self.assertIs(answer["clusters"][0]["ready"], True)
        said = self.run_tool("kbroker", "ready", "-b", "127.0.0.1:1", "-o", "json")
        self.assertEqual(said.code, 4)
        self.assertIs(said.json()["clusters"][0]["ready"], False)
        self.assertEqual(json.loads(said.err)["error"], "NETWORK_EXCEPTION")


@unittest.skipUnless(harness.has("kbroker"), "kbroker is not built")
class Files(harness.Case):
    """What needs no running broker."""

    needs_broker = False

    def test_errors_are_explained_by_number_and_by_name(self):
        said = self.ok("kbroker", "error", "6", "not_leader_or_follower", "-o", "json")
        self.assertEqual([code["name"] for code in said.json()["codes"]],
                         ["NOT_LEADER_OR_FOLLOWER"] * 2)
        self.assertEqual(said.json()["codes"][0]["retry"], "after metadata")
        said = self.run_tool("kbroker", "error", "NOT_A_LEADER_OR_FOLLOWER")
        self.assertEqual((said.code, said.err),
                         (2, "error: there is no error code NOT_A_LEADER_OR_FOLLOWER. "
                             "did you mean NOT_LEADER_OR_FOLLOWER?\n"))

    def formatted(self, *options):
        folder = f"{self.home.name}/data"
        return folder, self.run_tool("kbroker", "format", "--data-dir", folder, *options)

    def levels(self, folder):
        zero = f"{folder}/__cluster_metadata-0/{0:020}-{0:010}.checkpoint"
        said = self.ok("kbroker", "log", "dump", zero, "--records", "-o", "json")
        data = [record["decoded"]["data"] for record in said.json()["records"]
                if record["decoded"]]
        return {feature["name"]: feature["featureLevel"] for feature in data}

    def test_a_new_cluster_has_the_features_that_format_was_told(self):
        folder, said = self.formatted("--release-version", "4.1", "--feature",
                                      "transaction.version=1")
        self.assertEqual(said.code, 0, said.err)
        self.assertEqual(self.levels(folder),
                         {"metadata.version": 27, "eligible.leader.replicas.version": 1,
                          "group.version": 1, "transaction.version": 1})

    def test_levels_that_a_cluster_cannot_have_are_refused(self):
        for options, sentence in (
                (["--feature", "nosuch.version=1"], "--feature: there is no feature nosuch"),
                (["--feature", "transaction.version=9"],
                 "--feature: transaction.version has levels 0 to 2, not 9"),
                (["--feature", "transaction.version"], "is not name=level"),
                (["--release-version", "4.9"],
                 "--release-version: there is no '4.9'; there are 3.3-IV3, "),
                (["--release-version", "4.0-IV0", "--feature",
                  "eligible.leader.replicas.version=1"], "needs metadata.version 23")):
            folder, said = self.formatted(*options)
            self.assertEqual(said.code, 2, options)
            self.assertIn(sentence, said.err)
            self.assertFalse(os.path.exists(folder))

    def test_another_cluster_id_is_refused(self):
        folder, said = self.formatted("--cluster-id", "MkU3OEVBNTcwNTJENDM2Qk")
        self.assertEqual(said.code, 0, said.err)
        _, said = self.formatted("--cluster-id", "AAAAAAAAAAAAAAAAAAAAAQ", "--ignore-formatted")
        self.assertEqual(said.code, 1)
        self.assertIn("INCONSISTENT_CLUSTER_ID (104)", said.err)
        said = self.run_tool("kbroker", "start", "--data-dir", folder, "--port", "0",
                             "--cluster-id", "AAAAAAAAAAAAAAAAAAAAAQ", "--", "true")
        self.assertEqual(said.code, 1)
        self.assertIn(f"{folder} is formatted for cluster MkU3OEVBNTcwNTJENDM2Qk, "
                      "not AAAAAAAAAAAAAAAAAAAAAQ", said.err)
        said = self.run_tool("kbroker", "start", "--data-dir", folder, "--port", "0",
                             "--cluster-id", "MkU3OEVBNTcwNTJENDM2Qk", "--", "true")
        self.assertEqual(said.code, 0, said.err)

    def test_what_is_formatted_is_left_alone(self):
        folder, said = self.formatted()
        self.assertTrue(said.out.startswith(f"formatted {folder} for cluster "), said.out)
        _, said = self.formatted()
        self.assertEqual(said.code, 1)
        self.assertIn("it is formatted already, for cluster ", said.err)
        _, said = self.formatted("--ignore-formatted")
        self.assertEqual((said.code, said.out.split(",")[0]),
                         (0, "nothing to format: all log directories are"))
        _, said = self.formatted("--ignore-formatted", "--override",
                                 f"log.dirs={folder},{folder}-2")
        self.assertTrue(said.out.startswith(f"formatted {folder}-2 for cluster "), said.out)

    def test_a_log_that_is_damaged_is_found(self):
        folder, _ = self.formatted()
        metadata = f"{folder}/__cluster_metadata-0"
        self.ok("kbroker", "log", "verify", metadata)
        zero = f"{metadata}/{0:020}-{0:010}.checkpoint"
        batch = self.ok("kbroker", "log", "dump", metadata, "-o", "json").json()["batches"][1]
        self.assertIs(batch["valid"], True)
        with open(zero, "r+b") as file:
            file.seek(batch["position"] + 70)
            file.write(b"\xff")
        said = self.run_tool("kbroker", "log", "verify", metadata, "-o", "json")
        self.assertEqual(said.code, 4)
        self.assertTrue(said.json()["files"][0]["problem"].startswith(
            f"position {batch['position']}: "))


if __name__ == "__main__":
    harness.main()
