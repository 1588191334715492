"""Frames and headers: what cannot be parsed ends the connection without a byte."""

import socket
import struct

from rows import Row, answers, ask, closes, not_within, stays, waits
from wire import Connection, body, framed, header, request, varint

LIMIT = 100 << 20
SASL_HANDSHAKE, METADATA, FETCH, PRODUCE = 17, 3, 1, 0


def versions(key_version, rest=b"", **options):
    return framed(header(18, key_version, **options) + rest)


def own_range(reply):
    assert reply["ErrorCode"] == 35, reply
    assert [api["ApiKey"] for api in reply["ApiKeys"]] == [18], reply


def echoes(number):
    def judge(connection):
        assert struct.unpack(">i", connection.frame()[:4])[0] == number
    return judge


def metadata_of(raw_topics, version=9):
    """The array of topics as it stands, and the three flags behind it."""
    return framed(header(METADATA, version, flexible=True) + raw_topics + b"\0\0\0" + b"\0")


def fetch(tags, version=12):
    """A fetch of nothing whose tagged section is given."""
    plain = body("Fetch", version, {"MaxBytes": 1})
    return framed(header(FETCH, version, flexible=True) + plain[:-1] + tags)


def in_order(connection):
    """The answer of the first, which waits, comes before that of the second."""
    assert struct.unpack(">i", connection.frame()[:4])[0] == 1
    assert struct.unpack(">i", connection.frame()[:4])[0] == 2


def two_at_once():
    slow = request("Fetch", 12, {"MaxWaitMs": 300, "MinBytes": 1, "MaxBytes": 1 << 20,
                                 "SessionEpoch": -1, "Topics": [
                                     {"Topic": "plain", "Partitions": [
                                         {"Partition": 1, "PartitionMaxBytes": 1000}]}]},
                   correlation=1)
    return framed(slow) + framed(request("ApiVersions", 0, correlation=2))


ROWS = [
    Row("a negative size", struct.pack(">i", -1) + b"\0" * 16, closes),
    Row("a size over the limit", struct.pack(">i", LIMIT + 1), closes),
    Row("no bytes at all", struct.pack(">i", 0), closes),
    Row("a frame smaller than its header", framed(header(18, 0)[:6]), closes),
    Row("half a size", b"\0\0", waits),
    Row("a body that does not come", struct.pack(">i", 100) + header(18, 0), waits),
    Row("the largest legal size, and few bytes", struct.pack(">i", LIMIT) + header(18, 0), waits),
    *[Row(f"API key {key}", framed(header(key, 0) + b"\0" * 16), closes)
      for key in (4, 95, 999, 32767, -1, -32768)],
    *[ask(f"{name} on a listener that does not serve it", name, version, {}, closes)
      for name, version in (("Vote", 0), ("BrokerHeartbeat", 0), ("AlterPartition", 2),
                            ("Envelope", 0))],
    ask("GetTelemetrySubscriptions, which is not advertised", "GetTelemetrySubscriptions", 0, {},
        [0]),
    *[ask(f"DescribeAcls with {field} 0", "DescribeAcls", 1,
          {"ResourceTypeFilter": 1, "PatternTypeFilter": 1, "Operation": 1, "PermissionType": 1,
           field: 0}, closes)
      for field in ("ResourceTypeFilter", "PatternTypeFilter", "Operation", "PermissionType")],
    ask("SaslHandshake without SASL", "SaslHandshake", 1, {"Mechanism": "PLAIN"}, [34]),
    ask("SaslAuthenticate without SASL", "SaslAuthenticate", 2, {"AuthBytes": b"x"}, [34]),
    *[Row(f"version {version} of API {key}", framed(header(key, version) + b"\0" * 24), closes)
      for key, version in ((METADATA, 99), (METADATA, -1), (PRODUCE, 2), (FETCH, 3))],
    *[Row(f"ApiVersions {version}", versions(version, b"\0" + b"\xff" * 20),
          answers("ApiVersions", 0, own_range)) for version in (6, 99, 32767)],
    Row("ApiVersions -1, whose header has no tags", versions(-1, b""),
        answers("ApiVersions", 0, own_range)),
    Row("ApiVersions 99 without its tags", versions(99), closes),
    Row("ApiVersions 99 with damaged tags", versions(99, b"\xff" * 20), closes),
    *[ask(f"ApiVersions of a client named {name!r} {version!r}", "ApiVersions", 3,
          {"ClientSoftwareName": name, "ClientSoftwareVersion": version}, [42])
      for name, version in (("", "1"), ("a", ""), ("-a", "1"), ("a b", "1"), ("a", "1\n"))],
    ask("ApiVersions for another cluster", "ApiVersions", 5,
        {"ClientSoftwareName": "a", "ClientSoftwareVersion": "1", "ClusterId": "other",
         "NodeId": 1}, [129]),
    ask("ApiVersions for a cluster and no node", "ApiVersions", 5,
        {"ClientSoftwareName": "a", "ClientSoftwareVersion": "1", "ClusterId": "other"}, [42]),
    Row("no client id", framed(request("Metadata", 1, {"Topics": []}, client=None)),
        answers("Metadata", 1, [])),
    *[Row(f"correlation id {number}",
          framed(request("ApiVersions", 0, correlation=number)), echoes(number))
      for number in (0, -1, 2147483647, -2147483648)],
    Row("an unknown tag in the header",
        framed(header(METADATA, 9) + b"\1\x4d\3abc" + body("Metadata", 9, {})),
        answers("Metadata", 9, [])),
    Row("an unknown tag in the body",
        framed(header(METADATA, 9, flexible=True) + b"\1\0\0\0" + b"\1\x4d\3abc"),
        answers("Metadata", 9, [])),
    Row("bytes behind the body", framed(request("Metadata", 9, {}) + b"\xff" * 9),
        answers("Metadata", 9, [])),
    Row("a varint of six bytes", metadata_of(b"\xff" * 5 + b"\1"), closes),
    Row("a topic without a name where it needs one", metadata_of(varint(2) + varint(0) + b"\0"),
        closes),
    Row("a text of more than 32767 bytes",
        metadata_of(varint(2) + varint(40001) + b"x" * 40000 + b"\0"), closes),
    Row("a negative length of a text", framed(header(METADATA, 1) + struct.pack(">ih", 1, -2)),
        closes),
    Row("a count of -2, which is null",
        framed(header(METADATA, 1) + struct.pack(">i", -2)),
        answers("Metadata", 1, lambda reply: None)),
    Row("more elements than bytes", framed(header(METADATA, 1) + struct.pack(">i", 1 << 30)),
        closes),
    Row("elements that take more memory than bytes",
        framed(header(METADATA, 1) + struct.pack(">i", 1 << 20) + b"\0" * (2 << 20)),
        lambda connection: None),
    Row("more bytes of records than there are",
        framed(header(PRODUCE, 3) + struct.pack(">hhiih5siii", -1, 1, 1000, 1, 5, b"plain", 1, 0,
                                                1 << 20)), closes),
    Row("a tag longer than what is left", fetch(varint(1) + varint(0) + varint(100) + b"ab"),
        closes),
    Row("a tag twice", fetch(varint(2) + (varint(0) + varint(3) + varint(3) + b"ab") * 2),
        answers("Fetch", 12, lambda reply: None)),
    Row("a tag of a later version", fetch(varint(1) + varint(1) + varint(1) + b"\0"), closes),
    Row("a tag whose size is wrong", fetch(varint(1) + varint(0) + varint(2) + varint(3) + b"ab"),
        answers("Fetch", 12, lambda reply: None)),
    ask("a topic's name that is not UTF-8", "Metadata", 9,
        {"Topics": [{"Name": b"\xff\xfe"}], "AllowAutoTopicCreation": True}, [17]),
    ask("NUL in a group's id", "FindCoordinator", 4,
        {"KeyType": 0, "CoordinatorKeys": ["a\0b"]}, lambda reply: None),
    ask("a long group id", "OffsetFetch", 8,
        {"Groups": [{"GroupId": "g" * 20000, "Topics": None}]}, lambda reply: None),
    Row("two requests at once", two_at_once, not_within(0.25, in_order)),
    Row("a TLS hello", bytes.fromhex("16030100a5010000a10303") + b"\0" * 160, closes),
    Row("HTTP", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", closes),
]


def idle_half_frame(bootstrap, seconds):
    """Half a frame is waited for no longer than an idle connection is kept."""
    with Connection(bootstrap) as connection:
        stays(connection)
        connection.send(struct.pack(">i", 100) + header(18, 0))
        assert connection.is_closed(seconds * 15), "it is still open"


def peer_leaves(bootstrap):
    """The end of the stream in the middle of a frame."""
    with Connection(bootstrap) as connection:
        connection.send(struct.pack(">i", 100) + header(18, 0))
        connection.socket.shutdown(socket.SHUT_WR)
        assert connection.is_closed(), "it is still open"
