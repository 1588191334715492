#!/usr/bin/env python3
"""Every API is answered as Apache Kafka 4.4.0 answered it.

conformance.py KBROKER [AREA...]

Asks fresh brokers the recorded questions of the conformance tool, which is looked for beside the
repository, and fails on each answer that differs and on each API that is missing, save for NOT_YET.
"""

import fnmatch
import json
import os
import subprocess
import sys
import tempfile
import threading

sys.path.append(os.path.join(os.path.dirname(__file__), os.pardir, "support"))
from node import SHARED, SKIPPED, Node

TOOL = SHARED / "conformance"
AREA_SECONDS = 240
BROKERS = 2
SHOWN = 6

# What cannot be the same yet: the reason, then areas, cases, APIs and "CASE: PROBLEM" of single
# steps. One whose answers are all the same, or that names none, fails the test: take it away when
# its API is served.
NOT_YET = {
    "the table of APIs is not whole": (
        "versions.whole_table", "frames.unsupported_versions"),
    "transactions are not served": (
        "transactions.producer_ids",
        "transactions.producer_id_errors: step ? InitProducerId timeout *",
        "transactions.producer_id_errors: step ? InitProducerId over 15 min: *",
        "transactions.producer_id_errors: step ? InitProducerId unknown: *",
        # Counts the id of the step before.
        "transactions.producer_id_errors: step ? InitProducerId idempotent with producer: *",
        "transactions.epoch_bump",
        "transactions.commit_and_abort", "transactions.add_errors",
        "transactions.verify_partitions", "transactions.implicit_transaction",
        "transactions.transactional_writes_need_a_transaction", "transactions.end_errors",
        "transactions.fencing", "transactions.offsets_in_a_transaction",
        "transactions.offsets_aborted", "transactions.offset_commit_errors",
        "transactions.add_offsets_errors", "transactions.markers", "transactions.producers",
        "transactions.transactions", "transactions.list_transactions",
        "transactions.stable_offset",
        "groups.coordinators", "groups.coordinator_errors", "AddOffsetsToTxn",
        "AddPartitionsToTxn", "DescribeProducers", "DescribeTransactions", "EndTxn",
        "ListTransactions", "TxnOffsetCommit", "WriteTxnMarkers"),
    "the groups of KIP-848 are not served": (
        "consumer_groups", "ConsumerGroupDescribe", "ConsumerGroupHeartbeat"),
    "share groups are not served": (
        "share_groups", "AlterShareGroupOffsets", "DeleteShareGroupOffsets",
        "DeleteShareGroupState", "DescribeShareGroupOffsets", "InitializeShareGroupState",
        "ReadShareGroupState", "ReadShareGroupStateSummary", "ShareAcknowledge", "ShareFetch",
        "ShareGroupDescribe", "ShareGroupHeartbeat", "WriteShareGroupState"),
    "streams groups are not served": (
        "streams_groups", "StreamsGroupDescribe", "StreamsGroupHeartbeat",
        "StreamsGroupTopologyDescriptionUpdate"),
}
PATTERNS = [pattern for patterns in NOT_YET.values() for pattern in patterns]


def names_pair(pattern, pair):
    names = (pair["case"], pair["case"].partition(".")[0], pair["api"])
    return any(fnmatch.fnmatchcase(name, pattern) for name in names)


def names_problem(pattern, pair, line):
    return fnmatch.fnmatchcase(f"{pair['case']}: {line}", pattern)


def matches(pattern, pair):
    return names_pair(pattern, pair) or any(names_problem(pattern, pair, line)
                                            for line in pair["problems"])


def unexcused(pair):
    """The problems that no pattern names."""
    if any(names_pair(pattern, pair) for pattern in PATTERNS):
        return []
    if pair["status"] == "missing":
        return ["the API is not served"]
    return [line for line in pair["problems"]
            if not any(names_problem(pattern, pair, line) for pattern in PATTERNS)]


class Questions:
    """Areas still to be asked, and what came of the others; for all threads."""

    def __init__(self, areas):
        self.lock = threading.Lock()
        self.areas, self.pairs, self.broken = areas, [], []

    def ask_all(self, program):
        """Asks a broker of its own until no area is left."""
        try:
            with tempfile.TemporaryDirectory(prefix="kcore-conformance-") as folder:
                node = Node(program, folder).start()
                while area := self._next():
                    self._ask(node, area)
                code = node.stop()
                assert code == 0, f"the broker ended with {code}: {node.log_tail()}"
        except (AssertionError, subprocess.TimeoutExpired) as failed:
            with self.lock:
                self.broken.append(str(failed))

    def _next(self):
        with self.lock:
            return self.areas.pop(0) if self.areas else None

    def _ask(self, node, area):
        done = subprocess.run(
            [TOOL / "conform", "check", "--broker", node.bootstrap, "--json", "--only", area],
            capture_output=True, text=True, timeout=AREA_SECONDS, check=False)
        assert done.returncode in (0, 1), f"{area}: {done.stderr}"
        with self.lock:
            self.pairs += json.loads(done.stdout)["pairs"]


def areas_by_length():
    """The longest first, so that none is left alone at the end."""
    files = (TOOL / "golden").glob("*.jsonl")
    return [file.stem for file in sorted(files, key=lambda file: -file.stat().st_size)]


def problems(pairs, is_whole):
    """What fails the test, line by line; `is_whole`: every area was asked."""
    for pair in pairs:
        if lines := unexcused(pair):
            yield f"{pair['status']}: {pair['case']} v{pair['version']} ({pair['api']})"
            yield from (f"    {line}" for line in lines[:SHOWN])
    for pattern in PATTERNS:
        mine = [pair["status"] for pair in pairs if matches(pattern, pair)]
        if is_whole and not mine:
            yield f"{pattern}: no such answer is there, take it out of NOT_YET"
        if mine and set(mine) == {"same"}:
            yield f"{pattern}: all answers are the same now, take it out of NOT_YET"


def main(program, *areas):
    if not (TOOL / "conform").exists():
        print(f"{TOOL} is not there")
        return SKIPPED
    questions = Questions([*areas] or areas_by_length())
    threads = [threading.Thread(target=questions.ask_all, args=(program,)) for _ in range(BROKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pairs = questions.pairs
    found = questions.broken + [*problems(pairs, is_whole=not areas)]
    print("\n".join(found))
    same = sum(pair["status"] == "same" for pair in pairs)
    print(f"{same} of {len(pairs)} questions are answered as Apache Kafka answers them")
    return 1 if found or not pairs else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
