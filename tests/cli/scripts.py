#!/usr/bin/python3
"""The tools under the names of Kafka's scripts."""

import json
import os

import harness

WARNING = ("WARNING: Due to limitations in metric names, topics with a period ('.') or underscore "
           "('_') could collide. To avoid issues it is best to use either, but not both.\n")


class Scripts(harness.Case):
    def script(self, name, *arguments, **how):
        return self.run_tool(name, "--bootstrap-server", self.broker.bootstrap, *arguments, **how)

    def says(self, name, *arguments, out="", err="", code=0, **how):
        said = self.script(name, *arguments, **how)
        self.assertEqual((said.code, said.out, said.err), (code, out, err), (name, *arguments))

    def file(self, content):
        path = f"{self.home.name}/file"
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)
        return path


class Names(Scripts):
    needs_broker = False

    def test_every_link_is_the_script_of_its_name(self):
        links = [name for name in os.listdir(harness.TOOLS) if name.startswith("kafka-")]
        self.assertGreater(len(links), 15)
        for link in links:
            name = link.removesuffix(".sh")
            said = self.ok(link, "--help")
            self.assertRegex(said.out, rf"(?m)^usage: {name} (COMMAND )?\[OPTIONS\]", link)
            self.assertRegex(self.ok(link, "--version").out, r"^4\.4\.0 \(kcore \d+\.\d+\.\d+\)\n$")
            self.assertTrue(os.path.exists(harness.tool(name + ".sh")), name)

    def test_what_is_wrong_with_flags_is_1(self):
        said = self.run_tool("kafka-topics", "--foo")
        self.assertEqual((said.code, said.out), (1, ""))
        self.assertTrue(said.err.startswith("unknown option --foo\n"), said.err)
        for arguments, err in (
                (["--list"], "--bootstrap-server must be specified\n"),
                ([], "Command must include exactly one action: --list, --describe, --create, "
                     "--alter or --delete\n"),
                (["--list", "--create"], "Command must include exactly one action: --list, "
                                         "--describe, --create, --alter or --delete\n"),
                (["--bootstrap-server", "x:1", "--create"],
                 'Missing required argument "[topic]"\n'),
                (["--bootstrap-server", "x:1", "--list", "--partitions", "3"],
                 'Option "[partitions]" can\'t be used with option "[list]"\n')):
            said = self.run_tool("kafka-topics.sh", *arguments)
            self.assertEqual((said.code, said.out, said.err), (1, "", err), arguments)

    def test_a_cluster_that_cannot_be_reached_is_1(self):
        said = self.run_tool("kafka-topics", "--bootstrap-server", "127.0.0.1:1", "--list")
        self.assertEqual(said.code, 1)
        self.assertIn("Error while executing topic command : ", said.out)


class Topics(Scripts):
    def test_topics_are_made_shown_grown_and_deleted(self):
        topic = ["--topic", self.name]
        self.says("kafka-topics", "--create", *topic, "--partitions", "2", "--config",
                  "retention.ms=5000", out=f"Created topic {self.name}.\n")
        self.says("kafka-topics", "--create", *topic, code=1,
                  out="Error while executing topic command : "
                      f"Topic '{self.name}' already exists.\n",
                  err=f"error: TOPIC_ALREADY_EXISTS (36): Topic '{self.name}' already exists.\n")
        self.says("kafka-topics", "--create", *topic, "--if-not-exists")
        said = self.script("kafka-topics", "--describe", *topic)
        self.assertRegex(said.out,
                         rf"^Topic: {self.name}\tTopicId: [\w-]{{22}}\tPartitionCount: 2\t"
                         r"ReplicationFactor: 1\tConfigs: (\S+,)?retention\.ms=5000(,\S+)?\n"
                         rf"\tTopic: {self.name}\tPartition: 0\tLeader: (\d+)\tReplicas: \3\t"
                         r"Isr: \3\tElr: (N/A)?\tLastKnownElr: (N/A)?\n"
                         rf"\tTopic: {self.name}\tPartition: 1\t.*\n$")
        self.says("kafka-topics", "--alter", *topic, "--partitions", "3")
        said = self.script("kafka-topics", "--alter", *topic, "--partitions", "1")
        self.assertEqual((said.code, said.out),
                         (1, f"Error while executing topic command : The topic {self.name} "
                             "currently has 3 partition(s); 1 would not be an increase.\n"))
        self.says("kafka-topics", "--delete", *topic)
        self.says("kafka-topics", "--delete", *topic, "--if-exists")
        said = self.script("kafka-topics", "--delete", *topic)
        self.assertEqual((said.code, said.out),
                         (1, f"Error while executing topic command : Topic '{self.name}' does not "
                             "exist as expected\n"))

    def test_names_are_patterns(self):
        for end in ("a", "b"):
            self.topic_named(self.name + end)
        self.says("kafka-topics", "--list", "--topic", self.name + ".",
                  out=f"{self.name}a\n{self.name}b\n")
        self.says("kafka-topics", "--list", "--topic", f"{self.name}b,{self.name}a",
                  "--exclude-internal", out=f"{self.name}a\n{self.name}b\n")
        self.says("kafka-topics", "--create", f"--topic={self.name}.c",
                  out=f"{WARNING}Created topic {self.name}.c.\n")

    def topic_named(self, name):
        self.ok("ktopics", "create", name)

    def test_filters_show_partitions_alone(self):
        self.topic("-p", "2")
        topic = ["--describe", "--topic", self.name]
        said = self.script("kafka-topics", *topic, "--at-min-isr-partitions")
        self.assertEqual([line.split("\t")[2] for line in said.out.splitlines()],
                         ["Partition: 0", "Partition: 1"])
        for flag in ("--under-replicated-partitions", "--unavailable-partitions",
                     "--under-min-isr-partitions"):
            self.says("kafka-topics", *topic, flag)
        identity = self.script("kafka-topics", *topic).out.split("\t")[1].removeprefix("TopicId: ")
        self.assertIn(f"Topic: {self.name}\t",
                      self.script("kafka-topics", "--describe", "--topic-id", identity).out)

    def test_offsets_are_lines_with_colons(self):
        self.topic("-p", "3")
        self.ok("kproduce", self.name, "-p", "1", stdin="a\nb\n")
        topic = ["--topic", self.name]
        self.says("kafka-get-offsets", *topic,
                  out=f"{self.name}:0:0\n{self.name}:1:2\n{self.name}:2:0\n")
        self.says("kafka-get-offsets", *topic, "--partitions", "1,2", "--time", "-2",
                  out=f"{self.name}:1:0\n{self.name}:2:0\n")
        self.says("kafka-get-offsets", "--topic-partitions", f"{self.name}:1-3", "--time", "latest",
                  out=f"{self.name}:1:2\n{self.name}:2:0\n")
        self.says("kafka-get-offsets", *topic, "--time", "9999999999999")
        self.says("kafka-get-offsets", "--topic", self.name + "x", code=1,
                  err="Error occurred: Could not match any topic-partitions with the specified "
                      "filters\n")
        said = self.script("kafka-get-offsets", *topic, "--time", "soon")
        self.assertEqual(said.code, 1)
        self.assertIn("Malformed time argument soon", said.err)

    def test_records_are_deleted_by_a_file(self):
        self.topic("-p", "1")
        self.ok("kproduce", self.name, stdin="a\nb\nc\n")
        path = self.file(json.dumps({"version": 1, "partitions": [
            {"topic": self.name, "partition": 0, "offset": 2}]}))
        self.says("kafka-delete-records", "--offset-json-file", path,
                  out="Executing records delete operation\nRecords delete operation completed:\n"
                      f"partition: {self.name}-0\tlow_watermark: 2\n")
        path = self.file('{"partitions":[{"topic":"a"}]}')
        said = self.script("kafka-delete-records", "--offset-json-file", path)
        self.assertEqual((said.code, said.out), (1, ""))
        self.assertIn("lacks topic, partition or offset", said.err)


class Console(Scripts):
    def read(self, *arguments, **how):
        return self.script("kafka-console-consumer", "--topic", self.name, "--from-beginning",
                           "--timeout-ms", "3000", *arguments, **how)

    def test_lines_go_in_and_come_out(self):
        self.topic("-p", "1")
        self.says("kafka-console-producer", "--topic", self.name, stdin="a\nb\r\n\nc")
        said = self.read("--max-messages", "4")
        self.assertEqual((said.code, said.out, said.err),
                         (0, "a\nb\n\nc\n", "Processed a total of 4 messages\n"))
        said = self.read()
        self.assertEqual((said.code, said.out), (0, "a\nb\n\nc\n"))
        self.assertTrue(said.err.endswith("Processed a total of 4 messages\n"), said.err)

    def test_keys_and_headers(self):
        self.topic("-p", "1")
        self.says("kafka-console-producer", "--topic", self.name, "--sync",
                  "--compression-codec", "lz4", "--request-required-acks", "1",
                  "--property", "parse.key=true", "--reader-property", "parse.headers=true",
                  "--reader-property", "null.marker=NULL",
                  stdin="h:1,i:NULL\tk\tv\nNULL\tk\tNULL\n")
        show = [part for what in ("key", "headers", "partition", "offset", "epoch", "delivery")
                for part in ("--formatter-property", f"print.{what}=true")]
        said = self.read("--max-messages", "2", *show, "--property", "null.literal=nil")
        absent = "Delivery:NOT_PRESENT\tEpoch:NOT_PRESENT"
        self.assertEqual(said.out, f"Partition:0\tOffset:0\t{absent}\th:1,i:nil\tk\tv\n"
                                   f"Partition:0\tOffset:1\t{absent}\tNO_HEADERS\tk\tnil\n")
        said = self.read("--max-messages", "1", "--property", "print.timestamp=true", "--property",
                         "key.separator=|", "--property", "line.separator=;")
        self.assertRegex(said.out, r"^CreateTime:\d{13}\|v;$")
        said = self.read("--max-messages", "1", "--formatter", "a.NoOpMessageFormatter")
        self.assertEqual((said.out, said.err), ("", "Processed a total of 1 messages\n"))

    def test_a_line_that_cannot_be_read_ends_it_with_1(self):
        self.topic("-p", "1")
        how = ["kafka-console-producer", "--topic", self.name, "--property", "parse.key=true",
               "--property", "key.separator=:"]
        self.says(*how, stdin="k:v\nno key\n", code=1,
                  err="error: No key separator found on line number 2: 'no key'\n")
        self.assertEqual(self.read().out, "v\n")
        self.says(*how, "--property", "ignore.error=true", stdin="no key\n")

    def test_what_java_would_load_is_refused(self):
        for arguments in (["kafka-console-producer", "--topic", "a", "--line-reader", "a.B"],
                          ["kafka-console-consumer", "--topic", "a", "--formatter", "a.B"]):
            said = self.script(*arguments)
            self.assertEqual((said.code, said.out), (1, ""))
            self.assertIn("a.B: Java classes are not loaded here", said.err)

    def test_numbers_are_deserialized(self):
        self.topic("-p", "1")
        self.ok("kproduce", self.name, "-s", "i32", stdin="7\n")
        said = self.read("--value-deserializer",
                         "org.apache.kafka.common.serialization.IntegerDeserializer")
        self.assertEqual(said.out, "7\n")
        said = self.read("--value-deserializer", "a.LongDeserializer")
        self.assertEqual((said.code, said.out), (1, ""))
        said = self.read("--value-deserializer", "a.LongDeserializer", "--skip-message-on-error")
        self.assertEqual((said.code, said.out), (0, ""))

    def test_partitions_and_offsets_are_chosen(self):
        self.topic("-p", "2")
        self.ok("kproduce", self.name, "-p", "1", stdin="a\nb\nc\n")
        consume = ["kafka-console-consumer", "--topic", self.name, "--timeout-ms", "3000"]
        said = self.script(*consume, "--partition", "1", "--offset", "1")
        self.assertEqual(said.out, "b\nc\n")
        self.assertEqual(self.script(*consume, "--partition", "0", "--offset", "earliest").out, "")
        self.assertEqual(self.script(*consume).out, "")
        said = self.script(*consume, "--offset", "1")
        self.assertEqual((said.code, said.err),
                         (1, "The partition is required when offset is specified.\n"))
        said = self.script("kafka-console-consumer", "--include", self.name[:-1] + ".",
                           "--from-beginning", "--max-messages", "3")
        self.assertEqual(said.out, "a\nb\nc\n")

    def test_a_group_goes_on_where_it_was(self):
        self.topic("-p", "1")
        self.ok("kproduce", self.name, stdin="a\nb\nc\n")
        said = self.script("kafka-console-consumer", "--topic", self.name, "--group", self.name,
                           "--from-beginning", "--max-messages", "2")
        self.assertEqual(said.out, "a\nb\n")
        said = self.script("kafka-console-consumer", "--topic", self.name, "--group", self.name,
                           "--max-messages", "1", "--enable-systest-events")
        self.assertEqual(said.out, "c\nshutdown_complete\n")


class Groups(Scripts):
    HEADER = ("GROUP           TOPIC           PARTITION  CURRENT-OFFSET  LOG-END-OFFSET  LAG"
              "             CONSUMER-ID     HOST            CLIENT-ID\n")

    def setUp(self):
        super().setUp()
        self.topic("-p", "2")
        self.ok("kproduce", self.name, "-p", "1", stdin="a\nb\nc\n")
        self.group = self.name
        self.ok("kgroups", "reset", self.group, "--to", "earliest", "-t", self.name, "-y")

    def groups(self, *arguments, **how):
        return self.script("kafka-consumer-groups", *arguments, **how)

    def reset_to(self, *offsets):
        head = "\nGROUP           TOPIC           PARTITION  NEW-OFFSET\n"
        return head + "".join(f"{self.group:15} {self.name:15} {partition:<10} {offset}\n"
                              for partition, offset in enumerate(offsets))

    def test_groups_are_listed(self):
        self.assertIn(self.group, self.groups("--list").out.splitlines())
        said = self.groups("--list", "--state")
        self.assertTrue(said.out.startswith(f"{'GROUP':25} {'STATE':20}\n"), said.out)
        self.assertIn(f"{self.group:25} {'Empty':20}\n", said.out)
        said = self.groups("--list", "--state", "stable", "--type=classic")
        self.assertEqual(said.out, f"{'GROUP':25} {'TYPE':20} {'STATE':20}\n")
        said = self.groups("--list", "--state", "odd")
        self.assertEqual((said.code, said.out), (1, "\nError: Invalid state list 'odd'\n"))

    def test_offsets_members_and_state(self):
        idle = f"\nConsumer group '{self.group}' has no active members.\n"
        rows = [f"{self.group:15} {self.name:15} {partition:<10} {0:<15} {end:<15} {end:<15} "
                "-               -               -\n" for partition, end in ((0, 0), (1, 3))]
        self.says("kafka-consumer-groups", "--describe", "--group", self.group,
                  out="\n" + self.HEADER + "".join(rows), err=idle)
        said = self.groups("--describe", "--group", self.group, "--state")
        self.assertRegex(said.out, r"^\nGROUP           COORDINATOR \(ID\)          "
                                   r"ASSIGNMENT-STRATEGY  STATE                #MEMBERS\n"
                                   rf"{self.group}   \S+:\d+  \(\d+\) +-                    "
                                   r"Empty                0\n$")
        said = self.groups("--describe", "--group", self.group, "--members")
        self.assertEqual((said.code, said.err), (0, idle))
        said = self.groups("--describe", "--group", self.group + "x")
        self.assertEqual(said.code, 1)
        self.assertRegex(said.out, r"^\nError: Executing consumer group command failed due to "
                                   r"GROUP_ID_NOT_FOUND")

    def test_offsets_are_reset(self):
        reset = ["--reset-offsets", "--group", self.group]
        said = self.groups(*reset, "--all-topics", "--to-latest")
        self.assertEqual((said.code, said.out), (0, self.reset_to(0, 3)))
        self.assertTrue(said.err.startswith("WARN: "), said.err)
        self.says("kafka-consumer-groups", *reset, "--topic", self.name + ":1", "--shift-by", "2",
                  "--execute", out=self.only(1, 2))
        self.says("kafka-consumer-groups", *reset, "--all-topics", "--to-current", "--export",
                  "--dry-run", out=f"{self.name},0,0\n{self.name},1,2\n\n")
        path = self.file(f"{self.name},1,1\n")
        self.says("kafka-consumer-groups", *reset, "--from-file", path, "--execute",
                  out=self.only(1, 1))
        self.says("kafka-consumer-groups", *reset, "--topic", self.name, "--to-earliest",
                  "--to-latest", code=1,
                  err='Option "[to-latest]" can\'t be used with option "[to-earliest]"\n')
        said = self.groups(*reset, "--to-earliest")
        self.assertEqual((said.code, said.err), (1, "Option [reset-offsets] takes one of these "
                                                    "options: [all-topics], [topic]\n"))

    def only(self, partition, offset):
        return ("\nGROUP           TOPIC           PARTITION  NEW-OFFSET\n"
                f"{self.group:15} {self.name:15} {partition:<10} {offset}\n")

    def test_offsets_and_groups_are_deleted(self):
        self.says("kafka-consumer-groups", "--delete-offsets", "--group", self.group, "--topic",
                  self.name + ":1",
                  out=f"Request succeeded for deleting offsets from group {self.group}.\n\n"
                      f"{'TOPIC':15} {'PARTITION':10} {'STATUS':15}\n"
                      f"{self.name:15} {'1':10} {'Successful':15}\n")
        self.says("kafka-consumer-groups", "--delete", "--group", self.group,
                  out=f"Deletion of requested consumer groups ('{self.group}') was successful.\n")
        said = self.groups("--delete", "--group", self.group)
        self.assertEqual(said.code, 1)
        self.assertIn("\nError: Deletion of some consumer groups failed:\n"
                      f"* Group '{self.group}' could not be deleted", said.out)

    def test_regular_expressions_are_judged(self):
        said = self.run_tool("kafka-consumer-groups", "--validate-regex", "a.*")
        self.assertEqual((said.code, said.out), (0, "The regular expression `a.*` is valid.\n"))
        said = self.run_tool("kafka-consumer-groups", "--validate-regex", "a(")
        self.assertEqual(said.code, 1)
        self.assertTrue(said.out.startswith("The regular expression `a(` is invalid: "), said.out)


class Brokers(Scripts):
    def broker_id(self):
        return self.ok("kbroker", "cluster", "info", "-o", "json").json()["brokers"][0]["broker"]

    def test_apis_are_listed_with_the_version_in_use(self):
        said = self.script("kafka-broker-api-versions")
        self.assertEqual((said.code, said.err), (0, ""))
        lines = said.out.splitlines()
        self.assertEqual(lines[0], f"{self.broker.bootstrap} (id: {self.broker_id()} rack: null "
                                   "isFenced: false) -> (")
        self.assertRegex(lines[1], r"^\tProduce\(0\): 0 to \d+ \[usable: \d+\],$")
        self.assertRegex(lines[-2], r"[^,]$")
        self.assertEqual(lines[-1], ")")

    def test_a_cluster_tells_its_id_and_brokers(self):
        at = ["--bootstrap-server", self.broker.bootstrap]
        said = self.run_tool("kafka-cluster", "cluster-id", *at)
        self.assertEqual((said.code, said.err), (0, ""))
        self.assertRegex(said.out, r"^Cluster ID: \S+\n$")
        host, _, port = self.broker.bootstrap.partition(":")
        said = self.run_tool("kafka-cluster.sh", "list-endpoints", *at)
        head = (f"{'ID':10} {'HOST':{len(host)}} {'PORT':10} {'RACK':10} {'STATE':10} "
                f"{'ENDPOINT_TYPE':15}\n")
        self.assertEqual(said.out, f"{head}{self.broker_id():<10} {host} {port:10} {'null':10} "
                                   f"{'unfenced':10} {'broker':15}\n")
        said = self.run_tool("kafka-cluster", "unregister", *at, "--id", "99")
        self.assertEqual((said.code, said.out), (1, ""))
        for wrong in (["cluster-id"], ["unregister", *at], []):
            self.assertEqual(self.run_tool("kafka-cluster", *wrong).code, 1, wrong)

    def test_directories_are_told_as_json(self):
        self.topic("-p", "2")
        broker = self.broker_id()
        said = self.script("kafka-log-dirs", "--describe", "--topic-list", self.name)
        self.assertEqual((said.code, said.err), (0, ""))
        head, received, document = said.out.splitlines()
        self.assertEqual((head, received),
                         ("Querying brokers for log directories information",
                          f"Received log directory information from brokers {broker}"))
        document = json.loads(document)
        self.assertEqual((document["version"], document["brokers"][0]["broker"]), (1, broker))
        directory = document["brokers"][0]["logDirs"][0]
        self.assertEqual(directory["error"], None)
        self.assertEqual(sorted(one["partition"] for one in directory["partitions"]),
                         [f"{self.name}-0", f"{self.name}-1"])
        self.says("kafka-log-dirs", "--describe", "--broker-list", f"7777,{broker}", code=1,
                  err="ERROR: The given brokers do not exist from --broker-list: 7777. Current "
                      f"existent brokers: {broker}\n")
        self.says("kafka-log-dirs", code=1, err='Missing required argument "[describe]"\n')

    def test_elections(self):
        self.topic("-p", "2")
        elect = ["kafka-leader-election", "--election-type", "preferred"]
        there = f"Valid replica already elected for partitions {self.name}-0\n"
        self.says(*elect, "--topic", self.name, "--partition", "0", out=there)
        path = self.file(json.dumps({"partitions": [{"topic": self.name, "partition": 0}]}))
        self.says(*elect, "--path-to-json-file", path, out=there)
        self.says(*elect, "--all-topic-partitions")
        said = self.script(*elect, "--topic", self.name, "--partition", "99")
        self.assertEqual((said.code, said.err), (1, "1 replica(s) could not be elected\n"))
        self.assertTrue(said.out.startswith("Error completing leader election (PREFERRED) for "
                                            f"partition: {self.name}-99: "), said.out)
        self.says(*elect, code=1, err="One and only one of the following options is required: "
                                      "topic, all-topic-partitions, path-to-json-file\n")


class Configs(Scripts):
    def configs(self, *arguments, **how):
        return self.script("kafka-configs", *arguments, **how)

    def shown(self, *entity):
        said = self.configs("--describe", *entity)
        self.assertEqual((said.code, said.err), (0, ""), entity)
        return said.out

    def test_settings_of_topics(self):
        self.topic()
        self.assertEqual(self.shown("--topic", self.name),
                         f"Dynamic configs for topic {self.name} are:\n")
        self.says("kafka-configs", "--alter", "--entity-type", "topics", "--entity-name", self.name,
                  "--add-config", "retention.ms=1000,cleanup.policy=[compact,delete]",
                  out=f"Completed updating config for topic {self.name}.\n")
        rows = self.shown("--topic", self.name).splitlines()[1:]
        self.assertEqual([row.split(" sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:")[0]
                          for row in rows],
                         ["  cleanup.policy=compact,delete", "  retention.ms=1000"])
        said = self.shown("--topic", self.name, "--all")
        self.assertTrue(said.startswith(f"All configs for topic {self.name} are:\n"), said)
        self.assertIn("  preallocate=false sensitive=false synonyms={DEFAULT_CONFIG:"
                      "log.preallocate=false}\n", said)
        path = self.file("retention.ms=2000\n")
        for change in (["--add-config-file", path], ["--delete-config", "cleanup.policy"]):
            self.says("kafka-configs", "--alter", "--topic", self.name, *change,
                      out=f"Completed updating config for topic {self.name}.\n")
        self.assertRegex(self.shown("--topic", self.name),
                         r"^[^\n]+\n  retention\.ms=2000 [^\n]+\n$")
        said = self.configs("--alter", "--topic", self.name, "--add-config", "foo=1")
        self.assertEqual((said.code, said.out), (1, ""))
        self.assertIn("foo", said.err)
        said = self.configs("--describe", "--topic", self.name + "x")
        self.assertEqual((said.code, said.out), (1, f"The topic '{self.name}x' doesn't exist and "
                                                    "doesn't have dynamic config.\n"))

    def test_settings_of_brokers_groups_and_subscriptions(self):
        key = "log.cleaner.threads"
        defaults = ["--entity-type", "brokers", "--entity-default"]
        self.says("kafka-configs", "--alter", *defaults, "--add-config", f"{key}=2",
                  out="Completed updating default config for brokers in the cluster.\n")
        self.assertIn(f"  {key}=2 sensitive=false synonyms={{DYNAMIC_DEFAULT_BROKER_CONFIG:{key}=2",
                      self.shown("--broker-defaults"))
        self.assertRegex(self.shown("--entity-type", "brokers"),
                         r"^Dynamic configs for broker \d+ are:\n(  .*\n)*"
                         r"Default configs for brokers in the cluster are:\n  ")
        self.says("kafka-configs", "--alter", "--broker-defaults", "--delete-config", key,
                  out="Completed updating default config for brokers in the cluster.\n")
        for option, kind, setting in (("--group", "group", "consumer.session.timeout.ms=50000"),
                                      ("--client-metrics", "client-metric", "interval.ms=1000")):
            self.says("kafka-configs", "--alter", option, self.name, "--add-config", setting,
                      out=f"Completed updating config for {kind} {self.name}.\n")
            self.assertIn(f"Dynamic configs for {kind} {self.name} are:\n  {setting} sensitive=",
                          self.shown("--entity-type", option[2:].rstrip("s") + "s"))

    def test_quotas(self):
        user = ["--entity-type", "users", "--entity-name", self.name]
        both = [*user, "--entity-type", "clients", "--entity-default"]
        for entity in (user, both):
            self.says("kafka-configs", "--alter", *entity, "--add-config",
                      "producer_byte_rate=1024,consumer_byte_rate=2048",
                      out=f"Completed updating config for user {self.name}.\n")
        rates = "consumer_byte_rate=2048.0, producer_byte_rate=1024.0\n"
        self.assertEqual(self.shown("--user", self.name),
                         f"Quota configs for user-principal '{self.name}' are {rates}")
        self.assertEqual(self.shown(*both), f"Quota configs for user-principal '{self.name}', the "
                                            f"default client-id are {rates}")
        self.assertIn(f"'{self.name}'", self.shown("--entity-type", "users"))
        self.says("kafka-configs", "--alter", "--user", self.name, "--delete-config",
                  "producer_byte_rate,consumer_byte_rate",
                  out=f"Completed updating config for user {self.name}.\n")
        self.assertEqual(self.shown("--user", self.name), "")
        said = self.configs("--alter", "--ip", "10.0.0.1", "--add-config", "a=b")
        self.assertEqual((said.code, said.out), (1, ""))

    def test_flags_are_judged(self):
        for arguments, err in (
                (["--describe"], "At least one entity type must be specified\n"),
                (["--alter", "--topic", "a"], "At least one of --add-config, --add-config-file, or "
                                              "--delete-config must be specified with --alter\n"),
                (["--alter", "--user-defaults", "--add-config", "SCRAM-SHA-256=[password=x]"],
                 None),
                (["--describe", "--entity-type", "odd"], None),
                (["--describe", "--entity-type", "topics", "--entity-default"],
                 "there is no default of topics\n")):
            said = self.configs(*arguments)
            self.assertEqual((said.code, said.out), (1, ""), arguments)
            if err:
                self.assertEqual(said.err, err)


if __name__ == "__main__":
    harness.main()
