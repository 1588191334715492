#!/usr/bin/python3
"""ktopics against a broker."""

import harness


class Case(harness.Case):
    def described(self, name):
        return self.ok("ktopics", "describe", name, "-o", "json").json()["topics"][0]


class Topics(Case):
    def test_create_says_what_was_made(self):
        said = self.ok("ktopics", "create", self.name, "-p", "3", "-r", "1")
        self.assertRegex(said.out, rf"^created {self.name}  partitions=3 replication-factor=1 "
                                   r"id=[\w-]{22}\n$")

    def test_a_topic_that_exists_is_1_with_a_hint(self):
        self.topic()
        said = self.run_tool("ktopics", "create", self.name)
        self.assertEqual((said.code, said.out), (1, ""))
        self.assertTrue(said.err.startswith("error: TOPIC_ALREADY_EXISTS (36): "), said.err)
        row = self.run_tool("ktopics", "create", self.name, "-o", "json").json()["topics"][0]
        self.assertEqual((row["action"], row["error"]["code"]), ("failed", 36))
        self.assertTrue(said.err.endswith(" hint: --if-not-exists\n"), said.err)
        self.ok("ktopics", "create", self.name, "--if-not-exists")

    def test_partitions_sizes_and_waiting(self):
        self.topic("-p", "2")
        self.ok("ktopics", "wait", self.name, "--in-sync")
        said = self.run_tool("ktopics", "wait", self.name + "x", "--timeout", "300ms")
        self.assertEqual((said.code, said.err), (3, f"{self.name}x is not there\n"))
        said = self.ok("ktopics", "partitions", self.name)
        self.assertRegex(said.out, r"PARTITION +LEADER +EPOCH")
        self.ok("kproduce", self.name, stdin="x\n")
        rows = self.ok("ktopics", "sizes", self.name, "-o", "json").json()["sizes"]
        self.assertEqual([(r["name"], r["replicas"]) for r in rows], [(self.name, 2)])
        self.assertGreater(rows[0]["size_bytes"], 60)
        rows = self.ok("ktopics", "sizes", self.name, "--by", "partition", "-o", "json").json()
        self.assertEqual(len(rows["sizes"]), 2)

    def test_describe_has_one_shape_in_json(self):
        self.topic("-p", "2", "-c", "retention.ms=3600000")
        document = self.ok("ktopics", "describe", self.name, "-o", "json").json()
        self.assertEqual(document["_v"], 1)
        self.assertEqual(document["errors"], [])
        topic = document["topics"][0]
        self.assertEqual(topic["partition_count"], 2)
        self.assertEqual(topic["configs"]["retention.ms"], {"value": "3600000", "source": "topic"})
        self.assertEqual([p["partition"] for p in topic["partitions"]], [0, 1])
        self.assertEqual(topic["partitions"][0]["end_offset"], 0)
        self.assertEqual(topic["partitions"][0]["status"], "ok")

    def test_a_topic_that_is_not_there_fails_and_the_rest_is_shown(self):
        self.topic()
        said = self.run_tool("ktopics", "describe", self.name, self.name + "x", "-o", "json")
        self.assertEqual(said.code, 1)
        self.assertEqual(len(said.json()["topics"]), 1)
        self.assertEqual(said.json()["errors"][0]["code"], 3)

    def test_names_come_one_a_line(self):
        self.topic()
        self.assertIn(self.name, self.ok("ktopics", "list", "-o", "name").out.splitlines())
        self.assertEqual(self.ok("ktopics", "list", self.name, "-o", "name").out, self.name + "\n")

    def test_configs_are_set_shown_and_unset(self):
        self.topic()
        said = self.ok("ktopics", "config", self.name, "--set", "retention.ms=5000")
        self.assertIn("retention.ms: ", said.err)
        self.shows(self.configs, [("retention.ms", "5000", "topic")])
        self.ok("ktopics", "config", self.name, "--unset", "retention.ms")
        self.shows(self.configs, [])

    def configs(self):
        rows = self.ok("ktopics", "config", self.name, "-o", "json").json()["configs"]
        return [(row["key"], row["value"], row["source"]) for row in rows]

    def test_settings_are_explained(self):
        self.topic()
        said = self.ok("ktopics", "config", self.name, "--docs")
        self.assertRegex(said.out, r"^KEY +VALUE +SOURCE +DEFAULT +DOCUMENTATION\n")
        self.assertRegex(said.out, r"(?m)^retention\.ms +604800000 +default +604800000 +\w+ \w+")
        said = self.ok("ktopics", "config", self.name, "retention.ms")
        self.assertRegex(said.out, r"^KEY +VALUE +SOURCE +DEFAULT\n"
                                   r"retention\.ms +604800000 +default +604800000\n$")

    def test_describe_shows_only_settings_when_told(self):
        self.topic("-c", "retention.ms=5000", "-c", "cleanup.policy=compact")
        show = ["ktopics", "describe", self.name, "--section", "configs"]
        self.assertRegex(self.ok(*show).out,
                         rf"^TOPIC +KEY +VALUE +SOURCE +DEFAULT\n{self.name} +cleanup\.policy "
                         rf"+compact +topic +delete\n{self.name} +retention\.ms +5000 +topic .*\n$")
        rows = self.ok(*show, "-o", "json").json()["configs"]
        self.assertEqual([(r["resource"], r["key"], r["value"]) for r in rows],
                         [(self.name, "cleanup.policy", "compact"),
                          (self.name, "retention.ms", "5000")])
        self.assertIn("key ", self.ok(*show, "-o", "help").out)

    def test_a_mistyped_key_names_the_nearest(self):
        self.topic()
        said = self.run_tool("ktopics", "config", self.name, "--set", "retention.mss=1")
        self.assertEqual(said.code, 1)
        self.assertIn("did you mean retention.ms?", said.err)

    def test_topics_grow(self):
        self.topic("-p", "1")
        self.ok("ktopics", "alter", self.name, "--add-partitions", "2")
        self.shows(lambda: self.described(self.name)["partition_count"], 3)

    def test_delete_without_a_terminal_only_plans(self):
        self.topic()
        said = self.run_tool("ktopics", "delete", self.name)
        self.assertEqual(said.code, 5)
        self.assertIn(f"would delete {self.name}", said.out)
        self.assertEqual(self.ok("ktopics", "delete", "-y", self.name).out,
                         f"deleted {self.name}\n")
        self.shows(lambda: self.run_tool("ktopics", "describe", self.name).code, 1)
        self.assertEqual(self.run_tool("ktopics", "delete", "-y", self.name).code, 1)
        self.ok("ktopics", "delete", "-y", self.name, "--if-exists")

    def test_names_may_be_regular_expressions(self):
        self.topic()
        said = self.ok("ktopics", "describe", "--regex", self.name[:-1] + ".", "-o", "name")
        self.assertEqual(said.out, self.name + "\n")
        for text in ("(", "a**"):
            said = self.run_tool("ktopics", "describe", "--regex", text)
            self.assertEqual(said.code, 1)
            self.assertIn("INVALID_REGULAR_EXPRESSION", said.err)
            self.assertIn(text, said.err)
            self.assertEqual(self.run_tool("kconsume", "-r", text, "-e").code, 2)

    def test_dry_runs_change_nothing(self):
        self.assertEqual(self.run_tool("ktopics", "create", self.name, "--dry-run").code, 5)
        self.assertEqual(self.run_tool("ktopics", "describe", self.name).code, 1)

    def test_topics_are_chosen_by_what_is_in_sync(self):
        self.topic("-p", "1")
        shown = self.ok("ktopics", "describe", self.name, "--at-min-isr", "-o", "json").json()
        self.assertEqual([t["topic"] for t in shown["topics"]], [self.name])
        shown = self.ok("ktopics", "describe", self.name, "--under-min-isr", "-o", "json").json()
        self.assertEqual(shown["topics"], [])

    def test_offsets_go_by_position_and_time(self):
        self.topic("-p", "1")
        self.ok("kproduce", self.name, stdin="a\nb\n")
        rows = self.ok("ktopics", "offsets", self.name, "--at", "earliest,latest,@2000-01-01",
                       "-o", "json").json()["offsets"]
        self.assertEqual([(r["at"], r["offset"]) for r in rows],
                         [("earliest", 0), ("latest", 2), ("@2000-01-01", 0)])


class Records(Case):
    """What deletes records."""

    def filled(self, *options, count=10):
        self.topic("-p", "2", *options)
        self.ok("kproduce", self.name, "--partitioner", "roundrobin",
                stdin="".join(f"{i}\n" for i in range(count)))

    def starts(self):
        rows = self.ok("ktopics", "offsets", self.name, "--at", "earliest", "-o", "json").json()
        return [row["offset"] for row in rows["offsets"]]

    def test_trim_plans_first_and_deletes_up_to_a_position(self):
        self.filled()
        said = self.run_tool("ktopics", "trim", self.name, "--to", "2")
        self.assertEqual(said.code, 5)
        self.assertEqual(said.out, f"would trim {self.name}-0  start-offset=0 new-start-offset=2\n"
                                   f"would trim {self.name}-1  start-offset=0 new-start-offset=2\n")
        self.assertEqual(self.starts(), [0, 0])
        self.assertEqual(self.run_tool("ktopics", "trim", self.name, "--to", "2", "--dry-run",
                                       "-y").code, 5)
        said = self.ok("ktopics", "trim", self.name, "--to", "2", "-p", "1", "-y")
        self.assertEqual(said.out, f"trimmed {self.name}-1  start-offset=2\n")
        self.assertEqual(self.starts(), [0, 2])
        self.ok("ktopics", "trim", self.name, "--to", "-1", "-y")
        self.assertEqual(self.starts(), [4, 4])
        self.assertEqual(self.ok("kconsume", self.name, "-e", "-q", "--count-only").out, "2\n")

    def test_trim_refuses_what_is_not_there(self):
        self.filled()
        said = self.run_tool("ktopics", "trim", self.name, "--to", "soon")
        self.assertEqual(said.code, 2)
        self.assertIn("'soon' is not a position", said.err)
        self.assertEqual(self.run_tool("ktopics", "trim", self.name).code, 2)
        said = self.run_tool("ktopics", "trim", self.name, "--to", "1", "-p", "7", "-y")
        self.assertEqual((said.code, self.starts()), (1, [0, 0]))
        self.assertIn("there is no partition 7", said.err)
        self.assertEqual(self.run_tool("ktopics", "trim", self.name + "x", "--to", "1").code, 1)

    def test_purge_deletes_all_records(self):
        self.filled()
        self.assertEqual(self.run_tool("ktopics", "purge", self.name).code, 5)
        self.ok("ktopics", "purge", self.name, "-y")
        self.assertEqual(self.starts(), [5, 5])
        said = self.ok("ktopics", "purge", self.name, "-y")
        self.assertEqual(said.err, f"{self.name}: there is nothing to delete\n")

    def test_recreate_keeps_the_shape_and_the_settings(self):
        self.filled("-c", "retention.ms=3600000")
        before = self.described(self.name)
        self.assertEqual(self.run_tool("ktopics", "recreate", self.name).code, 5)
        said = self.ok("ktopics", "recreate", self.name, "-y").out
        self.assertRegex(said, rf"^recreated {self.name}  partitions=2 replication-factor=1 "
                               r"id=[\w-]{22}\n$")
        identity = said.rstrip().rpartition("id=")[2]
        self.assertNotEqual(identity, before["id"])
        self.shows(self.identity, identity)
        after = self.described(self.name)
        self.assertEqual(after["configs"], before["configs"])
        self.assertEqual((after["partition_count"], after["records"]), (2, 0))

    def identity(self):
        """None while there is no such topic."""
        said = self.run_tool("ktopics", "describe", self.name, "-o", "json")
        return said.json()["topics"][0]["id"] if said.code == 0 else None


class Placement(Case):
    """What moves, copies and looks into topics."""

    def test_a_clone_has_the_shape_the_settings_and_the_records(self):
        self.topic("-p", "2", "-c", "retention.ms=3600000")
        self.ok("kproduce", self.name, "-K", ":", "-H", "h=1",
                stdin="".join(f"k{i}:v{i}\n" for i in range(50)))
        copy = self.name + "copy"
        self.assertEqual(self.run_tool("ktopics", "clone", self.name, copy, "--dry-run").code, 5)
        said = self.ok("ktopics", "clone", self.name, copy, "--data")
        self.assertEqual(said.out,
                         f"created {copy}  partitions=2 replication-factor=1 records=50\n")
        old, new = (self.ok("kconsume", name, "-e", "-q", "-J", "--order", "offset").lines()
                    for name in (self.name, copy))
        self.assertEqual([{**record, "topic": self.name} for record in new], old)
        self.assertEqual(self.described(copy)["configs"]["retention.ms"]["value"], "3600000")
        self.assertEqual(self.run_tool("ktopics", "clone", self.name, copy).code, 1)

    def test_analysis_counts_keys_sizes_and_skew(self):
        self.topic("-p", "2")
        self.ok("kproduce", self.name, "-K", ":", stdin="a:1\nb:22\na:333\n")
        self.ok("kproduce", self.name, "-p", "0", "-Z", stdin="\n")
        rows = self.ok("ktopics", "analyze", self.name, "-o", "json").json()["analyses"]
        self.assertEqual([r["name"] for r in rows],
                         [self.name + "-0", self.name + "-1", self.name])
        total = rows[-1]
        self.assertEqual((total["records"], total["keys"], total["null_keys"],
                          total["null_values"], total["bytes"], total["codecs"]),
                         (4, 2, 1, 1, 9, {"none": 4}))
        self.assertEqual(sum(r["records"] for r in rows[:-1]), 4)
        rows = self.ok("ktopics", "analyze", self.name, "--last", "1", "-o", "json").json()
        self.assertLessEqual(rows["analyses"][-1]["records"], 2)

    def test_idempotent_producers_are_shown(self):
        self.topic("-p", "2")
        self.ok("kproduce", self.name, "-p", "1", stdin="a\nb\n")
        rows = self.ok("ktopics", "producers", self.name, "-o", "json").json()["producers"]
        self.assertEqual([(r["partition"], r["last_sequence"]) for r in rows], [(1, 1)])
        rows = self.ok("ktopics", "producers", self.name + ":0", "-o", "json").json()["producers"]
        self.assertEqual(rows, [])
        self.assertEqual(self.run_tool("ktopics", "producers", self.name + ":9").code, 1)

    def test_no_election_where_none_is_needed(self):
        self.topic("-p", "2")
        said = self.ok("ktopics", "elect", self.name)
        self.assertEqual((said.out, said.err), ("", "no partition needs an election\n"))
        self.assertEqual(self.run_tool("ktopics", "elect").code, 2)
        self.assertEqual(self.run_tool("ktopics", "elect", "--all", self.name).code, 2)

    def test_replicas_stay_where_they_may(self):
        self.topic("-p", "2")
        said = self.ok("ktopics", "reassign", self.name, "--replication-factor", "1", "-y")
        self.assertEqual(said.err, "every replica is where it shall be\n")
        self.assertEqual(self.ok("ktopics", "reassign", "--list", "-o", "json").json(),
                         {"_v": 1, "reassignments": [], "errors": []})
        said = self.ok("ktopics", "reassign", "--cancel")
        self.assertEqual(said.err, "no reassignment is under way\n")
        said = self.run_tool("ktopics", "reassign", self.name, "--replication-factor", "99")
        self.assertEqual(said.code, 1)
        self.assertIn("99 replicas need as many brokers", said.err)
        said = self.run_tool("ktopics", "reassign", self.name, "--brokers", "77")
        self.assertIn("there is no broker 77", said.err)
        self.assertEqual(self.run_tool("ktopics", "reassign", self.name).code, 2)
        path = f"{self.home.name}/plan"
        with open(path, "w", encoding="utf-8") as file:
            file.write('{"partitions":[{"topic":"a"}]}')
        said = self.run_tool("ktopics", "reassign", "--plan", path)
        self.assertEqual(said.code, 2)
        self.assertIn("is not a plan", said.err)


if __name__ == "__main__":
    harness.main()
