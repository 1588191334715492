"""Many connections from one process: idle ones, and the members of one classic group."""

import contextlib
import selectors
import socket
import struct
import time

FIND_COORDINATOR, JOIN_GROUP, HEARTBEAT, SYNC_GROUP = 10, 11, 12, 14
NO_COORDINATOR, UNKNOWN_GENERATION, REBALANCE, NEEDS_ID = 15, 22, 27, 79
HEARTBEAT_SECONDS = 0.5
SECONDS_MAX = 60


def _dial(bootstrap):
    host, _, port = bootstrap.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=SECONDS_MAX)


def idle_connections(stack, bootstrap, count):
    for _ in range(count):
        stack.enter_context(contextlib.closing(_dial(bootstrap)))


def _text(value):
    data = value.encode()
    return struct.pack(">h", len(data)) + data


def _bytes(value):
    return struct.pack(">i", len(value)) + value


def _frame(api, version, body, correlation):
    payload = struct.pack(">hhi", api, version, correlation) + _text("group-load") + body
    return struct.pack(">i", len(payload)) + payload


class _Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, form):
        values = struct.unpack_from(">" + form, self.data, self.at)
        self.at += struct.calcsize(">" + form)
        return values[0]

    def text(self):
        return self._sized("h").decode()

    def bytes(self):
        return self._sized("i")

    def _sized(self, form):
        size = max(self.take(form), 0)
        self.at += size
        return self.data[self.at - size:self.at]


def _coordinator(bootstrap, group, deadline):
    """HOST:PORT of the broker that coordinates the group; its topic may have to be made first."""
    with contextlib.closing(_dial(bootstrap)) as connection:
        while time.monotonic() < deadline:
            connection.sendall(_frame(FIND_COORDINATOR, 0, _text(group), FIND_COORDINATOR))
            size = struct.unpack(">i", connection.recv(4, socket.MSG_WAITALL))[0]
            answer = _Reader(connection.recv(size, socket.MSG_WAITALL))
            answer.take("i")
            code = answer.take("h")
            answer.take("i")  # The node.
            if code == 0:
                host = answer.text()
                return f"{host}:{answer.take('i')}"
            if code != NO_COORDINATOR:
                raise RuntimeError(f"FindCoordinator: error {code}")
            time.sleep(0.05)
    raise RuntimeError(f"the group has no coordinator after {SECONDS_MAX} s")


class _Member:
    """One member from its join to its assignment."""

    def __init__(self, coordinator, group, topic):
        self.group, self.topic = group, topic
        self.socket = _dial(coordinator)
        self.buffer = b""
        self.member_id = ""
        self.generation = -1
        self.has_share = False
        self.join()

    def join(self):
        subscription = struct.pack(">hi", 0, 1) + _text(self.topic) + _bytes(b"")
        body = (_text(self.group) + struct.pack(">ii", 45_000, SECONDS_MAX * 1000)
                + _text(self.member_id) + _text("consumer")
                + struct.pack(">i", 1) + _text("range") + _bytes(subscription))
        self.socket.sendall(_frame(JOIN_GROUP, 4, body, JOIN_GROUP))

    def heartbeat(self):
        self.socket.sendall(_frame(HEARTBEAT, 2, self._identity(), HEARTBEAT))

    def _identity(self):
        return _text(self.group) + struct.pack(">i", self.generation) + _text(self.member_id)

    def sync(self, members):
        shares = struct.pack(">i", len(members))
        for number, member in enumerate(members):
            share = (struct.pack(">hi", 0, 1) + _text(self.topic)
                     + struct.pack(">ii", 1, number) + _bytes(b""))
            shares += _text(member) + _bytes(share)
        body = self._identity() + shares
        self.socket.sendall(_frame(SYNC_GROUP, 2, body, SYNC_GROUP))

    def receive(self):
        data = self.socket.recv(1 << 20)
        if not data:
            raise RuntimeError("the broker closed a member's connection")
        self.buffer += data
        while len(self.buffer) >= 4:
            size = struct.unpack_from(">i", self.buffer)[0]
            if len(self.buffer) < 4 + size:
                return
            self._answer(_Reader(self.buffer[4:4 + size]))
            self.buffer = self.buffer[4 + size:]

    def _answer(self, answer):
        api = answer.take("i")
        answer.take("i")  # The throttle time.
        code = answer.take("h")
        if api == JOIN_GROUP:
            self._joined(code, answer)
        elif code in (REBALANCE, UNKNOWN_GENERATION):
            self.has_share = False
            self.join()
        elif code:
            raise RuntimeError(f"API {api}: error {code}")
        elif api == SYNC_GROUP:
            self.has_share = True

    def _joined(self, code, answer):
        self.generation = answer.take("i")
        answer.text()  # The protocol.
        leader = answer.text()
        self.member_id = answer.text()
        if code in (REBALANCE, NEEDS_ID):
            self.join()
            return
        if code:
            raise RuntimeError(f"JoinGroup: error {code}")
        members = []
        for _ in range(answer.take("i")):
            members.append(answer.text())
            answer.bytes()
        self.sync(members if leader == self.member_id else [])


def _is_stable(members):
    newest = max(member.generation for member in members)
    return all(member.has_share and member.generation == newest for member in members)


def join_all(bootstrap, group, topic, count):
    """Returns once `count` members are in one generation and have their shares."""
    deadline = time.monotonic() + SECONDS_MAX
    coordinator = _coordinator(bootstrap, group, deadline)
    with contextlib.ExitStack() as stack, selectors.DefaultSelector() as ready:
        members = []
        for _ in range(count):
            member = _Member(coordinator, group, topic)
            stack.enter_context(contextlib.closing(member.socket))
            ready.register(member.socket, selectors.EVENT_READ, member)
            members.append(member)
        heartbeat_at = time.monotonic()
        while not _is_stable(members):
            now = time.monotonic()
            if now > deadline:
                raise RuntimeError(f"the group is not stable after {SECONDS_MAX} s")
            if now >= heartbeat_at:
                heartbeat_at = now + HEARTBEAT_SECONDS
                for member in members:
                    if member.has_share:
                        member.heartbeat()
            for key, _ in ready.select(HEARTBEAT_SECONDS):
                key.data.receive()
