"""Produce: every way in which a batch, or what is around it, can be wrong."""

import gzip
import struct

from batches import HEADER_BYTES, batch, record, with_crc, zigzag
from rows import Row, ask, closes
from wire import answer, framed, request

VERSION = 9
GZIP, SNAPPY, LZ4, ZSTD = 1, 2, 3, 4
HOUR_MS = 3_600_000


def of(records, topic="plain", partition=0, acks=-1, **more):
    return {"Acks": acks, "TimeoutMs": 5000, **more, "TopicData": [
        {"Name": topic, "PartitionData": [{"Index": partition, "Records": records}]}]}


def refuse(title, records, code, topic="plain", version=VERSION, **more):
    expected = {(one,) for one in code} if isinstance(code, set) else [code]
    return ask(title, "Produce", version, lambda: of(records, topic, **more), expected)


def twice():
    """The same partition twice: the last entry counts."""
    values = of(batch(crc=1))
    values["TopicData"] += of(batch())["TopicData"]
    return values


def names_the_record(reply):
    partition = reply["Responses"][0]["PartitionResponses"][0]
    assert partition["ErrorCode"] == 87 and partition["RecordErrors"], partition


def compressed(codec, payload, **fields):
    return batch(payload, attributes=codec, **fields)


def zipped(records, **fields):
    return compressed(GZIP, gzip.compress(records, mtime=0), **fields)


def fill(size_bytes):
    """A batch of one record with a value of so many bytes."""
    return batch(record(value=b"x" * size_bytes))


def two_sequences(first, second):
    """Of one producer, one after the other on one connection."""
    return b"".join(framed(request("Produce", VERSION, of(
        batch(producer_id=4711, producer_epoch=0, sequence=sequence), "sequences")))
        for sequence in (first, second))


def second_is(code):
    def judge(connection):
        for expected in (0, code):
            reply = answer("Produce", VERSION, connection.frame())
            got = reply["Responses"][0]["PartitionResponses"][0]["ErrorCode"]
            assert got == expected, reply
    return judge


DAMAGED = (b"", b"\0", b"garbage that no codec wrote", gzip.compress(record())[:-9])
TIMES = {"timestamp": 1_000_000_000_000 * 4}

ROWS = [
    *[refuse(f"acks {acks}", batch(), 21, acks=acks) for acks in (2, -2, 32767)],
    refuse("an unknown topic", batch(), 3, "no-such-topic"),
    *[refuse(f"partition {number}", batch(), 3, partition=number) for number in (99, -1)],
    ask("an unknown topic id", "Produce", 13, lambda: {
        "Acks": 1, "TimeoutMs": 1000, "TopicData": [
            {"TopicId": b"u" * 16, "PartitionData": [{"Index": 0, "Records": batch()}]}]}, [100]),
    *[refuse(f"to {name}", batch(), 17, name)
      for name in ("__consumer_offsets", "__transaction_state", "__share_group_state")],
    ask("a partition twice", "Produce", VERSION, twice, [0]),
    refuse("more in-sync replicas wanted than there are replicas", batch(), 0, "two-in-sync"),
    refuse("no batch", b"", 87),
    refuse("no records", None, 87),
    refuse("two batches", batch() + batch(), 87),
    *[refuse(f"format {magic}", batch(magic=magic), 87) for magic in (0, 1)],
    *[refuse(f"format {magic}", batch(magic=magic), 2) for magic in (3, -1, 127)],
    refuse("a batch shorter than it says", batch()[:-1], 87),
    refuse("a whole batch and half of one", batch() + batch()[:30], 0),
    refuse("a batch of 13 bytes", batch(size=13), 2),
    refuse("a batch smaller than a header", with_crc(batch(b"", size=40))[:52], 2),
    refuse("a batch above max.message.bytes", fill(1 << 20), 10),
    refuse("more than fits into a segment", fill(2 << 20), 18, "small-segments"),
    refuse("a wrong checksum", batch(crc=1), 2),
    refuse("a base offset", batch(base_offset=5), 87),
    *[refuse(f"a count of {count} and a last offset of {delta}",
             batch(count=count, last_delta=delta), 87)
      for count, delta in ((0, -1), (-1, 0), (1, 5), (2, 0), (1, -3))],
    refuse("a control batch", batch(attributes=0x20), 87),
    refuse("a transactional batch, and nobody's", batch(attributes=0x10, producer_id=1,
                                                       producer_epoch=0, sequence=0), 53),
    refuse("a transactional control batch", batch(attributes=0x30, producer_id=1,
                                                  producer_epoch=0, sequence=0), 53),
    refuse("a producer without a sequence", batch(producer_id=1, producer_epoch=0), 87),
    refuse("a record of no size", batch(zigzag(-5)), 87),
    refuse("a record larger than what is left", batch(zigzag(1000) + b"\0" * 8), 87),
    refuse("more headers than bytes", batch(record(headers=zigzag(1000))), 87),
    refuse("a negative count of headers", batch(record(headers=zigzag(-2))), 87),
    refuse("bytes behind the last record", batch(record() + b"\0\0\0"), 87),
    ask("no key for a compacted topic", "Produce", VERSION, lambda: of(batch(), "compacted"),
        names_the_record),
    refuse("a record of the future", batch(**TIMES), 32),
    refuse("a time that only the broker may set", batch(attributes=0x08), 32, "append-time"),
    *[refuse(f"codec {codec}", compressed(codec, record()), {76, 87}) for codec in (5, 6, 7)],
    ask("zstd in a version that has none", "Produce", 6,
        lambda: of(compressed(ZSTD, record())), [76]),
    refuse("a damaged stream under a wrong checksum", compressed(GZIP, b"xx", crc=1), 2),
    *[refuse(f"codec {codec} over {len(payload)} damaged bytes", compressed(codec, payload),
             {2, 87}) for codec in (GZIP, SNAPPY, LZ4, ZSTD) for payload in DAMAGED],
    *[refuse(f"codec {codec} that announces 2 GiB", compressed(codec, payload), {2, 10, 87})
      for codec, payload in ((SNAPPY, b"\xff\xff\xff\xff\x07\0x"),
                             (LZ4, b"\x04\x22\x4d\x18\x60\x70\x73\xff\xff\xff\x7f"),
                             (ZSTD, b"\x28\xb5\x2f\xfd\xa4\xff\xff\xff\x7f\x01\0\0"))],
    refuse("a record above max.decompressed.message.bytes",
           zipped(record(value=b"\0" * 200_000)), 87, "short-records"),
    Row("a gap between sequences", lambda: two_sequences(0, 7), second_is(45)),
    Row("an error of a request without acknowledgement",
        lambda: framed(request("Produce", VERSION, of(batch(crc=1), acks=0))), closes),
]

assert HEADER_BYTES == len(batch(b""))
assert struct.calcsize(">qiibIhiqqqhii") == HEADER_BYTES
