#!/usr/bin/python3
"""The completion scripts, in bash."""

import subprocess
import unittest

import harness
from trials import SECONDS

COMPLETIONS = harness.ROOT / "completions/bash"


@unittest.skipUnless(harness.has("ktopics"), "ktopics is not built")
class Completion(harness.Case):
    def completed(self, line):
        words = " ".join(f"'{word}'" for word in line.split(" "))
        script = f"""
            . {COMPLETIONS}/{line.split(" ")[0]}
            COMP_LINE='{line}' COMP_POINT={len(line)} COMP_WORDS=({words})
            COMP_CWORD={line.count(" ")}
            _{line.split(" ")[0]}
            printf '%s\\n' "${{COMPREPLY[@]}}"
        """
        done = subprocess.run(["bash", "-c", script], text=True, capture_output=True, check=False,
                              env={"PATH": f"{harness.TOOLS}:/usr/bin:/bin",
                                   "HOME": self.home.name}, timeout=SECONDS)
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def test_topics_are_those_of_the_cluster_that_is_typed(self):
        name = self.topic()
        at = self.broker.bootstrap
        self.assertIn(name, self.completed(f"ktopics -b {at} describe {name[:4]}"))
        self.assertIn(name, self.completed(f"ktopics describe --bootstrap-server={at} {name[:4]}"))
        self.assertEqual(self.completed(f"ktopics -b 127.0.0.1:1 describe {name[:4]}"), [])

    def test_a_topic_to_be_created_is_none_that_exists(self):
        name = self.topic()
        self.assertEqual(self.completed(f"ktopics -b {self.broker.bootstrap} create {name[:4]}"),
                         [])


if __name__ == "__main__":
    harness.main()
