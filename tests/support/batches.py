"""Record batches, right and wrong."""

import struct
import time

from wire import varint

_CASTAGNOLI = 0x82f63b78
_TABLE = []
for _byte in range(256):
    for _ in range(8):
        _byte = _byte >> 1 ^ (_CASTAGNOLI if _byte & 1 else 0)
    _TABLE.append(_byte)

CRC_AT, HEADER_BYTES = 17, 61


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc = crc >> 8 ^ _TABLE[(crc ^ byte) & 0xff]
    return crc ^ 0xffffffff


def zigzag(number):
    return varint((number << 1) ^ (number >> 63) if number < 0 else number << 1)


def _blob(data):
    return zigzag(-1) if data is None else zigzag(len(data)) + data


def record(number=0, key=None, value=b"v", headers=b"\0"):
    """`headers` are their count and bytes as they stand."""
    content = b"\0" + zigzag(0) + zigzag(number) + _blob(key) + _blob(value) + headers
    return zigzag(len(content)) + content


def with_crc(batch):
    """The batch with the checksum of what is behind it."""
    return batch[:CRC_AT] + struct.pack(">I", crc32c(batch[CRC_AT + 4:])) + batch[CRC_AT + 4:]


def batch(records=None, **fields):
    """One batch of format 2. `records` are its bytes behind the header; every field may lie."""
    payload = record() if records is None else records
    count = fields.get("count", 1)
    now = int(time.time() * 1000)
    first = fields.get("timestamp", now)
    tail = struct.pack(">hiqqqhii", fields.get("attributes", 0),
                       fields.get("last_delta", count - 1), first, fields.get("max", first),
                       fields.get("producer_id", -1), fields.get("producer_epoch", -1),
                       fields.get("sequence", -1), count) + payload
    size = fields.get("size", len(tail) + 9)
    head = struct.pack(">qiibI", fields.get("base_offset", 0), size, fields.get("epoch", -1),
                       fields.get("magic", 2), 0)
    whole = with_crc(head + tail)
    if "crc" in fields:
        whole = whole[:CRC_AT] + struct.pack(">I", fields["crc"]) + whole[CRC_AT + 4:]
    return whole
