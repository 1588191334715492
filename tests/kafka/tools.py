#!/usr/bin/python3
"""The tools against Apache Kafka: the transcripts of tests/cli, word for word.

tools.py TOOLS_FOLDER
"""

import os
import pathlib
import subprocess
import sys
import tempfile

import reference
from node import ROOT, SKIPPED

SUBJECTS = ("topics", "records", "groups", "perf", "cluster")


def main(tools):
    missing = reference.why_not()
    if missing:
        print(missing)
        return SKIPPED
    with tempfile.TemporaryDirectory(prefix="kcore-tools-") as folder:
        kafka = reference.Kafka(pathlib.Path(folder) / "kafka", offsets_topic_num_partitions=4)
        try:
            environment = {**os.environ, "KCORE_TOOLS": tools,
                           "KCORE_TEST_BOOTSTRAP": kafka.bootstrap}
            failed = [subject for subject in SUBJECTS if subprocess.run(
                [sys.executable, ROOT / "tests" / "cli" / f"{subject}.py"], env=environment,
                check=False).returncode != 0]
        finally:
            kafka.kill()
    print(f"failed: {', '.join(failed)}" if failed else "the tools work with Apache Kafka")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
