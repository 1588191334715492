#!/usr/bin/python3
"""What kbroker says of a cluster, and changes in it, through its protocol."""

import unittest

import harness


@unittest.skipUnless(harness.has("kbroker"), "kbroker is not built")
class Cluster(harness.Case):
    def rows(self, noun, *command):
        return self.ok("kbroker", *command, "-o", "json").json()[noun]

    def node(self):
        return str(self.rows("brokers", "cluster", "info")[0]["broker"])

    def test_info_names_the_brokers(self):
        row = self.rows("brokers", "cluster", "info")[0]
        self.assertEqual(str(row["port"]), self.broker.bootstrap.rsplit(":", 1)[1])
        self.assertEqual((row["controller"], row["fenced"]), (True, False))
        self.assertRegex(self.ok("kbroker", "cluster", "info").out,
                         r"^BROKER +HOST +PORT +RACK +LEADERS +REPLICAS +CONTROLLER +FENCED\n")

    def test_health_is_told_by_the_exit_code(self):
        self.topic()
        row = self.rows("clusters", "cluster", "health", "--wait-healthy", "60s")[0]
        self.assertEqual((row["leaderless"], row["under_replicated"], row["status"]),
                         (0, 0, "healthy"))
        said = self.run_tool("kbroker", "cluster", "health", "-b", "127.0.0.1:1")
        self.assertEqual((said.code, said.out), (6, ""))

    def test_the_quorum_has_a_leader(self):
        rows = self.rows("replicas", "cluster", "quorum")
        self.assertEqual([row["lag"] for row in rows if row["role"] == "leader"], [0])

    def test_features_have_levels(self):
        rows = {row["feature"]: row for row in self.rows("features", "cluster", "features")}
        level = rows["metadata.version"]
        self.assertLessEqual(level["level"], level["supported_max"])
        self.assertGreater(level["level"], 0)

    def test_apis_are_listed_with_the_version_in_use(self):
        rows = {row["api"]: row for row in self.rows("apis", "cluster", "api-versions")}
        self.assertEqual(rows["Metadata"]["key"], 3)
        self.assertGreaterEqual(rows["Metadata"]["usable"], 12)
        said = self.run_tool("kbroker", "cluster", "api-versions", "--broker", "77")
        self.assertEqual(said.code, 6)
        self.assertIn("broker 77", said.err)

    def test_settings_of_a_broker_are_set_shown_and_unset(self):
        node = self.node()
        said = self.ok("kbroker", "config", node, "log.cleaner.threads")
        self.assertRegex(said.out, r"log\.cleaner\.threads +\d+")
        key = "log.cleaner.threads"
        self.assertEqual(self.run_tool("kbroker", "config", node, "--set", key + "=2",
                                       "--dry-run").code, 5)
        self.ok("kbroker", "config", node, "--set", key + "=2")
        self.shows(lambda: self.configs(node, key), [(key, "2", "broker")])
        self.ok("kbroker", "config", node, "--unset", key)
        self.shows(lambda: self.configs(node, key), [(key, "1", "default")])

    def configs(self, *which):
        return [(row["key"], row["value"], row["source"])
                for row in self.rows("configs", "config", *which)]

    def test_settings_of_all_brokers_and_wrong_ones(self):
        key = "log.cleaner.threads"
        before = self.defaults()
        self.ok("kbroker", "config", "--default", "--set", key + "=2")
        self.shows(self.defaults, {**before, key: "2"})
        self.ok("kbroker", "config", "--default", "--unset", key)
        self.shows(self.defaults, before)
        said = self.run_tool("kbroker", "config", self.node(), "--set", "log.cleaner.treads=2")
        self.assertEqual(said.code, 1)
        self.assertIn("did you mean log.cleaner.threads?", said.err)
        self.assertIn("there is no broker 77", self.run_tool("kbroker", "config", "77").err)

    def defaults(self):
        return {row["key"]: row["value"] for row in self.rows("configs", "config", "--default")}

    def test_levels_of_loggers_are_set(self):
        name = self.rows("configs", "loggers", "list")[0]["key"]
        self.ok("kbroker", "loggers", "set", f"{name}=DEBUG")
        rows = {row["key"]: row["value"] for row in self.rows("configs", "loggers", "list")}
        self.assertEqual(rows[name], "DEBUG")
        self.ok("kbroker", "loggers", "set", self.node(), f"{name}=INFO")
        self.assertEqual(self.run_tool("kbroker", "loggers", "set", f"{name}=LOUD").code, 1)
        self.assertEqual(self.run_tool("kbroker", "loggers", "set", self.node()).code, 2)

    def test_quotas_are_set_listed_and_unset(self):
        user = f"user={self.name}"
        said = self.ok("kbroker", "quotas", "set", user, "producer_byte_rate=1MiB",
                       "request_percentage=50.5")
        self.assertEqual(said.out, f"set {user}  key=producer_byte_rate value=1048576\n"
                                   f"set {user}  key=request_percentage value=50.5\n")
        self.shows(lambda: self.quotas(user), [(user, "producer_byte_rate", 1048576),
                                               (user, "request_percentage", 50.5)])
        self.ok("kbroker", "quotas", "unset", user, "request_percentage")
        self.shows(lambda: self.quotas(user), [(user, "producer_byte_rate", 1048576)])
        self.ok("kbroker", "quotas", "unset", user)
        self.shows(lambda: self.quotas(user), [])

    def quotas(self, entity):
        return [(row["entity"], row["key"], row["value"])
                for row in self.rows("quotas", "quotas", "list", entity)]

    def test_wrong_quotas_are_refused(self):
        said = self.run_tool("kbroker", "quotas", "set", "user=a", "producer_byte_rat=1")
        self.assertEqual(said.code, 1)
        self.assertIn("did you mean producer_byte_rate?", said.err)
        for words in (["producer_byte_rate=1"], ["user=a"], ["user=a", "producer_byte_rate=x"]):
            self.assertEqual(self.run_tool("kbroker", "quotas", "set", *words).code, 2, words)
        self.assertEqual(self.run_tool("kbroker", "quotas", "set", f"user={self.name}",
                                       "producer_byte_rate=1", "--dry-run").code, 5)
        self.assertEqual(self.rows("quotas", "quotas", "list", f"user={self.name}"), [])

    def test_clients_are_asked_for_metrics(self):
        self.ok("kbroker", "client-metrics", "set", self.name, "--metrics", "org.apache.kafka",
                "--interval", "1m")
        self.shows(self.subscriptions, [(60000, "org.apache.kafka")])
        self.assertEqual(self.run_tool("kbroker", "client-metrics", "delete", self.name).code, 5)
        self.ok("kbroker", "client-metrics", "delete", self.name, "-y")
        self.shows(self.subscriptions, [])
        self.assertEqual(self.run_tool("kbroker", "client-metrics", "delete", self.name,
                                       "-y").code, 1)

    def subscriptions(self):
        return [(row["interval_ms"], row["metrics"])
                for row in self.rows("client_metrics", "client-metrics", "list")
                if row["name"] == self.name]

    def test_any_request_goes_as_json(self):
        self.topic("-p", "2")
        said = self.ok("kbroker", "raw", "--api", "Metadata", "--version", "12",
                       stdin=f'{{"topics":[{{"name":"{self.name}"}}]}}')
        topic = said.json()["topics"][0]
        self.assertEqual((topic["name"], len(topic["partitions"])), (self.name, 2))
        self.ok("kbroker", "raw", "--api", "ListGroups", stdin="")
        for options, request, sentence in (
                (["--api", "Nothing"], "{}", "there is no API Nothing"),
                (["--api", "Metadata"], "{", "the request is not JSON"),
                (["--api", "Metadata"], '{"topix":[]}', "topix"),
                (["--api", "Metadata", "--version", "99"], "{}", "has no version 99")):
            said = self.run_tool("kbroker", "raw", *options, stdin=request)
            self.assertEqual(said.code, 1, options)
            self.assertIn(sentence, said.err)


if __name__ == "__main__":
    harness.main()
