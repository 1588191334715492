#!/usr/bin/python3
"""What the tools say without any cluster."""

import json
import re
import time

import harness

TOOLS = [name for name in ("ktopics", "kproduce", "kconsume", "kgroups", "kperf", "kbroker")
         if harness.has(name)]


class Offline(harness.Case):
    needs_broker = False

    def test_help_fits_a_screen_and_ends_with_three_examples(self):
        for tool in TOOLS:
            said = self.ok(tool, "--help")
            lines = said.out.rstrip("\n").split("\n")
            self.assertLess(len(lines), 55, tool)
            self.assertEqual(lines[-4], "Examples:", tool)
            self.assertTrue(all(len(line) <= 100 for line in lines), tool)

    def test_help_all_names_what_help_leaves_out(self):
        for tool in TOOLS:
            self.assertIn("--connect-timeout", self.ok(tool, "--help-all").out)

    def test_the_command_tree_is_json(self):
        for tool in TOOLS:
            tree = json.loads(self.ok(tool, "--help-json").out)
            self.assertEqual(tree["_v"], 1)
            self.assertEqual(tree["command"]["name"], tool)

    def test_every_command_with_rows_tells_their_fields(self):
        def commands(tree, path):
            if "rows" in tree:
                yield path
            for below in tree["commands"]:
                yield from commands(below, [*path, below["name"]])

        for tool in TOOLS:
            tree = json.loads(self.ok(tool, "--help-json").out)["command"]
            for path in commands(tree, [tool]):
                needed = ["x", "x"]  # For what the command cannot do without.
                said = self.run_tool(*path, *needed, "-o", "help")
                while said.code == 2 and needed:
                    needed.pop()
                    said = self.run_tool(*path, *needed, "-o", "help")
                self.assertEqual(said.code, 0, f"{path}: {said.err}")
                self.assertRegex(said.out, r"^(\w[\w.\[\]]* +"
                                           r"(text|number|list|object|true or false).*\n)+$", path)

    def test_commands_without_a_cluster_take_none(self):
        for option in (["-b", "x:1"], ["-X", "acks=1"], ["--as-version", "3.9"],
                       ["--timeout", "1s"], ["-o", "json"]):
            said = self.run_tool("kbroker", "start", *option)
            self.assertEqual(said.code, 2)
            self.assertTrue(said.err.startswith("error: kbroker start does not take -"), said.err)
        for command in (["error", "6"], ["log", "dump", "x"], ["log", "verify", "x"],
                        ["log", "repair", "x"]):
            said = self.run_tool("kbroker", *command, "-b", "x:1")
            self.assertEqual(said.code, 2)
            self.assertIn(" does not take --bootstrap-server\n", said.err)

    def test_versions_are_told(self):
        for tool in TOOLS:
            self.assertRegex(self.ok(tool, "--version").out, rf"^{tool} \d+\.\d+\.\d+\n$")

    def test_help_starts_fast(self):
        for tool in TOOLS:
            best = min(self.timed(tool, "--help") for _ in range(5))
            self.assertLess(best, 0.1, tool)

    def timed(self, *command):
        begin = time.monotonic()
        self.ok(*command)
        return time.monotonic() - begin

    def test_unknown_options_name_the_nearest(self):
        said = self.run_tool("ktopics", "create", "a", "--partitons", "3")
        self.assertEqual(said.code, 2)
        self.assertEqual(said.err,
                         "error: unknown option --partitons. did you mean --partitions?\n")

    def test_what_a_later_version_brings_says_so(self):
        for command in (["ktopics", "apply", "a"], ["kproduce", "a", "--transactional-id", "x"],
                        ["kperf", "mixed"]):
            said = self.run_tool(*command)
            self.assertEqual(said.code, 2, command)
            self.assertIn("is not in this version", said.err, command)

    def test_a_cluster_that_cannot_be_reached_is_6(self):
        said = self.run_tool("ktopics", "list", "-b", "127.0.0.1:1")
        self.assertEqual(said.code, 6)
        self.assertIn("NETWORK_EXCEPTION (13)", said.err)
        said = self.run_tool("ktopics", "list", "-b", "127.0.0.1:1", "-o", "json")
        self.assertEqual(json.loads(said.err)["code"], 13)

    def test_wrong_values_are_2(self):
        for command in (["kconsume", "t", "-o", "first"], ["kconsume", "t", "-f", "%z"],
                        ["ktopics", "list", "-o", "xml"], ["ktopics", "list", "--timeout", "5"],
                        ["kproduce"], ["ktopics", "list", "-X", "acks=7"],
                        ["ktopics", "list", "-b", ":9092x"], ["kgroups", "list", "--type", "old"],
                        ["kgroups", "list", "--state", "Stable,Foo"],
                        ["kgroups", "reset", "g", "--to", "nowhere"]):
            said = self.run_tool(*command)
            self.assertEqual(said.code, 2, command)
            self.assertTrue(said.err.startswith("error: "), command)

    def test_fields_of_rows_are_documented(self):
        said = self.ok("ktopics", "describe", "-o", "help")
        self.assertTrue(re.search(r"^partitions\[\]\.leader_epoch +number$", said.out, re.M))

    def test_properties_are_listed(self):
        said = self.ok("ktopics", "list", "-X", "linger.ms=7", "-X", "dump")
        self.assertIn("linger.ms=7", said.out)
        for command in (["ktopics"], ["kgroups", "describe"], ["kconsume"], ["kproduce"]):
            self.assertIn("linger.ms=", self.ok(*command, "-X", "list").out, command)
        self.assertEqual(self.run_tool("ktopics", "-X", "linger.ms=7").err,
                         "error: a command is missing\nsee ktopics --help\n")

    def test_unknown_properties_name_only_what_is_near(self):
        said = self.run_tool("ktopics", "list", "-X", "linger=7")
        self.assertEqual((said.code, said.err),
                         (2, "error: -X unknown property linger: did you mean linger.ms?\n"))
        said = self.run_tool("ktopics", "list", "-X", "foo.bar=1")
        self.assertEqual((said.code, said.err), (2, "error: -X unknown property foo.bar. "
                                                    "-X list shows those that there are\n"))

    def test_options_of_kafkas_scripts_name_the_command_that_is_meant(self):
        for option, meant in (("--reset-offsets", "kgroups reset"), ("--describe",
                              "kgroups describe"), ("--shift-by", "kgroups reset --shift-by")):
            said = self.run_tool("kgroups", option)
            self.assertEqual((said.code, said.err),
                             (2, f"error: unknown option {option}. did you mean {meant}?\n"))


if __name__ == "__main__":
    harness.main()
