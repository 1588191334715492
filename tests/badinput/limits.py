#!/usr/bin/python3
"""Limits of connections: in all, of an address, of a host by its name, a second; set at the start
and while the broker runs. Who is over them waits or is closed, and the log says why.

limits.py KBROKER [LIMIT...]
"""

import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path += [HERE, os.path.join(HERE, os.pardir, "support")]

import floods
import rows
from node import Node, workplace
from wire import Closed, Connection

SETTINGS = {"offsets.topic.num.partitions": "1", "num.network.threads": "1"}
SECONDS = 20


def is_served(connection, seconds=1.0):
    connection.wait(seconds)
    try:
        return connection.ask("ApiVersions", 0)["ErrorCode"] == 0
    except (Closed, TimeoutError):
        return False


def served(bootstrap, count):
    """How many of so many new connections are served, all of them open."""
    held = [Connection(bootstrap) for _ in range(count)]
    try:
        return sum(is_served(connection, 0.5) for connection in held)
    finally:
        floods.close_all(held)
        time.sleep(0.1)


def change(connection, key, value):
    reply = connection.ask("IncrementalAlterConfigs", 1, {"Resources": [
        {"ResourceType": 4, "ResourceName": "", "Configs": [
            {"Name": key, "ConfigOperation": 0, "Value": value}]}]})
    assert rows.codes(reply) == [0], reply


def quota(connection, host, rate):
    return connection.ask("AlterClientQuotas", 1, {"ValidateOnly": False, "Entries": [
        {"Entity": [{"EntityType": "ip", "EntityName": host}],
         "Ops": [{"Key": "connection_creation_rate", "Value": float(rate), "Remove": False}]}]})


def in_all(program, folder):
    node = Node(program, folder, {**SETTINGS, "max.connections": "5"}).start()
    held = [Connection(node.bootstrap) for _ in range(6)]
    usual = [is_served(connection) for connection in held]
    assert usual.count(True) < 6, usual
    assert "connections wait to be accepted" in node.log_tail(), node.log_tail()
    first = held[usual.index(True)]
    change(first, "max.connections", "50")
    assert all(is_served(connection) for connection in held)
    floods.close_all(held)
    assert node.stop() == 0


def of_an_address(program, folder):
    node = Node(program, folder, {**SETTINGS, "max.connections.per.ip": "3"}).start()
    assert served(node.bootstrap, 5) == 3
    assert "over its address's limit" in node.log_tail(), node.log_tail()
    with Connection(node.bootstrap) as connection:
        change(connection, "max.connections.per.ip", "10")
    assert served(node.bootstrap, 5) == 5
    assert node.stop() == 0


def of_a_host(program, folder):
    node = Node(program, folder, {
        **SETTINGS, "max.connections.per.ip.overrides": "localhost:2"}).start()
    deadline = time.monotonic() + SECONDS
    while served(node.bootstrap, 4) != 2:
        assert time.monotonic() < deadline, node.log_tail()
    with Connection(node.bootstrap) as connection:
        change(connection, "max.connections.per.ip.overrides", "localhost:100")
    assert served(node.bootstrap, 4) == 4
    assert node.stop() == 0


def of_a_host_a_second(program, folder):
    node = Node(program, folder, {**SETTINGS, "quota.window.num": "2"}).start()
    with Connection(node.bootstrap) as connection:
        reply = quota(connection, "no-such-host.invalid", 1)
        assert rows.codes(reply) == [42], reply
        assert "resolvable" in reply["Entries"][0]["ErrorMessage"], reply
        reply = quota(connection, "localhost", 5)
        assert rows.codes(reply) == [0], reply
        deadline = time.monotonic() + SECONDS
        while served(node.bootstrap, 20) > 10:
            assert time.monotonic() < deadline, "as many as ever are served"
        assert is_served(connection)
    assert node.stop() == 0


LIMITS = (in_all, of_an_address, of_a_host, of_a_host_a_second)


def main(program, *names):
    wrong = 0
    for limit in LIMITS:
        if names and limit.__name__ not in names:
            continue
        with workplace() as folder:
            try:
                limit(program, folder)
                print(f"{limit.__name__}: as it should be", flush=True)
            except (AssertionError, OSError, Closed) as failed:
                print(f"{limit.__name__}: {type(failed).__name__} {failed}", flush=True)
                wrong += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
