"""Group members as processes, so that one can be killed. Run as a program, this is one member:

  members.py CLIENT BOOTSTRAP TOPIC GROUP [INSTANCE [ASSIGNOR]]

It prints one JSON object a line: {"shares": [partitions]} when they change, {"value": text} for
each message.
"""

import json
import os
import signal
import subprocess
import sys
import threading

import broker

SESSION_MS = 3000


class Member:
    def __init__(self, client, topic, group, instance="", assignor=""):
        self._lock = threading.Lock()
        self._shares, self._values = None, []
        self.process = subprocess.Popen(
            ["/usr/bin/python3", os.path.abspath(__file__), client, broker.get().bootstrap, topic,
             group, instance, assignor],
            stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            said = json.loads(line)
            with self._lock:
                if "shares" in said:
                    self._shares = said["shares"]
                else:
                    self._values.append(said["value"])

    def shares(self):
        """The partitions it was given last; None before the first time."""
        with self._lock:
            return self._shares

    def values(self):
        with self._lock:
            return list(self._values)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()
        self._reader.join(5)
        self.process.stdout.close()


def wait_for_shares(partitions, *members):
    """Until every partition has exactly one of the members, and every member has some."""
    def is_shared():
        shares = [member.shares() for member in members]
        return all(shares) and sorted(sum(shares, [])) == [*range(partitions)]
    try:
        broker.wait_until("an even assignment", is_shared, 60)
    except AssertionError as late:
        raise AssertionError(f"{late}: {[m.shares() for m in members]}") from None


def say(**what):
    print(json.dumps(what), flush=True)


def run_confluent(bootstrap, topic, group, instance, assignor):
    from confluent_kafka import Consumer
    settings = {"bootstrap.servers": bootstrap, "group.id": group, "session.timeout.ms": SESSION_MS,
                "heartbeat.interval.ms": 300, "auto.offset.reset": "earliest"}
    if instance:
        settings["group.instance.id"] = instance
    if assignor:
        settings["partition.assignment.strategy"] = assignor
    consumer, shares = Consumer(settings), set()

    # A cooperative assignor tells only what is new and what goes.
    def assigned(_, given):
        shares.update(each.partition for each in given)
        say(shares=sorted(shares))

    def revoked(_, taken):
        shares.difference_update(each.partition for each in taken)
        say(shares=sorted(shares))

    consumer.subscribe([topic], on_assign=assigned, on_revoke=revoked, on_lost=revoked)
    while not stopping:
        message = consumer.poll(0.2)
        if message is not None and not message.error():
            say(value=message.value().decode())
    consumer.close()


def run_kafka_python(bootstrap, topic, group, *_):
    from kafka import ConsumerRebalanceListener, KafkaConsumer

    class Listener(ConsumerRebalanceListener):
        def on_partitions_revoked(self, revoked):
            pass

        def on_partitions_assigned(self, assigned):
            say(shares=[each.partition for each in assigned])

    consumer = KafkaConsumer(bootstrap_servers=bootstrap, group_id=group,
                             session_timeout_ms=SESSION_MS, heartbeat_interval_ms=300,
                             auto_offset_reset="earliest")
    consumer.subscribe([topic], listener=Listener())
    while not stopping:
        for batch in consumer.poll(timeout_ms=200).values():
            for message in batch:
                say(value=message.value.decode())
    consumer.close()


stopping = False


def main(client, *rest):
    def stop(*_):
        global stopping
        stopping = True
    signal.signal(signal.SIGTERM, stop)
    {"confluent": run_confluent, "kafka-python": run_kafka_python}[client](*rest)


if __name__ == "__main__":
    main(*sys.argv[1:])
