"""Kafka's messages as bytes, by the schemas of libkcore/protocol, and sockets that speak them."""

import functools
import json
import pathlib
import socket
import struct
import uuid

SCHEMAS = pathlib.Path(__file__).resolve().parents[2] / "libkcore" / "protocol" / "schema" / "api"

_NUMBERS = {"int8": ">b", "int16": ">h", "int32": ">i", "int64": ">q", "uint16": ">H",
            "uint32": ">I", "float64": ">d", "bool": ">?"}
API_VERSIONS = 18
WAIT_SECONDS = 60


def _walk(schema):
    for field in schema.get("fields", ()):
        yield field
        yield from _walk(field)


@functools.cache
def api(name):
    schema = json.loads(next(SCHEMAS.glob(f"??-{name}.json")).read_text(encoding="utf-8"))
    for part in ("request", "response"):
        shared = schema[part].get("structs", ())
        kinds = {one["name"]: one["fields"] for one in shared}
        for field in [*_walk(schema[part]), *(f for one in shared for f in _walk(one))]:
            kind = field["type"].removeprefix("[]")
            if kind in kinds:
                field["fields"] = kinds[kind]
    return schema


def contains(versions, version):
    """Whether "2-5", "3+", "1" or "none" names the version."""
    if not versions or versions == "none":
        return False
    low, dash, high = versions.partition("-")
    if low.endswith("+"):
        return version >= int(low[:-1])
    return int(low) <= version <= int(high if dash else low)


def varint(number):
    out = bytearray()
    while number > 0x7f:
        out.append(number & 0x7f | 0x80)
        number >>= 7
    return bytes(out) + bytes([number])


class Writer:
    def __init__(self, version, flexible):
        self.version, self.flexible = version, flexible

    def size(self, count, wide=False):
        """Of a text, bytes or an array; None is null."""
        if self.flexible:
            return varint(0 if count is None else count + 1)
        return struct.pack(">i" if wide else ">h", -1 if count is None else count)

    def value(self, field, value):
        kind = field["type"]
        if kind.startswith("[]"):
            element = dict(field, type=kind[2:], nullable="none")
            out = self.size(None if value is None else len(value), wide=True)
            return out + b"".join(self.value(element, one) for one in value or ())
        if kind in _NUMBERS:
            return struct.pack(_NUMBERS[kind], value)
        if kind == "uuid":
            return value if isinstance(value, bytes) else uuid.UUID(int=0).bytes
        if kind == "string":
            text = value.encode() if isinstance(value, str) else value
            return self.size(None if text is None else len(text)) + (text or b"")
        if kind in ("bytes", "records"):
            return self.size(None if value is None else len(value), wide=True) + (value or b"")
        if contains(field.get("nullable"), self.version):
            return b"\xff" if value is None else b"\1" + self.struct(field, value)
        return self.struct(field, value or {})

    def struct(self, schema, values):
        plain, tagged = b"", {}
        for field in schema["fields"]:
            if not contains(field["versions"], self.version):
                continue
            given = values.get(field["name"], default(field))
            if contains(field.get("tagged"), self.version):
                if field["name"] in values:
                    tagged[field["tag"]] = self.value(field, given)
            else:
                plain += self.value(field, given)
        if not self.flexible:
            return plain
        tags = b"".join(varint(tag) + varint(len(tagged[tag])) + tagged[tag]
                        for tag in sorted(tagged))
        return plain + varint(len(tagged)) + tags


def default(field):
    kind, given = field["type"], field.get("default")
    if kind.startswith("[]"):
        return None if given == "null" else []
    if given == "null":
        return None
    if kind == "bool":
        return given == "true"
    if kind == "float64":
        return float(given or 0)
    if kind in _NUMBERS:
        return int(str(given or 0), 0)
    return {"string": given or "", "bytes": b"", "records": None}.get(kind)


class Reader:
    def __init__(self, data, version, flexible):
        self.data, self.at = data, 0
        self.version, self.flexible = version, flexible

    def take(self, count):
        assert self.at + count <= len(self.data), "the answer is too short"
        self.at += count
        return self.data[self.at - count:self.at]

    def varint(self):
        number = shift = 0
        while True:
            byte = self.take(1)[0]
            number |= (byte & 0x7f) << shift
            shift += 7
            if byte < 0x80:
                return number

    def size(self, wide=False):
        if self.flexible:
            return self.varint() - 1
        return struct.unpack(">i" if wide else ">h", self.take(4 if wide else 2))[0]

    def value(self, field):
        kind = field["type"]
        if kind.startswith("[]"):
            count = self.size(wide=True)
            element = dict(field, type=kind[2:], nullable="none")
            return None if count < 0 else [self.value(element) for _ in range(count)]
        if kind in _NUMBERS:
            packing = _NUMBERS[kind]
            return struct.unpack(packing, self.take(struct.calcsize(packing)))[0]
        if kind == "uuid":
            return self.take(16)
        if kind in ("string", "bytes", "records"):
            count = self.size(wide=kind != "string")
            raw = None if count < 0 else self.take(count)
            return raw.decode() if raw is not None and kind == "string" else raw
        if contains(field.get("nullable"), self.version) and self.take(1) == b"\xff":
            return None
        return self.struct(field)

    def struct(self, schema):
        fields = [f for f in schema["fields"] if contains(f["versions"], self.version)]
        tagged = {f["tag"]: f for f in fields if contains(f.get("tagged"), self.version)}
        out = {f["name"]: self.value(f) for f in fields
               if not contains(f.get("tagged"), self.version)}
        for _ in range(self.varint() if self.flexible else 0):
            tag, size = self.varint(), self.varint()
            end = self.at + size
            if tag in tagged:
                out[tagged[tag]["name"]] = self.value(tagged[tag])
            self.at = end
        return out


def framed(data):
    return struct.pack(">i", len(data)) + data


def header(key, version, client=b"test", correlation=7, flexible=False):
    size = -1 if client is None else len(client)
    return (struct.pack(">hhih", key, version, correlation, size) + (client or b"")
            + (b"\0" if flexible else b""))


def is_flexible(name, version):
    return contains(api(name)["request"].get("flexible"), version)


def body(name, version, values):
    return Writer(version, is_flexible(name, version)).struct(api(name)["request"], values)


def request(name, version, values=None, **options):
    """Header and body, without the size in front."""
    head = header(api(name)["apiKey"], version, flexible=is_flexible(name, version), **options)
    return head + body(name, version, values or {})


def answer(name, version, frame):
    """The fields of an answer, whose frame has no size in front."""
    flexible = contains(api(name)["response"].get("flexible"), version)
    tagged_header = flexible and api(name)["apiKey"] != API_VERSIONS
    data = frame[5 if tagged_header else 4:]
    return Reader(data, version, flexible).struct(api(name)["response"])


class Closed(Exception):
    """The broker ended the connection."""


class Connection:
    """A socket to a broker; nothing is sent that is not asked for."""

    def __init__(self, bootstrap, seconds=WAIT_SECONDS):
        host, port = bootstrap.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), seconds)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.held = b""

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # What the broker says stands in what it sent.

    def wait(self, seconds):
        self.socket.settimeout(seconds)

    def frame(self):
        """The next answer. Closed; TimeoutError when nothing comes."""
        while len(self.held) < 4 or len(self.held) < 4 + struct.unpack(">i", self.held[:4])[0]:
            try:
                piece = self.socket.recv(1 << 20)
            except ConnectionResetError:
                piece = b""
            if not piece:
                raise Closed
            self.held += piece
        size = 4 + struct.unpack(">i", self.held[:4])[0]
        frame, self.held = self.held[4:size], self.held[size:]
        return frame

    def is_closed(self, seconds=WAIT_SECONDS):
        """Whether the broker ends the connection without another answer."""
        self.wait(seconds)
        try:
            self.frame()
        except Closed:
            return True
        except TimeoutError:
            pass
        return False

    def ask(self, name, version, values=None, **options):
        self.send(framed(request(name, version, values, **options)))
        return answer(name, version, self.frame())
