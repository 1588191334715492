"""confluent-kafka (librdkafka) against the broker.

Its version 1.7 lists groups but neither describes nor deletes them, and deletes no records.
"""

import signal
import threading
import unittest

import broker
from broker import Names
from confluent_kafka import (Consumer, KafkaError, KafkaException, Producer, TopicPartition,
                             OFFSET_BEGINNING, OFFSET_END)
from confluent_kafka.admin import AdminClient, ConfigResource, NewPartitions, NewTopic
from members import Member, wait_for_shares
from messages import CODECS, FIRST_MS, LARGEST_VALUE_BYTES, Message, samples

SECONDS = 30


_admin = None  # Futures of an AdminClient end with it.


def setUpModule():
    global _admin
    broker.start()
    _admin = AdminClient(settings())


def tearDownModule():
    broker.stop()


def settings(**more):
    return {"bootstrap.servers": broker.get().bootstrap,
            **{key.replace("_", "."): value for key, value in more.items()}}


def admin():
    return _admin


def results(futures):
    return {name: future.result(SECONDS) for name, future in futures.items()}


def make_topic(partitions=1, **config):
    name = Names.fresh("confluent")
    config = {key.replace("_", "."): value for key, value in config.items()}
    results(admin().create_topics([NewTopic(name, partitions, 1, config=config)]))
    broker.wait_until(f"topic {name}", lambda: len(
        admin().list_topics(name, SECONDS).topics[name].partitions) == partitions)
    return name


def produce(topic, messages, partition=0, **more):
    """Sends in order and waits for every acknowledgement; the reports."""
    reports = []
    producer = Producer(settings(**more))
    for message in messages:
        producer.produce(topic, message.value, message.key, partition, headers=message.headers,
                         timestamp=message.timestamp,
                         on_delivery=lambda error, sent: reports.append((error, sent)))
    assert producer.flush(SECONDS) == 0
    return reports


def read(topic, count, partition=0, offset=OFFSET_BEGINNING, **more):
    consumer = Consumer(settings(group_id=Names.fresh("reader"), **more))
    try:
        consumer.assign([TopicPartition(topic, partition, offset)])
        return take(consumer, count)
    finally:
        consumer.close()


def take(consumer, count):
    got = []
    while len(got) < count:
        batch = consumer.consume(count - len(got), SECONDS)
        if not batch:
            raise AssertionError(f"{len(got)} of {count} messages within {SECONDS} s")
        for message in batch:
            if message.error():
                raise KafkaException(message.error())
            got.append(message)
    return got


def plain(message):
    return Message(message.key(), message.value(), message.headers() or [],
                   message.timestamp()[1])


class ProduceAndConsume(unittest.TestCase):
    def test_every_codec_keeps_every_message(self):
        for codec in CODECS:
            with self.subTest(codec):
                topic = make_topic()
                reports = produce(topic, samples(), compression_type=codec, linger_ms=50)
                self.assertEqual([error for error, _ in reports], [None] * len(samples()))
                self.assertEqual([sent.offset() for _, sent in reports], [*range(len(samples()))])
                self.assertEqual([plain(m) for m in read(topic, len(samples()))], samples())

    def test_acks_of_every_kind(self):
        for acks in ("0", "1", "all"):
            with self.subTest(acks):
                topic = make_topic()
                produce(topic, samples(), acks=acks)
                self.assertEqual([plain(m) for m in read(topic, len(samples()))], samples())

    def test_partitions_are_kept_apart(self):
        topic = make_topic(partitions=5)
        for partition in range(5):
            produce(topic, [Message(b"k", str(partition).encode())], partition=partition)
        for partition in range(5):
            self.assertEqual(read(topic, 1, partition)[0].value(), str(partition).encode())

    def test_log_append_time_is_the_brokers(self):
        topic = make_topic(message_timestamp_type="LogAppendTime")
        produce(topic, samples())
        kind, stamp = read(topic, 1)[0].timestamp()
        self.assertEqual(kind, 2)
        self.assertGreater(stamp, FIRST_MS + 86_400_000)

    def test_the_largest_batch_passes_and_the_next_does_not(self):
        topic = make_topic()
        limit = {"message_max_bytes": 4_000_000}
        [(error, _)] = produce(topic, [Message(None, b"x" * LARGEST_VALUE_BYTES)], **limit)
        self.assertIsNone(error)
        [(error, _)] = produce(topic, [Message(None, b"x" * (LARGEST_VALUE_BYTES + 1))], **limit)
        self.assertEqual(error.code(), KafkaError.MSG_SIZE_TOO_LARGE)
        [message] = read(topic, 1)
        self.assertEqual(len(message.value()), LARGEST_VALUE_BYTES)

    def test_a_message_larger_than_the_fetch_is_returned_all_the_same(self):
        topic = make_topic()
        produce(topic, [Message(None, b"x" * 900_000)] * 3)
        got = read(topic, 3, max_partition_fetch_bytes=1000, fetch_message_max_bytes=1000)
        self.assertEqual([len(m.value()) for m in got], [900_000] * 3)


class Idempotence(unittest.TestCase):
    def across_a_restart(self, how):
        topic = make_topic()
        producer = Producer(settings(enable_idempotence=True, linger_ms=1,
                                     message_timeout_ms=SECONDS * 1000))
        failures = []
        total = 3000

        def report(error, _):
            if error:
                failures.append(error)

        restart = threading.Thread(target=broker.get().restart, args=(how,))
        for i in range(total):
            if i == total // 3:
                producer.flush(SECONDS)
                restart.start()
            producer.produce(topic, str(i).encode(), partition=0, on_delivery=report)
            producer.poll(0)
        self.assertEqual(producer.flush(SECONDS), 0)
        restart.join()
        self.assertEqual(failures, [])
        values = [int(m.value()) for m in read(topic, total)]
        self.assertEqual(values, [*range(total)])

    def test_nothing_is_lost_or_doubled_across_a_restart(self):
        self.across_a_restart(signal.SIGTERM)

    def test_nothing_is_lost_or_doubled_across_a_kill(self):
        self.across_a_restart(signal.SIGKILL)


class Groups(unittest.TestCase):
    def test_members_come_are_killed_and_everything_is_delivered(self):
        for assignor in ("range", "cooperative-sticky"):
            with self.subTest(assignor):
                self.members_come_and_one_is_killed(assignor)

    def members_come_and_one_is_killed(self, assignor):
        topic, group, partitions = make_topic(partitions=6), Names.fresh("group"), 6

        def member():
            return Member("confluent", topic, group, assignor=assignor)

        with member() as one, member() as two:
            wait_for_shares(partitions, one, two)
            with member() as three:
                wait_for_shares(partitions, one, two, three)
                two.kill()
                wait_for_shares(partitions, one, three)
                for partition in range(partitions):
                    produce(topic, [Message(None, str(partition).encode())], partition)
                expected = {str(partition) for partition in range(partitions)}
                broker.wait_until("all messages", lambda: (
                    set(one.values()) | set(three.values())) == expected)

    def test_commits_outlive_a_restart(self):
        for how in (signal.SIGTERM, signal.SIGKILL):
            with self.subTest(how.name):
                topic, group = make_topic(), Names.fresh("group")
                produce(topic, [Message(None, str(i).encode()) for i in range(20)])
                committed = {"group_id": group, "auto_offset_reset": "earliest",
                             "enable_auto_commit": False}
                consumer = Consumer(settings(**committed))
                consumer.subscribe([topic])
                take(consumer, 10)
                consumer.commit(offsets=[TopicPartition(topic, 0, 10)], asynchronous=False)
                consumer.close()
                broker.get().restart(how)
                consumer = Consumer(settings(**committed))
                [found] = consumer.committed([TopicPartition(topic, 0)], SECONDS)
                self.assertEqual(found.offset, 10)
                consumer.subscribe([topic])
                self.assertEqual(take(consumer, 1)[0].offset(), 10)
                consumer.close()

    def test_a_pattern_subscribes_to_the_topics_that_match(self):
        prefix = Names.fresh("matched")
        topics = [f"{prefix}-{i}" for i in range(3)]
        results(admin().create_topics([NewTopic(topic, 1, 1) for topic in topics]))
        for topic in topics:
            produce(topic, [Message(None, topic.encode())])
        consumer = Consumer(settings(group_id=Names.fresh("group"), auto_offset_reset="earliest"))
        consumer.subscribe([f"^{prefix}-[01]$"])
        self.assertEqual({m.value().decode() for m in take(consumer, 2)}, {*topics[:2]})
        consumer.close()

    def test_static_members_keep_their_partitions(self):
        topic, group = make_topic(partitions=2), Names.fresh("group")
        with Member("confluent", topic, group, instance="a") as one:
            with Member("confluent", topic, group, instance="b") as two:
                wait_for_shares(2, one, two)
                before = two.shares()
                two.kill()
            with Member("confluent", topic, group, instance="b") as again:
                wait_for_shares(2, one, again)
                self.assertEqual(again.shares(), before)


class Offsets(unittest.TestCase):
    def test_offsets_by_time_and_the_watermarks(self):
        topic = make_topic()
        produce(topic, [Message(None, b"x", timestamp=FIRST_MS + 1000 * i) for i in range(10)])
        consumer = Consumer(settings(group_id=Names.fresh("reader")))
        asked = [(FIRST_MS, 0), (FIRST_MS + 4000, 4), (FIRST_MS + 4001, 5),
                 (FIRST_MS + 10_000, OFFSET_END)]
        for time_ms, offset in asked:
            [found] = consumer.offsets_for_times([TopicPartition(topic, 0, time_ms)], SECONDS)
            self.assertEqual(found.offset, offset, time_ms)
        self.assertEqual(consumer.get_watermark_offsets(TopicPartition(topic, 0), SECONDS),
                         (0, 10))
        consumer.close()

    def test_seek_goes_back(self):
        topic = make_topic()
        produce(topic, [Message(None, str(i).encode()) for i in range(10)])
        consumer = Consumer(settings(group_id=Names.fresh("reader")))
        consumer.assign([TopicPartition(topic, 0, 5)])
        self.assertEqual(take(consumer, 1)[0].value(), b"5")
        consumer.seek(TopicPartition(topic, 0, 2))
        self.assertEqual(take(consumer, 1)[0].value(), b"2")
        consumer.close()


class Administration(unittest.TestCase):
    def test_topics_are_made_grown_and_deleted(self):
        topic = make_topic(partitions=2)
        results(admin().create_partitions([NewPartitions(topic, 4)]))
        broker.wait_until("four partitions", lambda: len(
            admin().list_topics(topic, SECONDS).topics[topic].partitions) == 4)
        with self.assertRaises(KafkaException) as caught:
            results(admin().create_topics([NewTopic(topic, 1, 1)]))
        self.assertEqual(caught.exception.args[0].code(), KafkaError.TOPIC_ALREADY_EXISTS)
        results(admin().delete_topics([topic]))
        broker.wait_until("the topic's end", lambda: topic not in
                          admin().list_topics(timeout=SECONDS).topics)

    def test_configs_are_described_and_changed(self):
        topic = make_topic(retention_ms="86400000")
        resource = ConfigResource(ConfigResource.Type.TOPIC, topic)
        found = results(admin().describe_configs([resource]))[resource]
        self.assertEqual(found["retention.ms"].value, "86400000")
        self.assertFalse(found["retention.ms"].is_default)
        self.assertTrue(found["max.message.bytes"].is_default)
        change = ConfigResource(ConfigResource.Type.TOPIC, topic,
                                set_config={"max.message.bytes": "5000"})
        results(admin().alter_configs([change]))
        broker.wait_until("the change", lambda: results(admin().describe_configs([resource]))[
            resource]["max.message.bytes"].value == "5000")
        self.assertEqual(results(admin().describe_configs([resource]))[resource][
            "retention.ms"].value, "604800000", "AlterConfigs replaces everything")

    def test_groups_are_listed_with_their_members(self):
        topic, group = make_topic(), Names.fresh("group")
        with Member("confluent", topic, group) as member:
            wait_for_shares(1, member)
            [found] = admin().list_groups(group, SECONDS)
            self.assertEqual((found.id, found.state, found.protocol_type, len(found.members)),
                             (group, "Stable", "consumer", 1))

    def test_bad_settings_are_refused(self):
        with self.assertRaises(KafkaException) as caught:
            make_topic(retention_ms="soon")
        self.assertEqual(caught.exception.args[0].code(), KafkaError.INVALID_CONFIG)


if __name__ == "__main__":
    unittest.main()
