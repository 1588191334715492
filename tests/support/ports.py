"""Ports for servers that must know them before they listen, such as the voters of a quorum."""

import errno
import random
import socket

# Connections that go out are given ports from here on: a server's must be lower, or one of them may
# take it while the server is down.
with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
    LIMIT = int(file.read().split()[0])
LOWEST = LIMIT // 2

CLAIMS = []  # Held until this process ends; no other that asks here is given the same.


def claim(port):
    """Whether it is nobody's."""
    name = socket.socket(socket.AF_UNIX)
    try:
        name.bind(f"\0kcore-test-port-{port}")
    except OSError:
        name.close()
        return False
    CLAIMS.append(name)
    with socket.socket() as server:
        try:
            server.bind(("127.0.0.1", port))
        except OSError as failed:
            if failed.errno != errno.EADDRINUSE:
                raise
            return False
    return True


def free_ports(count):
    found = (port for port in random.sample(range(LOWEST, LIMIT), LIMIT - LOWEST) if claim(port))
    return [next(found) for _ in range(count)]
