"""Trials of a broker, each in a folder of its own, and waiting for what must come."""

import time

from node import SKIPPED, workplace
from wire import Closed

SECONDS = 120
POLL_SECONDS = 0.02


class Skipped(Exception):
    """What a trial needs is not here."""


def settled(ask, expected, seconds=SECONDS):
    """What `ask` gives: `expected` as soon as it does, or what it still gives in the end."""
    deadline = time.monotonic() + seconds
    while (found := ask()) != expected and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    return found


def until(what, condition, seconds=SECONDS):
    """Waits for `condition` to hold; `what`, or what it gives, is said when it does not in time."""
    if not settled(lambda: bool(condition()), True, seconds):
        raise AssertionError(what() if callable(what) else what)


def run(trials, program, names):
    """Those that `names` names, or all; the exit code. Where none could be tried: skipped."""
    wrong = tried = 0
    for trial in trials:
        if names and trial.__name__ not in names:
            continue
        with workplace() as folder:
            try:
                trial(program, folder)
                print(f"{trial.__name__}: as it should be", flush=True)
                tried += 1
            except Skipped as why:
                print(f"{trial.__name__}: skipped, {why}", flush=True)
            except (AssertionError, OSError, Closed) as failed:
                print(f"{trial.__name__}: {type(failed).__name__} {failed}", flush=True)
                wrong += 1
    if wrong:
        return 1
    return 0 if tried else SKIPPED
