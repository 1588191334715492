"""kafka-python against the broker.

Its version 2.0 has no idempotent producer, no static members, no cooperative assignor, and cannot
write headers without a value.
"""

import signal
import time
import unittest

import broker
from broker import Names
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, OffsetAndMetadata, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, NewPartitions, NewTopic
from kafka.errors import MessageSizeTooLargeError, TopicAlreadyExistsError
from members import Member, wait_for_shares
from messages import CODECS, FIRST_MS, LARGEST_VALUE_BYTES, Message, samples

SECONDS = 30
_admin = None


def setUpModule():
    broker.start()
    _connect()


def _connect():
    global _admin
    _admin = KafkaAdminClient(bootstrap_servers=broker.get().bootstrap)


def restart(how=signal.SIGTERM):
    """Restarts the broker; kafka-python's admin client does not connect again by itself."""
    broker.get().restart(how)
    _admin.close()
    _connect()


def tearDownModule():
    _admin.close()
    broker.stop()


def make_topic(partitions=1, **config):
    name = Names.fresh("python")
    config = {key.replace("_", "."): value for key, value in config.items()}
    _admin.create_topics([NewTopic(name, partitions, 1, topic_configs=config)])
    broker.wait_until(f"topic {name}", lambda: _partitions(name) == partitions)
    return name


def _partitions(name):
    [found] = _admin.describe_topics([name])
    return len(found["partitions"]) if found["error_code"] == 0 else 0


def producer(**more):
    return KafkaProducer(bootstrap_servers=broker.get().bootstrap, **more)


def produce(topic, messages, partition=0, **more):
    """Sends in order and waits for every acknowledgement; the offsets."""
    sender = producer(**more)
    try:
        sent = [sender.send(topic, m.value, m.key, m.headers, partition, m.timestamp)
                for m in messages]
        sender.flush(SECONDS)
        return [future.get(SECONDS).offset for future in sent]
    finally:
        sender.close()


def consumer(**more):
    return KafkaConsumer(bootstrap_servers=broker.get().bootstrap, auto_offset_reset="earliest",
                         **more)


def take(reader, count):
    got, deadline = [], time.monotonic() + SECONDS
    while len(got) < count:
        if time.monotonic() > deadline:
            raise AssertionError(f"{len(got)} of {count} messages within {SECONDS} s")
        for batch in reader.poll(timeout_ms=200, max_records=count - len(got)).values():
            got += batch
    return got


def read(topic, count, **more):
    reader = consumer(**more)
    try:
        reader.assign([TopicPartition(topic, 0)])
        return take(reader, count)
    finally:
        reader.close(autocommit=False)


def plain(record):
    return Message(record.key, record.value, record.headers, record.timestamp)


class ProduceAndConsume(unittest.TestCase):
    sent = samples(with_null_header=False)

    def test_every_codec_keeps_every_message(self):
        for codec in CODECS:
            with self.subTest(codec):
                topic = make_topic()
                kind = None if codec == "none" else codec
                offsets = produce(topic, self.sent, compression_type=kind, linger_ms=50)
                self.assertEqual(offsets, [*range(len(self.sent))])
                self.assertEqual([plain(r) for r in read(topic, len(self.sent))], self.sent)

    def test_acks_of_every_kind(self):
        for acks in (0, 1, "all"):
            with self.subTest(acks):
                topic = make_topic()
                produce(topic, self.sent, acks=acks)
                self.assertEqual([plain(r) for r in read(topic, len(self.sent))], self.sent)

    def test_the_largest_batch_passes_and_the_next_does_not(self):
        topic = make_topic()
        produce(topic, [Message(None, b"x" * LARGEST_VALUE_BYTES)], max_request_size=4_000_000)
        with self.assertRaises(MessageSizeTooLargeError):
            produce(topic, [Message(None, b"x" * (LARGEST_VALUE_BYTES + 1))],
                    max_request_size=4_000_000)
        [record] = read(topic, 1)
        self.assertEqual(len(record.value), LARGEST_VALUE_BYTES)

    def test_a_producer_goes_on_after_a_restart(self):
        for how in (signal.SIGTERM, signal.SIGKILL):
            with self.subTest(how.name):
                topic = make_topic()
                sender = producer(acks="all", retries=100, retry_backoff_ms=50,
                                  max_in_flight_requests_per_connection=1)
                before = [sender.send(topic, str(i).encode(), partition=0) for i in range(500)]
                sender.flush(SECONDS)
                restart(how)
                after = [sender.send(topic, str(i).encode(), partition=0)
                         for i in range(500, 1000)]
                sender.flush(SECONDS)
                offsets = [future.get(SECONDS).offset for future in before + after]
                sender.close()
                self.assertEqual(offsets, sorted(set(offsets)))
                values = [int(r.value) for r in read(topic, 1000)]
                self.assertEqual(sorted(set(values)), [*range(1000)])


class Groups(unittest.TestCase):
    def test_members_come_are_killed_and_everything_is_delivered(self):
        topic, group, partitions = make_topic(partitions=6), Names.fresh("group"), 6
        kind = "kafka-python"
        with Member(kind, topic, group) as one, Member(kind, topic, group) as two:
            wait_for_shares(partitions, one, two)
            with Member(kind, topic, group) as three:
                wait_for_shares(partitions, one, two, three)
                two.kill()
                wait_for_shares(partitions, one, three)
                for partition in range(partitions):
                    produce(topic, [Message(None, str(partition).encode())], partition)
                expected = {str(partition) for partition in range(partitions)}
                broker.wait_until("all messages", lambda: (
                    set(one.values()) | set(three.values())) == expected)

    def test_a_pattern_subscribes_to_the_topics_that_match(self):
        prefix = Names.fresh("matched")
        topics = [f"{prefix}-{i}" for i in range(3)]
        _admin.create_topics([NewTopic(topic, 1, 1) for topic in topics])
        for topic in topics:
            produce(topic, [Message(None, topic.encode())])
        reader = consumer(group_id=Names.fresh("group"))
        reader.subscribe(pattern=f"^{prefix}-[01]$")
        self.assertEqual({r.value.decode() for r in take(reader, 2)}, {*topics[:2]})
        reader.close(autocommit=False)

    def test_commits_outlive_a_restart(self):
        for how in (signal.SIGTERM, signal.SIGKILL):
            with self.subTest(how.name):
                self.commits_outlive(how)

    def commits_outlive(self, how):
        topic, group = make_topic(), Names.fresh("group")
        produce(topic, [Message(None, str(i).encode()) for i in range(20)])
        place = TopicPartition(topic, 0)
        reader = consumer(group_id=group, enable_auto_commit=False)
        reader.subscribe([topic])
        take(reader, 10)
        reader.commit({place: OffsetAndMetadata(10, "half")})
        reader.close(autocommit=False)
        restart(how)
        reader = consumer(group_id=group, enable_auto_commit=False)
        self.assertEqual(reader.committed(place, metadata=True), OffsetAndMetadata(10, "half"))
        reader.subscribe([topic])
        self.assertEqual(take(reader, 1)[0].offset, 10)
        reader.close(autocommit=False)


class Offsets(unittest.TestCase):
    def test_offsets_by_time_and_both_ends(self):
        topic = make_topic()
        produce(topic, [Message(None, b"x", timestamp=FIRST_MS + 1000 * i) for i in range(10)])
        place, reader = TopicPartition(topic, 0), consumer()
        for time_ms, offset in ((FIRST_MS, 0), (FIRST_MS + 4000, 4), (FIRST_MS + 4001, 5)):
            found = reader.offsets_for_times({place: time_ms})[place]
            self.assertEqual(found.offset, offset, time_ms)
        self.assertIsNone(reader.offsets_for_times({place: FIRST_MS + 10_000})[place])
        self.assertEqual(reader.beginning_offsets([place]), {place: 0})
        self.assertEqual(reader.end_offsets([place]), {place: 10})
        reader.close()


    def test_seek_goes_back(self):
        topic = make_topic()
        produce(topic, [Message(None, str(i).encode()) for i in range(10)])
        reader, place = consumer(), TopicPartition(topic, 0)
        reader.assign([place])
        reader.seek(place, 5)
        self.assertEqual(take(reader, 1)[0].value, b"5")
        reader.seek(place, 2)
        self.assertEqual(take(reader, 1)[0].value, b"2")
        reader.close()


class Administration(unittest.TestCase):
    def test_topics_are_made_grown_and_deleted(self):
        topic = make_topic(partitions=2)
        _admin.create_partitions({topic: NewPartitions(4)})
        broker.wait_until("four partitions", lambda: _partitions(topic) == 4)
        with self.assertRaises(TopicAlreadyExistsError):
            _admin.create_topics([NewTopic(topic, 1, 1)])
        _admin.delete_topics([topic])
        broker.wait_until("the topic's end", lambda: topic not in _admin.list_topics())

    def test_configs_are_described_and_changed(self):
        topic = make_topic(retention_ms="86400000")
        self.assertEqual(self.described(topic)["retention.ms"], "86400000")
        change = ConfigResource(ConfigResourceType.TOPIC, topic, {"max.message.bytes": "5000"})
        _admin.alter_configs([change])
        broker.wait_until("the change",
                          lambda: self.described(topic)["max.message.bytes"] == "5000")

    @staticmethod
    def described(topic):
        [answer] = _admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
        [resource] = answer.resources
        return {entry[0]: entry[1] for entry in resource[4]}

    def test_groups_are_listed_described_and_deleted(self):
        topic, group = make_topic(), Names.fresh("group")
        produce(topic, [Message(None, b"x")])
        reader = consumer(group_id=group)
        reader.subscribe([topic])
        take(reader, 1)
        [described] = _admin.describe_consumer_groups([group])
        self.assertEqual((described.state, len(described.members)), ("Stable", 1))
        reader.close()
        self.assertIn((group, "consumer"), _admin.list_consumer_groups())
        place = TopicPartition(topic, 0)
        self.assertEqual(_admin.list_consumer_group_offsets(group)[place].offset, 1)
        [(name, error)] = _admin.delete_consumer_groups([group])
        self.assertEqual((name, error.errno), (group, 0))
        self.assertNotIn((group, "consumer"), _admin.list_consumer_groups())


if __name__ == "__main__":
    unittest.main()
