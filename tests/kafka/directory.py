#!/usr/bin/python3
"""One directory and one server.properties, opened in turn by Apache Kafka and by kbroker: each
reads what the other wrote and goes on from there.

KCORE_KBROKER names the program.
"""

import os
import pathlib
import shutil
import sys
import tempfile
import unittest

import reference
from confluent import Client, plain
from messages import CODECS, FIRST_MS, Message, samples
from node import ROOT, SKIPPED, Node
from trials import settled

PROGRAM = os.environ.get("KCORE_KBROKER", f"{ROOT}/build/release/apps/kbroker")
# Several segments, with their indexes, per visit.
LARGE = 60_000
LARGE_COUNT = 25
SEGMENT_BYTES = 1 << 20


class Content:
    """What was written by whichever broker, and must be found by the next one."""

    def __init__(self, case):
        self.case = case
        self.visits = 0
        self.topics = {}   # name: messages of partition 0
        self.counts = {}   # name: number of partitions
        self.configs = {}  # name: settings of its own
        self.commits = {}  # (group, topic): offset

    def check(self, client):
        case = self.case
        self._wait(lambda: client.topics(), self.counts)
        for topic, messages in self.topics.items():
            found, end = client.read(topic)
            case.assertEqual([plain(m) for m in found], messages, topic)
            case.assertEqual([m.offset() for m in found], [*range(len(messages))], topic)
            case.assertEqual((end, client.ends(topic)), (len(messages), (0, len(messages))), topic)
            self._wait(lambda topic=topic: client.config(topic), self.configs[topic])
        for number, message in enumerate(self.topics.get("rolled", ())):
            if number % 20 == 0:
                case.assertEqual(client.offset_at("rolled", message.timestamp), number)
        for (group, topic), offset in self.commits.items():
            case.assertEqual(client.committed(group, topic), offset, (group, topic))

    def _wait(self, found, expected):
        """What a broker learns from its controller is not there at once."""
        self.case.assertEqual(settled(found, expected), expected)

    def grow(self, client):
        """Every kind of thing that a client can leave behind."""
        self.visits += 1
        if self.visits == 1:
            for codec in CODECS:
                self._create(client, f"codec-{codec}")
            self._create(client, "rolled", segment_bytes=str(SEGMENT_BYTES))
            self._create(client, "changed", max_message_bytes="5000")
            self._create(client, "lasting")
        else:
            self._delete(client, f"doomed-{self.visits - 1}")
        self._create(client, f"doomed-{self.visits}")
        self._create(client, f"made-{self.visits}", cleanup_policy="compact,delete")
        for number, codec in enumerate(CODECS):
            # Over the visits each topic sees several codecs.
            kind = CODECS[(number + self.visits) % len(CODECS)]
            self._produce(client, f"codec-{codec}", samples(), compression_type=kind, linger_ms=50)
            self._commit(client, f"group-{codec}", f"codec-{codec}")
        self._produce(client, f"made-{self.visits}", samples()[:1])
        self._commit(client, f"group-{self.visits}", f"made-{self.visits}")
        self._produce(client, "rolled", self._large(), batch_num_messages=1)
        self._change(client)

    def _large(self):
        start = len(self.topics["rolled"])
        return [Message(None, bytes([65 + i % 26]) * LARGE, timestamp=FIRST_MS + 1000 * i)
                for i in range(start, start + LARGE_COUNT)]

    def _create(self, client, name, **config):
        config = {"retention_ms": "-1", **config}
        client.create(name, 1, **config)
        self.topics[name], self.counts[name] = [], 1
        self.configs[name] = {key.replace("_", "."): value for key, value in config.items()}
        self._wait(lambda: client.topics().get(name), 1)

    def _delete(self, client, name):
        client.delete(name)
        self._wait(lambda: client.topics().get(name), None)
        for kept in (self.topics, self.counts, self.configs):
            del kept[name]

    def _produce(self, client, topic, messages, **more):
        client.produce(topic, messages, **more)
        self.topics[topic] += messages

    def _commit(self, client, group, topic):
        offset = self.commits[group, topic] = len(self.topics[topic])
        client.commit(group, topic, offset)

    def _change(self, client):
        """A topic grows and is set anew."""
        partitions = self.counts["changed"] = self.visits + 1
        client.grow("changed", partitions)
        limit = str(5000 + self.visits)
        client.replace_config("changed", retention_ms="-1", max_message_bytes=limit)
        self.configs["changed"] = {"retention.ms": "-1", "max.message.bytes": limit}
        self._wait(lambda: client.config("changed"), self.configs["changed"])


class Directory(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="kcore-directory-"))
        # Little between two snapshots of the metadata, so that both write some and read them.
        cls.kafka = reference.Kafka(cls.folder / "kafka", offsets_topic_num_partitions=4,
                                    metadata_log_max_record_bytes_between_snapshots=2000)
        cls.ours = Node(PROGRAM, cls.folder, config=cls.kafka.config)

    @classmethod
    def tearDownClass(cls):
        cls.ours.kill()
        cls.kafka.kill()
        shutil.rmtree(cls.folder, ignore_errors=True)

    def setUp(self):
        self.content = Content(self)
        self.client = Client(self.kafka.bootstrap)
        # One producer over all visits: its sequence goes on in state that the other broker wrote.
        self.lasting = self.client.producer(enable_idempotence=True, message_timeout_ms=60_000)
        self.sent = 0

    def tearDown(self):
        # While a broker answers: without one librdkafka may wait for ever at Python's end.
        self.client = self.lasting = None
        self.ours.kill()

    def visit(self):
        self.content.check(self.client)
        self.content.grow(self.client)
        self.send_on()

    def send_on(self):
        """What the producer of all visits has to say on this one."""
        messages = [Message(None, b"%d" % i) for i in range(self.sent, self.sent + 200)]
        Client.send(self.lasting, "lasting", messages)
        self.content.topics["lasting"] += messages
        self.sent += len(messages)

    def end_ours(self):
        self.assertEqual(self.ours.stop(), 0)

    def test_a_directory_of_kafka_goes_both_ways(self):
        self.visit()
        self.kafka.stop()
        self.ours.start()
        self.visit()
        self.end_ours()
        self.kafka.start()
        self.visit()
        self.kafka.kill()
        self.ours.start()
        self.visit()
        self.ours.kill()
        self.kafka.start()
        self.visit()

    def test_b_directory_of_ours_goes_both_ways(self):
        self.kafka.stop()
        shutil.rmtree(self.kafka.data)
        self.ours.start()
        self.visit()
        self.end_ours()
        self.kafka.start()
        self.visit()
        self.kafka.stop()
        self.ours.start()
        self.visit()
        self.end_ours()


if __name__ == "__main__":
    missing = reference.why_not()
    if missing:
        print(missing)
        sys.exit(SKIPPED)
    unittest.main()
