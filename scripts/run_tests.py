"""Builds everything and runs all tests: scripts/test [--quick | --long] [LABEL...]

  (nothing)   g++ release build and all its tests; then clang with thread-safety analysis, warnings
              as errors, ASan and UBSan: unit, wire tests and five seconds of each fuzz target.
  --quick     the first half only.
  --long      all that, and: unit tests under TSan, clang-tidy, minutes of every fuzz target, long
              cluster and kill runs. Takes hours.
  LABEL       only tests with these labels (unit, wire, badinput, lint, cli, interop, conformance,
              kafka, cluster, sim, soak, fuzz)

The last line is "N passed, N failed, N skipped"; what was skipped is named above it with the
reason.
"""

import os
import subprocess
import sys
import time
import xml.etree.ElementTree as xml

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
JOBS = str(os.cpu_count() or 2)
SANITIZED = ("unit", "wire", "fuzz")  # What runs under ASan and UBSan.


class Tally:
    def __init__(self):
        self.passed, self.failed, self.skipped = 0, [], []

    def read(self, preset, path):
        """Adds the results of one ctest run."""
        if not os.path.exists(path):
            self.failed.append(f"{preset}: ctest gave no results")
            return
        for case in xml.parse(path).getroot().iter("testcase"):
            name = f"{preset}: {case.get('name')}"
            if case.get("status") == "run":
                self.passed += 1
            elif case.get("status") == "fail":
                self.failed.append(name)
            else:
                self.skipped.append(f"{name} ({reason(case)})")


def reason(case):
    """Why a test skipped: the last line it printed."""
    lines = [line for line in (case.findtext("system-out") or "").splitlines() if line.strip()]
    return lines[-1].strip() if lines else "could not run here"


def say(text):
    print(f"\n== {text}", flush=True)


def run(*command, **environment):
    return subprocess.run(command, cwd=ROOT, check=False,
                          env={**os.environ, **environment}).returncode == 0


def build(tally, preset, *targets):
    """True when it built."""
    say(f"{preset}: build")
    started = time.monotonic()
    log = os.path.join(ROOT, "build", f"{preset}.configure.log")
    os.makedirs(os.path.dirname(log), exist_ok=True)
    with open(log, "w", encoding="utf-8") as out:
        configured = subprocess.run(["cmake", "--preset", preset], cwd=ROOT, stdout=out,
                                    stderr=subprocess.STDOUT, check=False).returncode == 0
    if not configured:
        with open(log, encoding="utf-8") as out:
            print(out.read())
    chosen = ["--target", *targets] if targets else []
    built = configured and run("cmake", "--build", "--preset", preset, *chosen, "--", "--quiet")
    print(f"{preset}: {'built' if built else 'NOT built'} in {time.monotonic() - started:.0f} s")
    if not built:
        tally.failed.append(f"{preset}: build")
    return built


def test(tally, preset, labels, **environment):
    say(f"{preset}: tests")
    results = os.path.join(ROOT, "build", preset, "results.xml")
    if os.path.exists(results):
        os.remove(results)
    chosen = ["-L", "^(" + "|".join(labels) + ")$"] if labels else []
    run("ctest", "--preset", preset, "-j", JOBS, "--no-tests=ignore", "--output-junit", results,
        *chosen, **environment)
    tally.read(preset, results)


def main(arguments):
    if "-h" in arguments or "--help" in arguments:
        print(__doc__)
        return 0
    is_long = "--long" in arguments
    is_quick = "--quick" in arguments
    labels = [a for a in arguments if not a.startswith("-")]
    if set(arguments) - {"--long", "--quick", *labels} or (is_long and is_quick):
        print("usage: scripts/test [--quick | --long] [LABEL...]", file=sys.stderr)
        return 2
    started = time.monotonic()
    tally = Tally()
    environment = {"KCORE_LONG": "1"} if is_long else {}
    if build(tally, "release"):
        test(tally, "release", labels, **environment)
    sanitized = [label for label in SANITIZED if not labels or label in labels]
    if is_quick:
        tally.skipped.append("clang analysis, sanitizers, fuzz targets (scripts/test)")
    elif sanitized and build(tally, "asan", "kcore_sanitized_tests", "kcore_fuzz"):
        test(tally, "asan", sanitized, KCORE_FUZZ_SECONDS="300" if is_long else "5")
    if not is_long:
        tally.skipped.append("tsan, tidy, long runs (scripts/test --long)")
    else:
        if sanitized and build(tally, "tsan", "kcore_sanitized_tests"):
            test(tally, "tsan", sanitized)
        build(tally, "tidy")

    say(f"{(time.monotonic() - started) / 60:.1f} minutes")
    for name in tally.skipped:
        print(f"skipped  {name}")
    for name in tally.failed:
        print(f"FAILED   {name}")
    print(f"{tally.passed} passed, {len(tally.failed)} failed, {len(tally.skipped)} skipped")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
