#!/usr/bin/python3
"""Archives of the classes of Apache Kafka's broker and tools, from which Java starts in a third of
the time; the other tests use them where they are.

KCORE_JAVA_CLASSES names the folder.
"""

import os
import pathlib
import shutil
import sys
import tempfile

import reference
from node import SKIPPED


def main(folder):
    missing = reference.why_not()
    if missing:
        print(missing)
        return SKIPPED
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.environ["KCORE_JAVA_ARCHIVE"] = "yes"
    with tempfile.TemporaryDirectory(prefix="kcore-classes-") as place:
        kafka = reference.Kafka(pathlib.Path(place) / "kafka")
        try:
            reference.run("run", "kafka-consumer-groups", "--bootstrap-server", kafka.bootstrap,
                          "--list")
        finally:
            kafka.stop()
    for name in {path.stem for path in folder.iterdir()}:
        # A broker is formatted first, by a program with fewer classes.
        *others, largest = sorted(folder.glob(f"{name}.*"), key=lambda path: path.stat().st_size)
        largest.rename(folder / f"{name}.jsa")
        for other in others:
            other.unlink()
    print(*(f"{path.name}: {path.stat().st_size >> 20} MiB" for path in folder.glob("*.jsa")),
          sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(os.environ["KCORE_JAVA_CLASSES"])))
