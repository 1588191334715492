#!/usr/bin/python3
"""kgroups and consuming in groups against a broker."""

import os
import signal
import subprocess
import unittest

import harness
from node import STOP_SECONDS, launch
from trials import SECONDS, until


class Groups(harness.Case):
    def consumed(self):
        self.topic("-p", "2")
        self.ok("kproduce", self.name, "--partitioner", "roundrobin",
                stdin="".join(f"{i}\n" for i in range(10)))
        return self.ok("kconsume", self.name, "-g", self.name, "-e")

    def described(self):
        return self.ok("kgroups", "describe", self.name, "-o", "json").json()["groups"][0]

    def test_a_group_reads_all_once_and_commits(self):
        said = self.consumed()
        self.assertEqual(sorted(said.out.split(), key=int), [str(i) for i in range(10)])
        self.assertIn(f"assigned {self.name}-0 {self.name}-1", said.err)
        again = self.ok("kconsume", self.name, "-g", self.name, "-e", "-q")
        self.assertEqual(again.out, "")
        group = self.described()
        self.assertEqual((group["state"], group["total_lag"]), ("Empty", 0))
        self.ok("kproduce", self.name, stdin="new\n")
        self.assertEqual(self.described()["total_lag"], 1)

    def test_every_assignor_reads_all_once(self):
        self.topic("-p", "2")
        self.ok("kproduce", self.name, "--partitioner", "roundrobin",
                stdin="".join(f"{i}\n" for i in range(10)))
        for assignor in ("range", "roundrobin", "sticky", "cooperative-sticky"):
            said = self.ok("kconsume", self.name, "-g", self.name + assignor, "-e", "-q",
                           "--assignor", assignor)
            self.assertEqual(len(said.out.split()), 10, assignor)

    def member(self, group, assignor, path):
        output = open(path, "wb")
        self.addCleanup(output.close)
        process = subprocess.Popen(
            [harness.tool("kconsume"), self.name, "-g", group, "--assignor", assignor, "-u", "-q",
             "-b", self.broker.bootstrap, "-X", "heartbeat.interval.ms=200"], stdout=output)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def read_so_far(self, paths):
        lines = []
        for path in filter(os.path.exists, paths):
            with open(path, encoding="utf-8") as file:
                lines += file.read().split()
        return sorted(lines, key=int)

    def wait_for(self, paths, count):
        until(lambda: f"{len(self.read_so_far(paths))} of {count} records were read",
              lambda: len(self.read_so_far(paths)) >= count)

    def test_members_come_and_go_and_every_record_is_read_once(self):
        self.topic("-p", "4")
        for assignor in ("range", "cooperative-sticky"):
            paths = [f"{self.home.name}/{assignor}.{i}" for i in range(2)]
            group = self.name + assignor
            stays = self.member(group, assignor, paths[0])
            expected = []
            for turn in range(3):
                if turn == 1:
                    goes = self.member(group, assignor, paths[1])
                if turn == 2:
                    goes.send_signal(signal.SIGINT)
                    self.assertEqual(goes.wait(SECONDS), 0)
                made = self.ok("kproduce", self.name, "--template", "{{seq}}", "-k", "{{seq}}",
                               "-c", "300", "-r", "300/s", "-q", "-T").out.split()
                expected += made
                self.wait_for(paths, len(expected))
            stays.send_signal(signal.SIGINT)
            self.assertEqual(stays.wait(SECONDS), 0)
            self.assertEqual(self.read_so_far(paths), sorted(expected, key=int), assignor)
            self.name += "x"
            self.topic("-p", "4")

    def test_lag_members_and_waiting(self):
        self.consumed()
        row = self.ok("kgroups", "lag", self.name, "-o", "json").json()["groups"][0]
        self.assertEqual([o["lag"] for o in row["offsets"]], [0, 0])
        self.assertIn(self.name, self.ok("kgroups", "lag").out)
        self.assertEqual(self.ok("kgroups", "members", self.name, "-o", "json").json()["members"],
                         [])
        self.ok("kgroups", "wait", self.name)
        self.ok("kproduce", self.name, stdin="new\n")
        said = self.run_tool("kgroups", "wait", self.name, "--timeout", "300ms")
        self.assertEqual((said.code, said.err), (3, f"{self.name}: the lag is 1\n"))
        self.ok("kgroups", "wait", self.name, "--lag", "1")

    def test_offsets_are_copied_to_another_group(self):
        self.consumed()
        copy = self.name + "copy"
        said = self.run_tool("kgroups", "clone", self.name, copy)
        self.assertEqual(said.code, 5)
        self.ok("kgroups", "clone", self.name, copy, "-y")
        offsets = self.ok("kgroups", "lag", copy, "-o", "json").json()["groups"][0]["offsets"]
        self.assertEqual([o["lag"] for o in offsets], [0, 0])

    def test_describe_has_the_column_names_of_the_scripts(self):
        self.consumed()
        said = self.ok("kgroups", "describe", self.name)
        self.assertRegex(said.out, r"GROUP +TOPIC +PARTITION +CURRENT-OFFSET +LOG-END-OFFSET +LAG "
                                   r"+CONSUMER-ID +HOST +CLIENT-ID\n")

    def test_resets_plan_first_and_apply_with_y(self):
        self.consumed()
        said = self.run_tool("kgroups", "reset", self.name, "--to", "earliest", "-o", "json")
        self.assertEqual(said.code, 5)
        self.assertEqual([r["new_offset"] for r in said.json()["offsets"]], [0, 0])
        self.assertEqual(self.described()["total_lag"], 0)
        self.ok("kgroups", "reset", self.name, "--to", "earliest", "-y")
        self.assertEqual(self.described()["total_lag"], 10)
        self.ok("kgroups", "reset", self.name, "--to", "latest-1", "-t", self.name + ":1", "-y")
        self.assertEqual(self.described()["total_lag"], 6)
        self.ok("kgroups", "reset", self.name, "--to", "+1", "-y")
        self.assertEqual(self.described()["total_lag"], 4)

    def test_offsets_go_to_a_file_and_come_from_one(self):
        self.consumed()
        plan = self.ok("kgroups", "reset", self.name, "--to", "latest-2", "--export").out
        self.assertEqual(plan, f"{self.name},0,3\n{self.name},1,3\n")
        path = f"{self.home.name}/plan"
        for text in (plan, f"{self.name},{plan.splitlines()[0]}\nother,{plan.splitlines()[1]}\n",
                     f'[{{"topic":"{self.name}","partition":0,"offset":4}}]'):
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            self.ok("kgroups", "reset", self.name, "--to", f"file:{path}", "-y")
        self.assertEqual(self.described()["total_lag"], 1 + 2)
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"{self.name},0\n")
        said = self.run_tool("kgroups", "reset", self.name, "--to", f"file:{path}", "-y")
        self.assertEqual(said.code, 2)
        self.assertIn("line 1 is not topic,partition,offset", said.err)
        self.assertEqual(self.run_tool("kgroups", "reset", self.name, "--to", "file:/none").code, 2)

    def test_the_targets_of_the_script_are_known(self):
        self.consumed()
        for options, lag in ((["--to-earliest"], 10), (["--to-latest"], 0),
                             (["--shift-by", "-2"], 4), (["--shift-by", "1"], 2),
                             (["--to-offset", "2"], 6), (["--to-current"], 6),
                             (["--by-duration", "PT1H"], 10),
                             (["--to-datetime", "2100-01-01T00:00:00.000"], 0)):
            self.ok("kgroups", "reset", self.name, "--all-topics", *options, "--execute")
            self.assertEqual(self.described()["total_lag"], lag, options)

    def test_what_cannot_be_reset_is_1_and_says_why(self):
        self.topic("-p", "1")
        reset = ["kgroups", "reset", self.name, "-y", "--to"]
        for target, topics, why in (
                ("+2", ["-t", self.name], f"{self.name}-0: nothing is committed yet that could be "
                                          "shifted"),
                ("+2", [], "nothing is committed: name topics with -t"),
                ("earliest", [], "nothing is committed: name topics with -t"),
                (f"group:{self.name}x", ["-t", self.name],
                 f"group:{self.name}x has no offset of these partitions")):
            said = self.run_tool(*reset, target, *topics)
            self.assertEqual((said.code, said.out), (1, ""), target)
            self.assertTrue(said.err.startswith("error: GROUP_ID_NOT_FOUND (69): "), said.err)
            self.assertTrue(said.err.endswith(f"{why}\n"), said.err)
        with open(f"{self.home.name}/plan", "w", encoding="utf-8") as file:
            file.write(f"{self.name},7,0\n")
        for target, topics, which in (
                ("earliest", ["-t", f"{self.name}:0,7"], "7: there is no such partition: "
                                                        f"{self.name} has 1, from 0 to 0"),
                (f"file:{self.home.name}/plan", [], "7: there is no such partition"),
                ("latest", ["-t", self.name + "-none"], "none: there is no such topic")):
            said = self.run_tool(*reset, target, *topics)
            self.assertEqual((said.code, said.out), (1, ""), target)
            self.assertTrue(said.err.startswith(
                f"error: UNKNOWN_TOPIC_OR_PARTITION (3): {self.name}-{which}"), said.err)
            self.assertIn(". hint: ktopics list shows what is there, -t ", said.err)
        said = self.run_tool(*reset, "latest", "-t", self.name + ":0,x")
        self.assertEqual(said.code, 2)
        self.assertIn(f"'x' of '{self.name}:0,x' is not a partition", said.err)
        self.ok("kproduce", self.name, stdin="a\nb\n")
        rows = self.ok(*reset, "current", "-t", self.name, "-o", "json").json()["offsets"]
        self.assertEqual([(r["new_offset"], r["note"]) for r in rows],
                         [(2, "nothing committed yet")])

    def test_peek_shows_what_was_read_and_what_comes(self):
        self.topic("-p", "1")
        self.ok("kproduce", self.name, "-K", ":", stdin="".join(f"k{i}:v{i}\n" for i in range(9)))
        self.ok("kgroups", "reset", self.name, "--to", "4", "-t", self.name, "-y")
        rows = self.ok("kgroups", "peek", self.name, "-B", "2", "-A", "1", "-o", "json").json()
        self.assertEqual([(r["offset"], r["place"], r["key"]) for r in rows["records"]],
                         [(2, "read", "k2"), (3, "read", "k3"), (4, "next", "k4")])
        self.assertRegex(self.ok("kgroups", "peek", self.name).out,
                         r"TOPIC +PARTITION +OFFSET +PLACE +TIME +KEY +VALUE\n")
        self.assertEqual(self.run_tool("kgroups", "peek", self.name + "x").code, 1)

    def test_members_are_removed(self):
        self.topic("-p", "1")
        path = f"{self.home.name}/out"
        member = self.member(self.name, "range", path)
        self.ok("kproduce", self.name, stdin="1\n")
        self.wait_for([path], 1)
        said = self.run_tool("kgroups", "reset", self.name, "--to", "earliest", "-y")
        self.assertEqual(said.code, 1)
        self.assertIn(f"hint: stop them first, or kgroups kick {self.name}", said.err)
        self.assertEqual(self.run_tool("kgroups", "kick", self.name).code, 5)
        said = self.run_tool("kgroups", "kick", self.name, "--member", "nobody", "-y")
        self.assertEqual((said.code, "there is no member nobody" in said.err), (1, True))
        member.send_signal(signal.SIGSTOP)
        said = self.ok("kgroups", "kick", self.name, "-y")
        self.assertRegex(said.out, r"^removed \S+\n$")
        self.assertEqual(self.ok("kgroups", "members", self.name, "-o", "json").json()["members"],
                         [])
        self.ok("kgroups", "reset", self.name, "--to", "earliest", "-t", self.name, "-y")

    def test_groups_have_settings(self):
        key = "consumer.session.timeout.ms"
        said = self.run_tool("kgroups", "config", self.name, "--set", key + "=50000", "--dry-run")
        self.assertEqual(said.code, 5, said.err)
        self.ok("kgroups", "config", self.name, "--set", key + "=50000")
        self.shows(self.configs, [(key, "50000", "group")])
        self.ok("kgroups", "config", self.name, "--unset", key)
        self.shows(self.configs, [])

    def configs(self):
        rows = self.ok("kgroups", "config", self.name, "-o", "json").json()["configs"]
        return [(row["key"], row["value"], row["source"]) for row in rows]

    def test_offsets_of_a_new_group_can_be_set(self):
        self.topic("-p", "1")
        self.ok("kproduce", self.name, stdin="a\nb\n")
        # Often enough for the data to arrive before the reader looks at its assignment, and after.
        for number in range(10):
            group = f"{self.name}-{number}"
            self.ok("kgroups", "reset", group, "--to", "1", "-t", self.name, "-y")
            said = self.ok("kconsume", self.name, "-g", group, "-e", "-q")
            self.assertEqual(said.out, "b\n")

    def test_lists_and_deletes(self):
        self.consumed()
        self.assertIn(self.name, self.ok("kgroups", "list", "-o", "name").out.split())
        self.assertEqual(self.run_tool("kgroups", "delete", self.name).code, 5)
        self.assertEqual(self.ok("kgroups", "delete", self.name, "-y").out,
                         f"deleted {self.name}\n")
        self.assertNotIn(self.name, self.ok("kgroups", "list", "-o", "name").out.split())
        self.assertEqual(self.run_tool("kgroups", "delete", self.name, "-y").code, 1)

    def test_lists_tell_lag_and_choose_by_topic(self):
        self.consumed()
        self.ok("kproduce", self.name, stdin="new\n")
        rows = self.ok("kgroups", "list", self.name, "--lag", "-o", "json").json()["groups"]
        self.assertEqual([(r["group"], r["total_lag"]) for r in rows], [(self.name, 1)])
        self.assertRegex(self.ok("kgroups", "list", "--lag").out, r"COORDINATOR +TOTAL-LAG\n")
        self.assertNotIn("TOTAL-LAG", self.ok("kgroups", "list").out)
        names = self.ok("kgroups", "list", "-t", self.name, "-o", "name").out.split()
        self.assertEqual(names, [self.name])
        said = self.ok("kgroups", "list", "-t", self.name + "x", "-o", "name")
        self.assertEqual(said.out, "")

    def test_a_group_that_is_not_there_is_1(self):
        said = self.run_tool("kgroups", "describe", self.name)
        self.assertEqual(said.code, 1)
        self.assertIn("GROUP_ID_NOT_FOUND (69)", said.err)


@unittest.skipUnless(harness.has("kbroker"), "kbroker is not built")
class Partly(harness.Case):
    """A cluster of which one broker cannot be reached."""

    needs_broker = False

    def test_the_groups_of_the_others_are_shown(self):
        process, bootstrap = launch(
            [harness.tool("kbroker"), "start", "--dev", "--brokers", "2", "--port", "0",
             "--exit-with-parent", "-q"], None)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait, STOP_SECONDS)
        self.addCleanup(process.terminate)
        at = ["-b", bootstrap]
        self.ok("ktopics", "create", "t", *at)
        brokers = {f"{row['host']}:{row['port']}": row["broker"] for row in
                   self.ok("kbroker", "cluster", "info", "-o", "json", *at).json()["brokers"]}
        names = [f"g{number}" for number in range(8)]  # Coordinated by either.
        for name in names:
            self.ok("kgroups", "reset", name, "--to", "0", "-t", "t", "-y", *at)
        rows = self.ok("kgroups", "list", "-o", "json", *at).json()["groups"]
        self.assertEqual([row["group"] for row in rows], names)
        gone = next(each for each in brokers if each != bootstrap)
        said = self.run_tool("kgroups", "list", "-o", "json", "--host-map", f"{gone}=127.0.0.1:1",
                             *at)
        self.assertEqual(said.code, 6)
        self.assertEqual([row["group"] for row in said.json()["groups"]],
                         [row["group"] for row in rows if row["coordinator"] != brokers[gone]])
        self.assertIn(f"broker {brokers[gone]}", said.err)
        self.assertEqual(len(said.json()["errors"]), 1)


if __name__ == "__main__":
    harness.main()
