#!/usr/bin/python3
"""Floods: many connections, slow ones, large ones and such as never end. Through each of them the
broker's memory stays under its bound, and another client is served.

floods.py KBROKER [FLOOD...]
"""

import gzip
import multiprocessing
import os
import resource
import socket
import struct
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path += [HERE, os.path.join(HERE, os.pardir, "support")]

import produce
import rows
from batches import batch, zigzag
from node import Node, workplace
from trials import SECONDS, until
from wire import Closed, Connection, framed, header, request, varint

MIB = 1 << 20
PROCESSES = multiprocessing.get_context("fork")
LEAST_ANSWERS = 100
# What requests under way may take together. The bound on a broker's memory is that, twice the
# largest request (which one connection may have beyond it, and is copied as its buffer grows), and
# 64 KiB for each connection that is not idle.
REQUEST_BYTES = 100 * MIB
SETTINGS = {
    "queued.max.request.bytes": str(REQUEST_BYTES),
    "num.network.threads": "2",
    "offsets.topic.num.partitions": "1",
    "log.flush.interval.messages": "9223372036854775807",
}
# A client beside a flood: its slowest answer in a hundred. Far above what it is on an idle machine,
# below what a client would notice; on a busy one, so many times what it is at a broker that is not
# flooded, meanwhile.
P99_SECONDS, P99_TIMES = 0.5, 20


def resident(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def stand_by(bootstrap, topic, over, times):
    """Produces a record and asks for metadata, again and again; `times` gets what each took."""
    taken = []
    try:
        with Connection(bootstrap) as connection:
            while not over.is_set() or len(taken) < LEAST_ANSWERS:
                began = time.monotonic()
                reply = connection.ask("Produce", produce.VERSION, produce.of(batch(), topic))
                assert rows.codes(reply) == [0], reply
                connection.ask("Metadata", 9, {"Topics": [{"Name": topic}]})
                taken.append(time.monotonic() - began)
                time.sleep(0.002)
        times.put(taken)
    except (AssertionError, Closed, OSError) as failed:
        times.put(repr(failed))


class Bystander:
    """Another client, in a process of its own: what the flood does to this one is no matter."""

    def __init__(self, bootstrap, topic="plain"):
        self.over, self.times = PROCESSES.Event(), PROCESSES.Queue()
        self.process = PROCESSES.Process(target=stand_by, daemon=True,
                                         args=(bootstrap, topic, self.over, self.times))
        self.process.start()

    def end(self):
        """The slowest in a hundred."""
        self.over.set()
        taken = self.times.get(timeout=SECONDS)
        self.process.join()
        assert not isinstance(taken, str), f"the bystander failed: {taken}"
        return sorted(taken)[len(taken) * 99 // 100]


class Lab:
    """One broker, flooded again and again, and one that is not."""

    def __init__(self, program, folder):
        self.node = Node(program, folder, SETTINGS).start()
        self.bootstrap, self.pid = self.node.bootstrap, self.node.process.pid
        beside = os.path.join(folder, "other")
        os.mkdir(beside)
        self.other = Node(program, beside, SETTINGS).start()
        for node in (self.node, self.other):
            with Connection(node.bootstrap) as connection:
                connection.ask("CreateTopics", 5, {"TimeoutMs": 5000, "Topics": [
                    {"Name": name, "NumPartitions": 1, "ReplicationFactor": 1, "Configs": [
                        {"Name": "max.message.bytes", "Value": str(4 * MIB)}]}
                    for name in ("plain", "large")]})

    def connect(self):
        return Connection(self.bootstrap)

    def flood(self, how, bound_bytes):
        """Runs a flood; what it says of itself, with the bystander's times and the most memory."""
        before, files = resident(self.pid), descriptors(self.pid)
        peak = Peak(self.pid)
        bystanders = [Bystander(node.bootstrap) for node in (self.node, self.other)]
        how(self)
        p99, usual = (bystander.end() for bystander in bystanders)
        grown = peak.end() - before
        assert grown <= bound_bytes, f"{grown / MIB:.0f} MiB more, {bound_bytes / MIB:.0f} allowed"
        assert p99 < max(P99_SECONDS, P99_TIMES * usual), (
            f"p99 of the bystander {p99 * 1000:.0f} ms, at the other broker {usual * 1000:.0f} ms")
        self._settle(files)
        return (f"+{grown / MIB:.1f} MiB, p99 {p99 * 1000:.1f} ms, "
                f"{p99 / usual:.1f} times the other's")

    def _settle(self, files):
        """Connections that are gone are given up."""
        until(f"{files} descriptors became more",
              lambda: descriptors(self.pid) <= files + 20)


class Peak(threading.Thread):
    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.most, self.over = pid, 0, False
        self.start()

    def run(self):
        while not self.over:
            try:
                self.most = max(self.most, resident(self.pid))
            except FileNotFoundError:
                return
            time.sleep(0.01)

    def end(self):
        self.over = True
        self.join()
        return self.most


def close_all(connections):
    for connection in connections:
        connection.close()


def idle_connections(lab):
    """As many as descriptors allow, at most 10,000."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    count = min(10_000, min(soft, hard) - 1000)
    held = [lab.connect() for _ in range(count)]
    until("they are not taken in", lambda: descriptors(lab.pid) >= count)
    rows.stays(held[0])
    rows.stays(held[-1])
    close_all(held)


def connections_per_second(lab):
    """A thousand a second, for three seconds, each with one request."""
    for second in range(3):
        until = time.monotonic() + 1
        for _ in range(1000):
            with lab.connect() as connection:
                connection.ask("ApiVersions", 0)
        time.sleep(max(0, until - time.monotonic()))


def slow_writers(lab):
    """Few bytes of frames that announce much, and then a byte now and again."""
    held = [lab.connect() for _ in range(100)]
    for connection in held:
        connection.send(struct.pack(">i", 16 * MIB) + header(3, 9))
    for _ in range(10):
        for connection in held:
            connection.send(b"\0")
        time.sleep(0.1)
    close_all(held)


def half_open_frames(lab):
    """Ends without a word in the middle of a frame."""
    for _ in range(500):
        connection = lab.connect()
        connection.send(struct.pack(">i", 1000) + b"\0" * 500)
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()


def never_reads(lab):
    """Asks for ever and never takes an answer."""
    held = [lab.connect() for _ in range(20)]
    ask = framed(request("ApiVersions", 3, {"ClientSoftwareName": "a",
                                            "ClientSoftwareVersion": "1"})) * 1000
    for connection in held:
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.socket.setblocking(False)
    until = time.monotonic() + 2
    while time.monotonic() < until:
        for connection in held:
            try:
                connection.socket.send(ask)
            except BlockingIOError:
                pass
        time.sleep(0.01)
    close_all(held)


def slow_readers(lab):
    """Fetches of a megabyte that nobody takes."""
    with lab.connect() as writer:
        for _ in range(8):
            writer.ask("Produce", produce.VERSION, produce.of(produce.fill(MIB // 2)))
    fetch = framed(request("Fetch", 12, {
        "MaxWaitMs": 0, "MinBytes": 1, "MaxBytes": 8 * MIB, "SessionEpoch": -1, "Topics": [
            {"Topic": "plain", "Partitions": [
                {"Partition": 0, "FetchOffset": 0, "PartitionMaxBytes": 8 * MIB}]}]}))
    held = [lab.connect() for _ in range(100)]
    for connection in held:
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.send(fetch * 10)
    for _ in range(10):
        for connection in held:
            connection.socket.recv(1000)
        time.sleep(0.1)
    close_all(held)


def bombs(lab):
    """A record of a gigabyte of zeros in a megabyte, many at a time."""
    value_bytes = 1024 * MIB
    content = b"\0" + zigzag(0) + zigzag(0) + zigzag(-1) + zigzag(value_bytes)
    packer = gzip.zlib.compressobj(6, gzip.zlib.DEFLATED, 31)
    packed = packer.compress(zigzag(len(content) + value_bytes + 1) + content)
    packed += b"".join(packer.compress(b"\0" * MIB) for _ in range(value_bytes // MIB))
    packed += packer.compress(b"\0") + packer.flush()
    bomb = batch(packed, attributes=produce.GZIP)

    def throw():
        with lab.connect() as connection:
            connection.wait(60)
            for _ in range(2):
                reply = connection.ask("Produce", produce.VERSION, produce.of(bomb, "large"))
                assert rows.codes(reply)[0] in (2, 10, 87), reply
    run_all([throw] * 3)


def large_requests(lab, size_bytes=95 * MIB):
    """100 MiB at once from many clients: what is over the bound waits."""
    body = b"\0" * size_bytes

    def send():
        with lab.connect() as connection:
            connection.wait(60)
            connection.send(framed(header(3, 9) + b"\0" + varint(1) + b"\0\0\0\0" + body))
            connection.frame()
    run_all([send] * 4)


def deep_arrays(lab):
    """Small elements that are large in memory: refused before they are made."""
    def names():
        with lab.connect() as connection:
            connection.wait(60)
            connection.send(framed(header(3, 1) + struct.pack(">i", 8 * MIB) + b"\0" * (16 * MIB)))
            try:
                connection.frame()
            except Closed:
                pass

    def topics():
        with lab.connect() as connection:
            assert not connection.send(framed(
                header(19, 5, flexible=True) + varint(4 * MIB) + b"\1" * (8 * MIB)))
            assert connection.is_closed(60)
    run_all([names, topics] * 2)


def run_all(jobs):
    failures = []

    def run(job):
        try:
            job()
        except (AssertionError, Closed, OSError) as failed:
            failures.append(f"{type(failed).__name__} {failed}")
    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures


# Each with how much more memory the broker may take.
FLOODS = {
    idle_connections: 100 * MIB,
    connections_per_second: 16 * MIB,
    slow_writers: 32 * MIB,
    half_open_frames: 16 * MIB,
    never_reads: 32 * MIB,
    slow_readers: 32 * MIB,
    bombs: 160 * MIB,
    large_requests: 3 * REQUEST_BYTES,
    deep_arrays: 3 * REQUEST_BYTES,
}


def main(program, *names):
    wrong = 0
    with workplace() as folder:
        lab = Lab(program, folder)
        for flood, bound in FLOODS.items():
            if names and flood.__name__ not in names:
                continue
            try:
                print(f"{flood.__name__}: {lab.flood(flood, bound)}", flush=True)
            except (AssertionError, OSError, Closed) as failed:
                print(f"{flood.__name__}: {type(failed).__name__} {failed}", flush=True)
                wrong += 1
        for node in (lab.node, lab.other):
            code = node.stop()
            assert code == 0, f"the broker ended with {code}: {node.log_tail()}"
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
