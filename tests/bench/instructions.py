"""Counts the instructions of the hot paths' steps under callgrind: figures that load does not move.

  instructions.py [--program PATH] [--write]

Each step runs twice, so often and twice so often; the difference is what one costs. More than 2 %
above the figure in instructions.json is a failure (exit 1); --write replaces the figures, which a
change that means to cost more does with its reason in the commit. Another compiler or C library
counts differently: then --write first, on the code before the change.
"""

import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
PROGRAM = HERE.parents[1] / "build/release/tests/bench/instructions"
FIGURES = HERE / "instructions.json"
ROUNDS = 1_000
TOLERANCE = 0.02


def total(program, step, count):
    with tempfile.NamedTemporaryFile() as out:
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out.name}", program, step,
             str(count)], check=True, text=True, stderr=subprocess.PIPE)
    return int(re.search(r"Collected : (\d+)", done.stderr).group(1))


def measure(program):
    steps = subprocess.run([program], check=True, text=True, stdout=subprocess.PIPE).stdout.split()
    return {step: round((total(program, step, 2 * ROUNDS) - total(program, step, ROUNDS)) / ROUNDS)
            for step in steps}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=PROGRAM, help="built with KCORE_BENCH=ON")
    parser.add_argument("--write", action="store_true", help="take what is measured as the figures")
    options = parser.parse_args()
    if not shutil.which("valgrind"):
        print("no valgrind: apt install valgrind", file=sys.stderr)
        return 2
    known = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    measured = measure(options.program)
    worse = 0
    for step, now in measured.items():
        before = known.get(step)
        is_worse = before is not None and now > before * (1 + TOLERANCE)
        worse += is_worse
        change = f"{now / before - 1:+.1%}" if before else "new"
        print(f"{step:26}{now:>10}{change:>9}{'  worse' if is_worse else ''}")
    if options.write:
        FIGURES.write_text(json.dumps(measured, indent=1) + "\n")
        return 0
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
