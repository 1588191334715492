"""What is sent and must come back the same, whatever the client and codec."""

CODECS = ("none", "gzip", "snappy", "lz4", "zstd")

# The largest batch that max.message.bytes lets pass by default, and the value of a record without
# key that fills it: 61 bytes of batch header, 3 of the record's length, 8 of its other fields.
LIMIT_BYTES = 1048588
LARGEST_VALUE_BYTES = LIMIT_BYTES - 61 - 3 - 8

FIRST_MS = 1_600_000_000_000


class Message:
    def __init__(self, key, value, headers=(), timestamp=FIRST_MS):
        self.key, self.value, self.headers = key, value, list(headers)
        self.timestamp = timestamp

    def _all(self):
        return self.key, self.value, self.headers, self.timestamp

    def __eq__(self, other):
        return self._all() == other._all()

    def __repr__(self):
        return f"Message{tuple(str(part)[:40] for part in self._all())}"


def samples(with_null_header=True):
    """Keys, headers, tombstones, timestamps and texts that compress and that do not."""
    noise = bytes((i * i * 31 + i) % 251 for i in range(3000))
    out = [
        Message(b"key", b"value", timestamp=FIRST_MS),
        Message(None, b"no key", timestamp=FIRST_MS + 1),
        Message(b"tombstone", None, timestamp=FIRST_MS + 2),
        Message(b"", b"", timestamp=FIRST_MS + 3),
        Message("k\u00e9y".encode(), "v\u00e4l\u00fce \U0001f600".encode(),
                timestamp=FIRST_MS + 86_400_000),
        Message(b"headers", b"x", [("a", b"1"), ("a", b"2"), ("empty", b"")],
                timestamp=FIRST_MS + 5),
        Message(b"noise", noise, timestamp=FIRST_MS + 6),
        Message(b"same", b"abc" * 5000, timestamp=FIRST_MS + 7),
    ]
    if with_null_header:
        out.append(Message(b"null header", b"x", [("n", None)], timestamp=FIRST_MS + 8))
    return out
