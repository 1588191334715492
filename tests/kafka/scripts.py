#!/usr/bin/python3
"""Kafka's scripts and ours of the same names, with the same arguments at the same cluster: what
they print and how they end.

scripts.py TOOLS_FOLDER
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import reference
from node import SKIPPED

# What each of the two changes is its own; names of one length, as columns depend on it.
OURS, THEIRS = "kcores", "theirs"
CHANGES = {"--create", "--alter", "--delete"}  # What a broker does not show at once.


class Said:
    def __init__(self, done):
        self.code = done.returncode
        self.out = self.plain(done.stdout)
        self.err = self.plain(done.stderr)

    @staticmethod
    def plain(text):
        """Without what differs from run to run: names, ids, times, the order of settings."""
        text = text.decode("utf-8", "replace").replace(OURS, "NAME").replace(THEIRS, "NAME")
        text = re.sub(r"TopicId: [\w-]{22}", "TopicId: ID", text)
        text = re.sub(r"CreateTime:\d{13}", "CreateTime:MS", text)
        return re.sub(r"(?<=Configs: )\S+",
                      lambda found: ",".join(sorted(found[0].split(","))), text)


class Scripts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.TemporaryDirectory(prefix="kcore-scripts-")
        cls.addClassCleanup(cls.place.cleanup)
        cls.kafka = reference.Kafka(pathlib.Path(cls.place.name) / "kafka",
                                    offsets_topic_num_partitions=4)
        cls.addClassCleanup(cls.kafka.kill)
        for name in ("alike", OURS, THEIRS):
            cls.call([f"{TOOLS}/ktopics", "create", name, "-p", "2"])
            cls.kafka.catch_up()
            cls.call([f"{TOOLS}/kproduce", name, "-p", "1", "-K", ":"], b"k:a\nk:b\nk:c\n")
        for name in (OURS, THEIRS):
            cls.call([f"{TOOLS}/kgroups", "reset", name, "--to", "1", "-t", f"{name}:1", "-y"])

    @classmethod
    def call(cls, command, stdin=b""):
        environment = {**os.environ, "KCORE_BOOTSTRAP_SERVER": cls.kafka.bootstrap}
        return subprocess.run(command, input=stdin, capture_output=True, env=environment,
                              check=False, timeout=reference.SECONDS, cwd=cls.place.name)

    def both(self, script, *arguments, stdin=b""):
        """What theirs and ours say. @ in an argument is the name of what is their own."""
        said = []
        for command, name in (([reference.PROGRAM, "run", script], THEIRS),
                              ([f"{TOOLS}/{script}.sh"], OURS)):
            words = [word.replace("@", name) for word in arguments]
            at = ["--bootstrap-server", self.kafka.bootstrap]
            said.append(Said(self.call([*command, *at, *words], stdin)))
        if CHANGES.intersection(arguments):
            self.kafka.catch_up()
        return said

    def same(self, script, *arguments, sort=False, **how):
        theirs, ours = self.both(script, *arguments, **how)
        if sort:
            theirs.out, ours.out = (sorted(said.out.splitlines()) for said in (theirs, ours))
        self.assertEqual(ours.out, theirs.out, (script, *arguments))
        self.assertEqual(ours.code, theirs.code, (script, *arguments))
        return theirs, ours

    def same_in_all(self, *arguments, **how):
        theirs, ours = self.same(*arguments, **how)
        self.assertEqual(ours.err, theirs.err, arguments)

    def refused(self, *arguments, **how):
        """Ours ends with 1 also where theirs does not; each tells the failure in the same place."""
        theirs, ours = self.both(*arguments, **how)
        self.assertEqual(ours.code, 1, arguments)
        self.assertEqual(bool(ours.out), bool(theirs.out), (arguments, ours.out, theirs.out))
        return theirs, ours

    def complain_alike(self, *arguments):
        """The first line of what is wrong with the flags."""
        theirs, ours = self.refused(*arguments)
        # Kafka's names flags in the order of a hash table.
        first = [said.err.splitlines()[0].replace(",", "") for said in (ours, theirs)]
        self.assertEqual(*(sorted(line.split()) for line in first), arguments)

    def test_topics(self):
        self.same_in_all("kafka-topics", "--list", "--topic", "alike|@", "--exclude-internal")
        describe = ["kafka-topics", "--describe", "--topic", "alike"]
        self.same_in_all(*describe)
        self.same_in_all(*describe, "--at-min-isr-partitions")
        self.same_in_all(*describe, "--unavailable-partitions")
        self.same_in_all("kafka-topics", "--create", "--topic", "@.x_y", "--partitions", "2",
                         "--config", "cleanup.policy=compact", "--config", "retention.ms=5000")
        self.same_in_all("kafka-topics", "--describe", "--topic", "@.x_y")
        self.same("kafka-topics", "--create", "--topic", "@.x_y")
        self.same_in_all("kafka-topics", "--create", "--topic", "@.x_y", "--if-not-exists")
        self.same_in_all("kafka-topics", "--create", "--topic", "@-a", "--replica-assignment",
                         "1,1,1")
        self.same_in_all("kafka-topics", "--alter", "--topic", "@-a", "--partitions", "4")
        self.same("kafka-topics", "--alter", "--topic", "@-a", "--partitions", "2")
        self.same_in_all("kafka-topics", "--delete", "--topic", "@-a")
        self.same("kafka-topics", "--delete", "--topic", "@-a")

    def test_flags_of_topics(self):
        self.complain_alike("kafka-topics")
        self.complain_alike("kafka-topics", "--create")
        self.complain_alike("kafka-topics", "--list", "--partitions", "3")
        self.complain_alike("kafka-topics", "--create", "--topic", "a", "--replica-assignment",
                            "1", "--partitions", "1")

    def test_offsets_and_records(self):
        self.same_in_all("kafka-get-offsets", "--topic", "alike")
        self.same_in_all("kafka-get-offsets", "--topic-partitions", "alik.*:1-2", "--time", "-2")
        self.same_in_all("kafka-get-offsets", "--topic", "alike", "--time", "9999999999999")
        self.same("kafka-get-offsets", "--topic", "alike", "--time", "max-timestamp")
        self.complain_alike("kafka-get-offsets", "--topic", "no-such")
        for name in (OURS, THEIRS):
            content = json.dumps({"version": 1, "partitions": [
                {"topic": name, "partition": 1, "offset": 1}]})
            (pathlib.Path(self.place.name) / f"{name}.json").write_text(content, encoding="utf-8")
        self.same_in_all("kafka-delete-records", "--offset-json-file", "@.json")

    def test_console(self):
        show = [part for what in ("key", "headers", "partition", "offset", "timestamp", "epoch")
                for part in ("--formatter-property", f"print.{what}=true")]
        read = ["kafka-console-consumer", "--topic", "@-c", "--partition", "0", "--offset",
                "earliest", "--max-messages"]
        self.same_in_all("kafka-topics", "--create", "--topic", "@-c")
        self.same_in_all("kafka-console-producer", "--topic", "@-c", stdin=b"a\nb\r\n\nc")
        self.same_in_all("kafka-console-producer", "--topic", "@-c", "--compression-codec", "zstd",
                         "--reader-property", "parse.key=true", "--reader-property",
                         "parse.headers=true", "--reader-property", "null.marker=NULL",
                         stdin=b"h:1,i:NULL\tk\tv\nNULL\tk\tNULL\n")
        self.read_alike(*read, "6", *show)
        self.refused("kafka-console-producer", "--topic", "@-c", "--reader-property",
                     "parse.key=true", stdin=b"no key\n")
        self.complain_alike("kafka-console-consumer")
        self.complain_alike("kafka-console-producer")

    def read_alike(self, *arguments):
        """Theirs praises its newer protocol on stderr."""
        theirs, ours = self.same(*arguments)
        self.assertEqual(ours.err.splitlines()[-1], theirs.err.splitlines()[-1])

    def test_groups(self):
        describe = ["kafka-consumer-groups", "--describe", "--group", "@"]
        self.same_in_all(*describe)
        self.same_in_all(*describe, "--offsets", "--verbose")
        self.same_in_all(*describe, "--state")
        self.same_in_all(*describe, "--state", "--verbose")
        self.same_in_all(*describe, "--members")
        self.same_in_all(*describe, "--members", "--verbose")
        self.same("kafka-consumer-groups", "--list", sort=True)
        self.same("kafka-consumer-groups", "--list", "--state", "empty", sort=True)
        self.same("kafka-consumer-groups", "--list", "--type", sort=True)
        self.same("kafka-consumer-groups", "--list", "--type", "classic", "--state", "dead")
        self.refused("kafka-consumer-groups", "--describe", "--group", "no-such")
        self.complain_alike("kafka-consumer-groups", "--describe")

    def test_resets_of_groups(self):
        reset = ["kafka-consumer-groups", "--reset-offsets", "--group", "@"]
        self.same(*reset, "--topic", "@", "--to-earliest")
        self.same_in_all(*reset, "--all-topics", "--shift-by", "1", "--execute")
        self.same_in_all(*reset, "--topic", "@:1", "--to-datetime", "2020-01-01T00:00:00.000",
                         "--dry-run")
        self.same_in_all(*reset, "--all-topics", "--to-latest", "--export", "--dry-run")
        self.complain_alike(*reset, "--all-topics", "--shift-by", "1", "--to-earliest", "--dry-run")
        self.same_in_all("kafka-consumer-groups", "--delete-offsets", "--group", "@", "--topic",
                         "@:1")
        self.same_in_all("kafka-consumer-groups", "--delete", "--group", "@")
        self.refused("kafka-consumer-groups", "--delete", "--group", "@")
        self.same_in_all("kafka-consumer-groups", "--validate-regex", "a.*")


    def test_configs(self):
        describe = ["kafka-configs", "--describe"]
        alter = ["kafka-configs", "--alter"]
        self.same_in_all(*alter, "--topic", "@", "--add-config",
                         "retention.ms=1000,cleanup.policy=[compact,delete]")
        self.same_in_all(*describe, "--entity-type", "topics", "--entity-name", "@")
        self.same_in_all(*describe, "--topic", "@", "--all")
        self.same_in_all(*alter, "--topic", "@", "--delete-config", "retention.ms")
        self.refused(*describe, "--topic", "no-such")
        self.refused(*alter, "--topic", "@", "--add-config", "foo=1")
        self.same_in_all(*alter, "--broker-defaults", "--add-config", "log.cleaner.threads=2")
        self.same_in_all(*describe, "--entity-type", "brokers")
        self.same_in_all(*alter, "--entity-type", "users", "--entity-name", "@", "--add-config",
                         "producer_byte_rate=1024,consumer_byte_rate=2048")
        self.same_in_all(*alter, "--entity-type", "users", "--entity-name", "@", "--entity-type",
                         "clients", "--entity-default", "--add-config", "request_percentage=50")
        self.same_in_all(*alter, "--user", "@", "--add-config",
                         "SCRAM-SHA-256=[iterations=8192,password=x]")
        self.same_in_all(*alter, "--user", "@", "--add-config", "SCRAM-SHA-512=[password=y]")
        self.same_in_all(*describe, "--user", "@")
        self.same_in_all(*describe, "--user", "@", "--client-defaults")
        self.same_in_all(*alter, "--user", "@", "--delete-config", "SCRAM-SHA-256")
        self.same_in_all(*describe, "--entity-type", "users", "--entity-name", "@")
        self.same_in_all(*alter, "--group", "@", "--add-config",
                         "consumer.session.timeout.ms=50000")
        self.same_in_all(*describe, "--group", "@")
        self.same_in_all(*alter, "--client-metrics", "@", "--add-config", "interval.ms=1000")
        self.same_in_all(*describe, "--client-metrics", "@")
        self.same_in_all(*describe, "--broker-logger", "1")
        self.complain_alike(*describe)
        self.complain_alike(*alter, "--topic", "a")


    def test_brokers(self):
        elect = ["kafka-leader-election", "--election-type"]
        self.same_in_all(*elect, "preferred", "--topic", "alike", "--partition", "0")
        self.same_in_all(*elect, "unclean", "--all-topic-partitions")
        self.refused(*elect, "preferred", "--topic", "alike", "--partition", "99")
        self.complain_alike("kafka-log-dirs", "--describe", "--broker-list", "7")
        theirs, ours = self.both("kafka-log-dirs", "--describe", "--topic-list", "alike,@")
        self.assertEqual(self.directories(ours), self.directories(theirs))
        theirs, ours = self.both("kafka-broker-api-versions")
        self.assertEqual(self.apis(ours), self.apis(theirs))
        for command in (["cluster-id"], ["list-endpoints"]):
            at = ["--bootstrap-server", self.kafka.bootstrap]
            theirs = self.call([reference.PROGRAM, "run", "kafka-cluster", *command, *at])
            ours = self.call([f"{TOOLS}/kafka-cluster", *command, *at])
            self.assertEqual((ours.returncode, ours.stdout), (0, theirs.stdout))

    @staticmethod
    def directories(said):
        """Partitions come in no order."""
        *lines, document = said.out.splitlines()
        document = json.loads(document)
        for broker in document["brokers"]:
            for directory in broker["logDirs"]:
                directory["partitions"].sort(key=lambda one: one["partition"])
        return said.code, lines, document

    @staticmethod
    def apis(said):
        """What is known and used depends on the release of the tool."""
        lines = re.sub(r" \[usable: \S+\]", "", said.out).splitlines()
        return said.code, [line for line in lines if not re.match(r"\t\w+\(9[34]\)", line)]


if __name__ == "__main__":
    missing = reference.why_not()
    if missing:
        print(missing)
        sys.exit(SKIPPED)
    TOOLS = os.path.abspath(sys.argv.pop(1))
    unittest.main()
