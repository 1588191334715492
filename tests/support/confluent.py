"""What tests do with confluent-kafka against whatever broker: write, read, commit, administer."""

import sys

from messages import Message
from node import SKIPPED

try:
    from confluent_kafka import (Consumer, KafkaError, KafkaException, Producer, TopicPartition,
                                 OFFSET_BEGINNING)
    from confluent_kafka.admin import AdminClient, ConfigResource, NewPartitions, NewTopic
except ImportError:
    print("python3-confluent-kafka is not installed")
    sys.exit(SKIPPED)

SECONDS = 120


class Client:
    """One address. Everything waits for its answer and raises where it is an error."""

    def __init__(self, bootstrap):
        self.settings = {"bootstrap.servers": bootstrap, "log_level": 0}
        self._admin = AdminClient(self.settings)  # Futures of an AdminClient end with it.
        # For questions only; sees what transactions have not committed too.
        self._asker = self.consumer(isolation_level="read_uncommitted")

    def producer(self, **more):
        return Producer(self._with(more))

    def consumer(self, group="reader", **more):
        return Consumer(self._with({"group.id": group, "enable.auto.commit": False,
                                    "fetch.wait.max.ms": 50, **more}))

    def _with(self, more):
        return {**self.settings, **{key.replace("_", "."): value for key, value in more.items()}}

    def topics(self):
        """Names and partitions of all that are not internal."""
        found = self._admin.list_topics(timeout=SECONDS).topics
        return {name: len(topic.partitions) for name, topic in found.items()
                if not name.startswith("__")}

    def leaders(self, topic):
        """The leader of each partition, -1 where there is none."""
        partitions = self._admin.list_topics(topic, timeout=SECONDS).topics[topic].partitions
        return {number: partition.leader for number, partition in partitions.items()}

    def create(self, name, partitions, **config):
        config = {key.replace("_", "."): value for key, value in config.items()}
        self._admin.create_topics([NewTopic(name, partitions, 1, config=config)])[name].result(
            SECONDS)

    def grow(self, name, partitions):
        self._admin.create_partitions([NewPartitions(name, partitions)])[name].result(SECONDS)

    def delete(self, name):
        self._admin.delete_topics([name])[name].result(SECONDS)

    def config(self, name):
        """The settings that are the topic's own."""
        resource = ConfigResource(ConfigResource.Type.TOPIC, name)
        found = self._admin.describe_configs([resource])[resource].result(SECONDS)
        return {key: entry.value for key, entry in found.items() if entry.source == 1}

    def replace_config(self, name, **config):
        config = {key.replace("_", "."): value for key, value in config.items()}
        resource = ConfigResource(ConfigResource.Type.TOPIC, name, set_config=config)
        self._admin.alter_configs([resource])[resource].result(SECONDS)

    def produce(self, topic, messages, partition=0, **more):
        producer = self.producer(**more)
        self.send(producer, topic, messages, partition)

    @staticmethod
    def send(producer, topic, messages, partition=0):
        """Sends in order and waits for every acknowledgement."""
        errors = []
        for message in messages:
            producer.produce(topic, message.value, message.key, partition, headers=message.headers,
                             timestamp=message.timestamp,
                             on_delivery=lambda error, _: errors.append(error))
        left = producer.flush(SECONDS)
        errors = [error for error in errors if error]
        if left or errors:
            raise AssertionError(f"{topic}: {left} not sent, {errors[:3]}")

    def read(self, topic, partition=0, **more):
        """All messages of a partition, and where it ends for this reader."""
        consumer, found = self.consumer(enable_partition_eof=True, **more), []
        try:
            consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING)])
            while True:
                [message] = consumer.consume(1, SECONDS) or [None]
                if message is None:
                    raise AssertionError(f"{topic}-{partition}: no end within {SECONDS} s")
                if message.error() is None:
                    found.append(message)
                elif message.error().code() == KafkaError._PARTITION_EOF:
                    return found, message.offset()
                else:
                    raise KafkaException(message.error())
        finally:
            consumer.close()

    def ends(self, topic, partition=0):
        """The first offset and the one after the last."""
        return self._asker.get_watermark_offsets(TopicPartition(topic, partition), SECONDS)

    def offset_at(self, topic, time_ms, partition=0):
        [found] = self._asker.offsets_for_times([TopicPartition(topic, partition, time_ms)],
                                                SECONDS)
        return found.offset

    def commit(self, group, topic, offset, partition=0):
        consumer = self.consumer(group)
        try:
            consumer.commit(offsets=[TopicPartition(topic, partition, offset)], asynchronous=False)
        finally:
            consumer.close()

    def committed(self, group, topic, partition=0):
        consumer = self.consumer(group)
        try:
            [found] = consumer.committed([TopicPartition(topic, partition)], SECONDS)
            return found.offset
        finally:
            consumer.close()


def plain(message):
    return Message(message.key(), message.value(), message.headers() or [],
                   message.timestamp()[1])
