#!/usr/bin/python3
"""Shortages and surprises of the machine: no descriptors, no room on the disk, a clock that jumps,
little memory. The broker serves what it can, says what it cannot, and recovers by itself.

faults.py KBROKER [FAULT...]
"""

import os
import pathlib
import resource
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path += [HERE, os.path.join(HERE, os.pardir, "support")]

import floods
import produce
import rows
import trials
from batches import batch
from node import Node
from trials import Skipped, until
from wire import Connection

MIB = 1 << 20
SETTINGS = {"offsets.topic.num.partitions": "1", "num.network.threads": "2"}

CLOCK = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int clock_gettime(clockid_t id, struct timespec* now) {
    static int (*real)(clockid_t, struct timespec*);
    if (!real) real = (int (*)(clockid_t, struct timespec*))dlsym(RTLD_NEXT, "clock_gettime");
    const int failed = real(id, now);
    long jump = 0;
    FILE* file = id == CLOCK_REALTIME ? fopen(getenv("CLOCK_JUMP"), "r") : NULL;
    if (file && fscanf(file, "%ld", &jump) == 1) now->tv_sec += jump;
    if (file) fclose(file);
    return failed;
}
"""


def make_topics(bootstrap, **settings):
    with Connection(bootstrap) as connection:
        reply = connection.ask("CreateTopics", 5, {"TimeoutMs": 10000, "Topics": [
            {"Name": name, "NumPartitions": count, "ReplicationFactor": 1, "Configs": [
                {"Name": key, "Value": value} for key, value in settings.items()]}
            for name, count in (("plain", 1), ("many", 20))]})
        assert rows.codes(reply) == [0, 0], reply


def put(connection, records=None, **where):
    """The error code of a produce."""
    reply = connection.ask("Produce", produce.VERSION,
                           produce.of(records or batch(), **where))
    return rows.codes(reply)[0]


def descriptors(program, folder):
    """As many connections as there are descriptors: files can be opened still, those who are in are
    served, and who waits comes in when others leave."""
    wrapper = pathlib.Path(folder) / "few"
    wrapper.write_text(f'#!/bin/sh\nulimit -n 400\nexec {program} "$@"\n')
    wrapper.chmod(0o755)
    node = Node(wrapper, folder, SETTINGS).start()
    make_topics(node.bootstrap)
    with Connection(node.bootstrap) as inside:
        held = [Connection(node.bootstrap) for _ in range(500)]
        until("nothing is said", lambda: "connections wait" in node.log_tail())
        for partition in range(20):
            assert put(inside, topic="many", partition=partition) == 0
        assert floods.descriptors(node.process.pid) < 400
        floods.close_all(held)
        assert put(inside) == 0
    with Connection(node.bootstrap) as later:
        assert put(later) == 0
    assert node.stop() == 0


def no_descriptor_for_a_file(program, folder):
    """Taken away while it runs: what needs a file is refused, and works once there are some."""
    node = Node(program, folder, {**SETTINGS, "log.flush.interval.messages": "1"}).start()
    make_topics(node.bootstrap)
    pid = node.process.pid
    with Connection(node.bootstrap) as connection:
        assert put(connection) == 0
        soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (floods.descriptors(pid), hard))
        refused = [put(connection, topic="many", partition=number) for number in range(10)]
        assert 56 in refused, refused
        connection.ask("Metadata", 9, {"Topics": None})
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))
        until("it is not written", lambda: put(connection, topic="many", partition=9) == 0)
        assert put(connection) == 0
    assert node.stop() == 0


def take_what_is_left(path):
    """Of its disk, to the last byte."""
    with open(path, "ab", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            pass


def full_disk(program, folder):
    """Writes are refused while there is no room; reads go on; writes too, once there is some."""
    disk = pathlib.Path(folder) / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "none", disk],
                             capture_output=True, check=False)
    if mounted.returncode != 0:
        raise Skipped("nothing can be mounted here")
    try:
        node = Node(program, folder, {
            **SETTINGS, "log.dirs": f"{disk}/data", "metadata.log.dir": f"{folder}/meta",
            "log.index.size.max.bytes": "65536"}).start()
        make_topics(node.bootstrap)
        with Connection(node.bootstrap) as connection:
            assert put(connection) == 0
            filler = disk / "filler"
            filler.write_bytes(b"\0" * 16 * MIB)
            large = produce.fill(MIB // 2)
            until("the disk is never full", lambda: put(connection, large) == 56)
            reply = connection.ask("ListOffsets", 6, {"ReplicaId": -1, "Topics": [
                {"Name": "plain", "Partitions": [{"PartitionIndex": 0, "Timestamp": -1}]}]})
            assert rows.codes(reply) == [0], reply
            # A new log finds no room; it is made when there is some.
            take_what_is_left(filler)
            reply = connection.ask("CreateTopics", 7, {"TimeoutMs": 10_000, "Topics": [
                {"Name": "late", "NumPartitions": 1, "ReplicationFactor": 1}]})
            assert rows.codes(reply) == [0], reply
            assert put(connection, topic="late") == 56
            filler.unlink()
            until("it never recovers", lambda: put(connection, large) == 0)
            until("its log is never made", lambda: put(connection, topic="late") == 0)
        assert "No space left" in node.log_tail()
        node.kill()
        node.start()
        with Connection(node.bootstrap) as connection:
            # A log with much to recover is ready after its node.
            until("it is not served again", lambda: put(connection) == 0)
        assert node.stop() == 0
    finally:
        node.kill()
        subprocess.run(["umount", disk], check=False)


def clock_jumps(program, folder):
    """A day ahead and a day back: nobody is thrown out, and records are taken."""
    shim, jump = pathlib.Path(folder) / "clock.so", pathlib.Path(folder) / "jump"
    made = subprocess.run(["cc", "-shared", "-fPIC", "-xc", "-o", shim, "-"], input=CLOCK.encode(),
                          capture_output=True, check=False)
    if made.returncode != 0:
        raise Skipped("no compiler is here")
    jump.write_text("0")
    os.environ.update(LD_PRELOAD=str(shim), CLOCK_JUMP=str(jump))
    try:
        node = Node(program, folder, SETTINGS).start()
    finally:
        del os.environ["LD_PRELOAD"]
    make_topics(node.bootstrap)
    for days in (1, -1, 30, 0):
        draft = pathlib.Path(folder) / "draft"
        draft.write_text(str(days * 86400))
        draft.rename(jump)
        until = time.monotonic() + 3
        with Connection(node.bootstrap) as connection:
            while time.monotonic() < until:
                assert put(connection, batch(timestamp=int((time.time() + days * 86400) * 1000)
                                             )) == 0, f"{days} days"
                time.sleep(0.1)
            reply = connection.ask("Metadata", 9, {"Topics": [{"Name": "plain"}]})
            assert len(reply["Brokers"]) == 1, f"{days} days: {reply}"
    assert "fenced" not in node.log_tail(), node.log_tail()
    assert node.stop() == 0


def little_memory(program, folder):
    """A ceiling on memory: frames that do not fit into it are refused, and so is new work when it
    is reached; what is there goes on."""
    ceiling = 300 * MIB
    node = Node(program, folder, {**SETTINGS, "kcore.memory.max": str(ceiling)}).start()
    make_topics(node.bootstrap)
    with Connection(node.bootstrap) as connection:
        connection.wait(60)
        connection.send((ceiling // 2).to_bytes(4, "big") + b"\0" * MIB)
        assert connection.is_closed()
    assert "at most" in node.log_tail(), node.log_tail()
    lab = type("Lab", (), {"connect": lambda self: Connection(node.bootstrap)})()
    peak = floods.Peak(node.process.pid)
    floods.large_requests(lab, ceiling // 4 - 1000)
    assert peak.end() < ceiling, f"{peak.most / MIB:.0f} MiB"
    node.kill()

    node = Node(program, folder, {**SETTINGS, "kcore.memory.max": str(96 * MIB)}).start()
    with Connection(node.bootstrap) as early:
        until("the groups have no coordinator", lambda: join(early, 0, b"") == 0)
        answers = [join(early, number, b"x" * MIB) for number in range(1, 150)]
        assert answers[0] == 0 and answers[-1] == 14, answers
        assert "memory is used up" in node.log_tail(), node.log_tail()
        assert put(early) == 0
        reply = early.ask("CreateTopics", 5, {"TimeoutMs": 1000, "Topics": [
            {"Name": "more", "NumPartitions": 1, "ReplicationFactor": 1}]})
        assert rows.codes(reply) == [44], reply
        assert "kcore.memory.max" in reply["Topics"][0]["ErrorMessage"], reply
        with Connection(node.bootstrap) as late:
            assert late.is_closed()
        assert floods.resident(node.process.pid) < 96 * MIB
    node.kill()


def join(connection, number, metadata):
    """The error code of the only member of a group who says so much of itself."""
    connection.ask("FindCoordinator", 4, {"CoordinatorKeys": [f"g{number}"]})
    return rows.codes(connection.ask("JoinGroup", 3, {
        "GroupId": f"g{number}", "SessionTimeoutMs": 60000, "RebalanceTimeoutMs": 60000,
        "ProtocolType": "consumer", "Protocols": [{"Name": "range", "Metadata": metadata}]}))[0]


FAULTS = (descriptors, no_descriptor_for_a_file, full_disk, clock_jumps, little_memory)


if __name__ == "__main__":
    sys.exit(trials.run(FAULTS, sys.argv[1], sys.argv[2:]))
