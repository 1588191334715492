#!/usr/bin/python3
"""Limits of connections: in all, of an address, of a host by its name, a second; set at the start
and while the broker runs. Who is over them waits or is closed, and the log says why.

limits.py KBROKER [LIMIT...]
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path += [HERE, os.path.join(HERE, os.pardir, "support")]

import floods
import rows
import trials
from node import Node
from trials import until
from wire import WAIT_SECONDS, Closed, Connection

SETTINGS = {"offsets.topic.num.partitions": "1", "num.network.threads": "1"}


def is_served(connection, seconds=WAIT_SECONDS):
    connection.wait(seconds)
    try:
        return connection.ask("ApiVersions", 0)["ErrorCode"] == 0
    except (Closed, TimeoutError):
        return False


def served(node, count, seconds=WAIT_SECONDS):
    """How many of so many new connections are served, all of them open. They go again."""
    pid = node.process.pid
    before = floods.descriptors(pid)
    held = [Connection(node.bootstrap) for _ in range(count)]
    try:
        return sum(is_served(connection, seconds) for connection in held)
    finally:
        floods.close_all(held)
        until("connections stay", lambda: floods.descriptors(pid) <= before)


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
    usual = [is_served(connection, 1) for connection in held]
    assert usual.count(True) < 6, usual
    assert "connections wait to be accepted" in node.log_tail(), node.log_tail()
    first = held[usual.index(True)]
    change(first, "max.connections", "50")
    assert all(is_served(connection) for connection in held)
    floods.close_all(held)
    assert node.stop() == 0


def of_an_address(program, folder):
    node = Node(program, folder, {**SETTINGS, "max.connections.per.ip": "3"}).start()
    assert served(node, 5) == 3
    assert "over its address's limit" in node.log_tail(), node.log_tail()
    with Connection(node.bootstrap) as connection:
        change(connection, "max.connections.per.ip", "10")
    assert served(node, 5) == 5
    assert node.stop() == 0


def of_a_host(program, folder):
    node = Node(program, folder, {
        **SETTINGS, "max.connections.per.ip.overrides": "localhost:2"}).start()
    until(node.log_tail, lambda: served(node, 4) == 2)
    with Connection(node.bootstrap) as connection:
        change(connection, "max.connections.per.ip.overrides", "localhost:100")
    assert served(node, 4) == 4
    assert node.stop() == 0


def of_a_host_a_second(program, folder):
    node = Node(program, folder, {**SETTINGS, "quota.window.num": "2"}).start()
    with Connection(node.bootstrap) as connection:
        reply = quota(connection, "no-such-host.invalid", 1)
        assert rows.codes(reply) == [42], reply
        assert "resolvable" in reply["Entries"][0]["ErrorMessage"], reply
        reply = quota(connection, "localhost", 5)
        assert rows.codes(reply) == [0], reply
        until("as many as ever are served", lambda: served(node, 20, 0.5) <= 10)
        assert is_served(connection)
    assert node.stop() == 0


LIMITS = (in_all, of_an_address, of_a_host, of_a_host_a_second)


if __name__ == "__main__":
    sys.exit(trials.run(LIMITS, sys.argv[1], sys.argv[2:]))
