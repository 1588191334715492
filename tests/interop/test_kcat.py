"""kcat (librdkafka) against the broker.

Its version 1.7 administers nothing (kafka-python makes the topics here), sets no timestamps and
shows none of its group's offsets.
"""

import json
import re
import signal
import socket
import subprocess
import threading
import time
import unittest

import broker
from broker import Names
from kafka import KafkaAdminClient
from kafka.admin import NewTopic
from messages import CODECS, LARGEST_VALUE_BYTES

SECONDS = 60


def setUpModule():
    broker.start()


def tearDownModule():
    broker.stop()


def kcat(*arguments, given=b"", may_fail=False):
    done = subprocess.run(["kcat", "-q", "-b", broker.get().bootstrap, *map(str, arguments)],
                          input=given, capture_output=True, timeout=SECONDS, check=False)
    if done.returncode != 0 and not may_fail:
        raise AssertionError(f"kcat {arguments}: {done.stderr.decode()}")
    return done if may_fail else done.stdout


def produce(topic, given, *arguments, **more):
    return kcat("-P", "-t", topic, *arguments, given=given, **more)


def consume(topic, *arguments):
    return kcat("-C", "-t", topic, "-o", "beginning", "-e", *arguments)


def consume_json(topic, *arguments):
    return [json.loads(line) for line in consume(topic, "-J", *arguments).splitlines()]


def metadata(topic):
    [found] = json.loads(kcat("-L", "-J", "-t", topic))["topics"]
    return found


def make_topic(partitions=1):
    name = Names.fresh("kcat")
    admin = KafkaAdminClient(bootstrap_servers=broker.get().bootstrap)
    admin.create_topics([NewTopic(name, partitions, 1)])
    admin.close()
    broker.wait_until(f"topic {name}", lambda: len(metadata(name)["partitions"]) == partitions)
    return name


class ProduceAndConsume(unittest.TestCase):
    def test_every_codec_keeps_lines_keys_and_tombstones(self):
        given = b"a:1\n:empty key\nb:" + b"abc" * 3000 + b"\nc:\nd:last\n"
        for codec in CODECS:
            with self.subTest(codec):
                topic = make_topic()
                produce(topic, given, "-K:", "-Z", "-z", codec, "-X", "linger.ms=50")
                found = [(m["key"], m["payload"], m["offset"]) for m in consume_json(topic)]
                self.assertEqual(found, [("a", "1", 0), (None, "empty key", 1),
                                         ("b", "abc" * 3000, 2), ("c", None, 3), ("d", "last", 4)])

    def test_headers_and_timestamps_arrive(self):
        topic = make_topic()
        before = time.time_ns() // 1_000_000
        produce(topic, b"x\n", "-H", "a=1", "-H", "a=2", "-H", "empty=")
        [message] = consume_json(topic)
        self.assertEqual(message["headers"][:4], ["a", "1", "a", "2"])
        self.assertEqual(message["tstype"], "create")
        self.assertLessEqual(before, message["ts"])
        self.assertLessEqual(message["ts"], time.time_ns() // 1_000_000)

    def test_acks_of_every_kind(self):
        for acks in (0, 1, "all"):
            with self.subTest(acks):
                topic = make_topic()
                produce(topic, b"1\n2\n3\n", "-X", f"acks={acks}")
                self.assertEqual(consume(topic), b"1\n2\n3\n")

    def test_unknown_topics_are_created_on_first_use(self):
        topic = Names.fresh("kcat-auto")
        produce(topic, b"x\n")
        self.assertEqual(consume(topic), b"x\n")

    def test_partitions_offsets_and_counts_are_obeyed(self):
        topic = make_topic(partitions=3)
        for partition in range(3):
            produce(topic, b"0\n1\n2\n3\n", "-p", partition)
        tail = kcat("-C", "-t", topic, "-p", 2, "-o", -2, "-e")
        self.assertEqual(tail, b"2\n3\n")
        two = kcat("-C", "-t", topic, "-p", 1, "-o", 1, "-c", 2)
        self.assertEqual(two, b"1\n2\n")

    def test_the_largest_batch_passes_and_the_next_does_not(self):
        topic = make_topic()
        limit = ("-X", "message.max.bytes=4000000")
        produce(topic, b"x" * LARGEST_VALUE_BYTES + b"\n", *limit)
        refused = produce(topic, b"x" * (LARGEST_VALUE_BYTES + 1) + b"\n", *limit, may_fail=True)
        self.assertEqual(refused.returncode, 1)
        self.assertEqual(len(consume(topic)), LARGEST_VALUE_BYTES + len("\n"))


class Idempotence(unittest.TestCase):
    def test_nothing_is_lost_or_doubled_across_a_restart(self):
        for how in (signal.SIGTERM, signal.SIGKILL):
            with self.subTest(how.name):
                self.across_a_restart(how)

    def across_a_restart(self, how):
        topic, total = make_topic(), 3000
        # kcat gives up when no broker is left; one that accepts and says nothing keeps it going.
        silent = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(silent.close)
        brokers = f"{broker.get().bootstrap},127.0.0.1:{silent.getsockname()[1]}"
        sender = subprocess.Popen(
            ["kcat", "-q", "-b", brokers, "-P", "-t", topic, "-p", "0", "-X",
             "enable.idempotence=true", "-X", "linger.ms=1", "-X",
             "api.version.request.timeout.ms=60000"], stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL)
        self.write(sender, range(total // 3))
        broker.wait_until("the first messages", lambda: self.end(topic) > 0)
        restart = threading.Thread(target=broker.get().restart, args=(how,))
        restart.start()
        self.write(sender, range(total // 3, total))
        sender.stdin.close()
        restart.join()
        self.assertEqual(sender.wait(SECONDS), 0)
        self.assertEqual([int(line) for line in consume(topic).split()], [*range(total)])

    @staticmethod
    def write(sender, numbers):
        # kcat reads in blocks of some kilobytes: the numbers are padded to fill many.
        sender.stdin.write(b"".join(b"%020d\n" % i for i in numbers))
        sender.stdin.flush()

    @staticmethod
    def end(topic):
        found = re.search(rb"offset (\d+)", kcat("-Q", "-t", f"{topic}:0:-1"))
        return int(found[1])


class GroupMember:
    """kcat -G; its assignments are on stderr, its messages on stdout."""

    def __init__(self, group, topic):
        self.shares, self.values = None, []
        self.process = subprocess.Popen(
            ["kcat", "-u", "-b", broker.get().bootstrap, "-X", "session.timeout.ms=3000", "-X",
             "heartbeat.interval.ms=300", "-X", "auto.offset.reset=earliest", "-G", group, topic],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.threads = [threading.Thread(target=work, daemon=True)
                        for work in (self._read, self._watch)]
        for each in self.threads:
            each.start()

    def _read(self):
        for line in self.process.stdout:
            self.values.append(line.strip())

    def _watch(self):
        for line in self.process.stderr:
            if "assigned:" in line:
                self.shares = [int(n) for n in re.findall(r"\[(\d+)\]", line.split("assigned:")[1])]

    def end(self):
        self.process.kill()
        self.process.wait()
        for each in self.threads:
            each.join(5)
        self.process.stdout.close()
        self.process.stderr.close()


class Groups(unittest.TestCase):
    def test_members_come_are_killed_and_everything_is_delivered(self):
        topic, group = make_topic(partitions=6), Names.fresh("group")
        members = [GroupMember(group, topic), GroupMember(group, topic)]
        try:
            self.wait_for_shares(members)
            members.append(GroupMember(group, topic))
            self.wait_for_shares(members)
            members.pop(1).end()
            self.wait_for_shares(members)
            for partition in range(6):
                produce(topic, b"%d\n" % partition, "-p", partition)
            broker.wait_until("all messages", lambda: sorted(
                value for member in members for value in member.values) == [*"012345"])
        finally:
            for member in members:
                member.end()

    @staticmethod
    def wait_for_shares(members):
        broker.wait_until("an even assignment", lambda: (
            all(m.shares for m in members)
            and sorted(n for m in members for n in m.shares) == [*range(6)]), SECONDS)

    def test_commits_outlive_a_restart(self):
        for how in (signal.SIGTERM, signal.SIGKILL):
            with self.subTest(how.name):
                topic, group = make_topic(), Names.fresh("group")
                produce(topic, b"".join(b"%d\n" % i for i in range(20)))
                member = ("-X", "auto.offset.reset=earliest", "-G", group, topic)
                self.assertEqual(kcat("-c", 10, *member).split()[-1], b"9")
                broker.get().restart(how)
                self.assertEqual(kcat("-c", 1, *member), b"10\n")


class Metadata(unittest.TestCase):
    def test_offsets_by_time(self):
        topic = make_topic()
        produce(topic, b"1\n")
        [first] = consume_json(topic)
        broker.wait_until("the next millisecond",
                          lambda: time.time_ns() // 1_000_000 > first["ts"])
        produce(topic, b"2\n")
        for time_ms, offset in ((first["ts"], 0), (first["ts"] + 1, 1), (-2, 0), (-1, 2)):
            answer = kcat("-Q", "-t", f"{topic}:0:{time_ms}")
            self.assertIn(b"offset %d" % offset, answer, time_ms)

    def test_topics_are_listed_with_their_leaders(self):
        topic = make_topic(partitions=3)
        found = metadata(topic)
        self.assertEqual([p["partition"] for p in found["partitions"]], [0, 1, 2])
        for partition in found["partitions"]:
            self.assertEqual(partition["replicas"], [{"id": partition["leader"]}])
            self.assertEqual(partition["isrs"], [{"id": partition["leader"]}])


if __name__ == "__main__":
    unittest.main()
