#!/usr/bin/python3
"""Everything at once for a while: soak.py KBROKER [--seconds N]

Producers, a group whose members come and go, compaction, retention, topics that come and go,
settings that change. In the first half the node is stopped and killed in turn, 20 times in half an
hour; in the second it runs on, and its memory and descriptors are counted.

Nothing acknowledged may be lost or doubled, the group must see all of it, a compacted topic must
hold the last value of each key, clients must show no error, the node must log none, and once it is
warm neither memory nor descriptors may grow.
"""

import argparse
import os
import sys
import threading
import time

sys.path.append(os.path.join(os.path.dirname(__file__), os.pardir, "support"))
sys.path.append(os.path.join(os.path.dirname(__file__), os.pardir, "cluster"))
from node import Node, workplace
from ports import free_ports
from records import PARTITIONS, TOPIC, SECONDS, Writer, check, create_topic, read_all

import confluent_kafka
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic

KEYS = 100
PAD = b"x" * 2000
SEGMENT_BYTES = 1 << 20
RETENTION_BYTES = 4 << 20
MEMBERS = 3
# Of a warm node: the allocator's and the page tables' noise.
RSS_SLACK_BYTES = 6 << 20
DESCRIPTOR_SLACK = 20

NODE = {
    "log.cleaner.backoff.ms": "500",
    "log.initial.task.delay.ms": "1000",
    "log.retention.check.interval.ms": "1000",
    "log.segment.delete.delay.ms": "1000",
    "offsets.topic.num.partitions": "4",
    "offsets.topic.segment.bytes": str(SEGMENT_BYTES),
}


class Load(threading.Thread):
    """Works until it is told to end; what goes wrong is a problem."""

    def __init__(self, soak):
        super().__init__(daemon=True)
        self.soak = soak
        self.ending = threading.Event()

    def run(self):
        try:
            while not self.ending.is_set():
                self.work()
            self.close()
        except Exception as error:
            self.problem(repr(error))

    def problem(self, text):
        self.soak.problems.append(f"{type(self).__name__}: {text}")

    def end(self):
        self.ending.set()
        self.join(SECONDS)
        if self.is_alive():
            self.problem(f"does not end within {SECONDS} s")

    def close(self):
        pass


class Numbers(Writer):
    """Numbered records, at most so many a second."""

    def run(self):
        while not self.stopping:
            self.send()
            if self.sent % 20 == 0:
                self.producer.poll(0)
                time.sleep(0.05)


class Values(Load):
    """Rising values of some keys into a compacted topic, and into one that keeps little."""

    def __init__(self, soak):
        super().__init__(soak)
        self.producer = confluent_kafka.Producer({**soak.client, "enable.idempotence": True})
        self.sent = 0

    def _delivered(self, error, message):
        if error is not None:
            self.problem(f"{message.topic()} {message.key()}: {error}")

    def work(self):
        key = str(self.sent % KEYS)
        value = str(self.sent).encode() + b" " + PAD
        for topic in ("latest", "passing"):
            self.producer.produce(topic, value, key, on_delivery=self._delivered)
        self.sent += 1
        self.producer.poll(0)
        self.ending.wait(0.005)

    def close(self):
        left = self.producer.flush(SECONDS)
        if left:
            self.problem(f"{left} not sent")


class Member(Load):
    """One of the group, with a client's defaults."""

    def __init__(self, soak):
        super().__init__(soak)
        self.consumer = confluent_kafka.Consumer({
            **soak.client, "group.id": "watchers", "auto.offset.reset": "earliest"})
        self.consumer.subscribe([TOPIC])

    def work(self):
        message = self.consumer.poll(0.2)
        if message is None:
            return
        if message.error():
            self.problem(str(message.error()))
        else:
            self.soak.seen.add(int(message.value()))

    def close(self):
        self.consumer.close()


class Members(Load):
    """The group: one after the other is replaced."""

    def __init__(self, soak):
        super().__init__(soak)
        self.members = [Member(soak) for _ in range(MEMBERS)]
        for member in self.members:
            member.start()

    def work(self):
        if self.ending.wait(8):
            return
        self.members.append(Member(self.soak))
        self.members[-1].start()
        self.members.pop(0).end()

    def close(self):
        for member in self.members:
            member.end()


class Changes(Load):
    """Topics that come and go, settings that change. A request that a kill cut off may fail."""

    def __init__(self, soak):
        super().__init__(soak)
        self.admin = AdminClient(soak.client)
        self.rounds = 0

    def work(self):
        self.rounds += 1
        name = f"brief-{self.rounds}"
        is_odd = self.rounds % 2
        try:
            self.admin.create_topics([NewTopic(name, 2, 1)])[name].result(SECONDS)
            self._set(ConfigResource.Type.TOPIC, TOPIC, "flush.messages", 100 if is_odd else 1000)
            self._set(ConfigResource.Type.BROKER, "1", "log.cleaner.threads", 2 if is_odd else 1)
            self.admin.delete_topics([name])[name].result(SECONDS)
        except confluent_kafka.KafkaException as error:
            if not self.soak.is_disturbed:
                self.problem(str(error))
        self.ending.wait(1)

    def _set(self, kind, name, key, value):
        resource = ConfigResource(kind, name, set_config={key: str(value)})
        self.admin.alter_configs([resource])[resource].result(SECONDS)


class Soak:
    def __init__(self, program, folder, seconds):
        # Not one of those that connections are given while the node is down.
        listeners = f"PLAINTEXT://127.0.0.1:{free_ports(1)[0]},CONTROLLER://127.0.0.1:0"
        self.node = Node(program, folder, {**NODE, "listeners": listeners}).start()
        self.seconds = seconds
        self.client = {"bootstrap.servers": self.node.bootstrap, "log_level": 0}
        self.problems = []
        self.seen = set()
        self.is_disturbed = True
        self._make_topics()
        self.numbers = Numbers(self.node.bootstrap)
        self.values = Values(self)
        self.others = [Members(self), Changes(self)]

    def _make_topics(self):
        create_topic(self.node.bootstrap, segment_bytes=SEGMENT_BYTES)
        common = {"segment.bytes": str(SEGMENT_BYTES)}
        latest = NewTopic("latest", 1, 1, config={
            **common, "cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.1"})
        passing = NewTopic("passing", 1, 1, config={
            **common, "retention.bytes": str(RETENTION_BYTES)})
        admin = AdminClient(self.client)
        for future in admin.create_topics([latest, passing]).values():
            future.result(SECONDS)

    def run(self):
        for load in (self.numbers, self.values, *self.others):
            load.start()
        self.disturb(self.seconds / 2)
        self.is_disturbed = False
        self.measure(self.seconds / 2)
        self.values.end()
        left = self.numbers.finish()
        if left or self.numbers.failed:
            self.problems.append(f"{left} undelivered, failed: "
                                 f"{list(self.numbers.failed.items())[:3]}")
        self._await_group()
        for load in self.others:
            load.end()
        self._check_records()
        code = self.node.stop()
        if code != 0:
            self.problems.append(f"the node stopped with {code}")
        self._check_log()

    def disturb(self, seconds):
        """Kills, and a stop in order after every second one."""
        kills = max(2, round(seconds / 45))
        for number in range(kills):
            self._let_pass(seconds / kills)
            self.node.kill()
            self.node.start()
            if number % 2:
                code = self.node.stop()
                if code != 0:
                    self.problems.append(f"the node stopped with {code}")
                self.node.start()
        print(f"{kills} kills, {self.node.starts} starts", flush=True)

    def measure(self, seconds):
        """The first third warms it; the last must not need more than the second did."""
        self._let_pass(seconds / 3)
        before = self._highest(seconds / 3)
        after = self._highest(seconds / 3)
        print(f"memory {before[0] >> 10} KiB, then {after[0] >> 10} KiB; "
              f"descriptors {before[1]}, then {after[1]}", flush=True)
        for what, was, now, slack in (("memory", before[0], after[0], RSS_SLACK_BYTES),
                                      ("descriptors", before[1], after[1], DESCRIPTOR_SLACK)):
            if now > was + slack:
                self.problems.append(f"{what} grew from {was} to {now}")

    def _let_pass(self, seconds):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.node.process.poll() is not None:
                raise AssertionError(f"the node ended by itself: {self.node.log_tail()}")
            time.sleep(0.1)

    def _highest(self, seconds):
        """Resident bytes and open descriptors, the most there were of each."""
        folder = f"/proc/{self.node.process.pid}"
        found, until = [], time.monotonic() + seconds
        while time.monotonic() < until:
            with open(f"{folder}/statm", encoding="ascii") as file:
                pages = int(file.read().split()[1])
            found.append((pages * os.sysconf("SC_PAGE_SIZE"), len(os.listdir(f"{folder}/fd"))))
            self._let_pass(0.5)
        return tuple(max(column) for column in zip(*found))

    def _await_group(self):
        deadline = time.monotonic() + SECONDS
        while len(self.seen) < len(self.numbers.acked) and time.monotonic() < deadline:
            time.sleep(0.1)
        missing = self.numbers.acked.keys() - self.seen
        if missing:
            self.problems.append(f"the group missed {len(missing)}: {sorted(missing)[:5]}")

    def _check_records(self):
        self.problems += check(self.numbers, read_all(self.node.bootstrap))
        last, kept = {}, 0
        for key, value in self._read("latest"):
            last[key] = value
            kept += 1
        sent = self.values.sent
        want = {str(n % KEYS).encode(): n for n in range(max(0, sent - KEYS), sent)}
        if last != want:
            self.problems.append(f"compacted: {[(k, last.get(k), want[k]) for k in want][:3]}")
        if sent * len(PAD) > 8 * SEGMENT_BYTES and kept > sent / 2:
            self.problems.append(f"nothing is compacted: {kept} of {sent} records are there")
        passed = sum(1 for _ in self._read("passing"))
        most = (RETENTION_BYTES + 4 * SEGMENT_BYTES) / len(PAD)
        if passed > most:
            self.problems.append(f"retention: {passed} records are there, {most:.0f} may be")
        print(f"{len(self.numbers.acked)} records in {PARTITIONS} partitions, {len(self.seen)} "
              f"seen by the group; {kept} of {sent} left by compaction, {passed} by retention")

    def _read(self, topic):
        """Key and number of each record of its one partition."""
        consumer = confluent_kafka.Consumer({**self.client, "group.id": "judge",
                                             "enable.auto.commit": False,
                                             "enable.partition.eof": True})
        consumer.assign([confluent_kafka.TopicPartition(topic, 0,
                                                        confluent_kafka.OFFSET_BEGINNING)])
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            message = consumer.poll(1)
            if message is None:
                continue
            if message.error():
                if message.error().code() == confluent_kafka.KafkaError._PARTITION_EOF:
                    return consumer.close()
                raise AssertionError(f"{topic}: {message.error()}")
            yield message.key(), int(message.value().split(b" ", 1)[0])
        raise AssertionError(f"{topic} was not read to its end in {SECONDS} s")

    def _check_log(self):
        for path in sorted(self.node.folder.glob("start-*.log")):
            lines = path.read_text(errors="replace").splitlines()
            self.problems += [f"{path.name}: {line}" for line in lines if " ERROR " in line]


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", metavar="KBROKER")
    parser.add_argument("--seconds", type=float, default=1800)
    options = parser.parse_args()
    with workplace() as folder:
        soak = Soak(options.program, folder, options.seconds)
        soak.run()
    for problem in soak.problems[:20]:
        print(problem)
    print(f"{options.seconds:.0f} s, {len(soak.problems)} problems")
    return 1 if soak.problems else 0


if __name__ == "__main__":
    sys.exit(main())
