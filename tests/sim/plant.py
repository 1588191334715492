"""Puts bugs into copies of the sources, to see that the simulator finds them: plant.py SOURCES OUT

Each is a small change of the product, and acts while it is chosen by name. The product itself
knows nothing of this: the copies are linked into one test program only.
"""

import os
import sys

HEAD = '#include "planted.h"\n'
BUGS = {
    "votes_twice": ("raft/replica_election.cc",
        "    if (election_.leader != kNobody) return false;\n",
        "    if (BUG) return is_up_to_date;\n"
        "    if (election_.leader != kNobody) return false;\n"),
    "acks_before_the_sync": ("raft/disk_log.cc",
        "            round->work->run();\n",
        "            if (!BUG) round->work->run();\n"),
    "truncates_to_the_high_watermark": ("replication/partition.cc",
        "    if (leads && new_epoch) {\n",
        "    if (BUG && !leads && new_epoch) {\n"
        "        (void)log_->truncate_to(log_->high_watermark(), now_ms);\n"
        "    }\n"
        "    if (leads && new_epoch) {\n"),
    "shrinks_the_isr_alone": ("replication/followers.cc",
        "        const bool counts = is_in_maximal_isr(leadership, id) ||\n",
        "        const bool counts = (!BUG && is_in_maximal_isr(leadership, id)) ||\n"),
    "stale_leader_acknowledges": ("replication/partition.cc",
        "        take_all(commit_waiters_, why, due);\n",
        "        if (BUG) take_up_to(commit_waiters_, INT64_MAX, due);\n"
        "        take_all(commit_waiters_, why, due);\n"),
    "snapshot_lacks_its_last_record": ("broker/controller_runner.cc",
        "            values.push_back(metadata::encode_record(record));\n        }\n",
        "            values.push_back(metadata::encode_record(record));\n        }\n"
        "        if (BUG && !values.empty()) values.pop_back();\n"),
}


def main(sources, out):
    texts = {}
    for bug, (name, healthy, sick) in BUGS.items():
        if name not in texts:
            with open(os.path.join(sources, name), encoding="utf-8") as file:
                texts[name] = HEAD + file.read()
        if texts[name].count(healthy) != 1:
            print(f"{name} has changed: {bug} has no place in it any more", file=sys.stderr)
            return 1
        chosen = sick.replace("BUG", f'kcore::sim::planted("{bug}")')
        texts[name] = texts[name].replace(healthy, chosen)
    for name, text in texts.items():
        path = os.path.join(out, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
