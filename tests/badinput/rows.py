"""What the tables of bad input are made of: rows, and what is expected of the broker for each."""

import time

from wire import Closed, Connection, answer, framed, request

WAITS_SECONDS = 0.4


class Row:
    """`send` is what goes over the socket; `judge` looks at the connection after it."""

    def __init__(self, title, send, judge):
        self.title, self.send, self.judge = title, send, judge

    def run(self, bootstrap):
        with Connection(bootstrap) as connection:
            data = self.send() if callable(self.send) else self.send
            connection.began = time.monotonic()
            connection.send(data)
            self.judge(connection)


def closes(connection):
    """Not a byte comes."""
    assert connection.is_closed(), "it was answered, or stays open"


def waits(connection):
    connection.wait(WAITS_SECONDS)
    try:
        raise AssertionError(f"{connection.frame()!r} came")
    except Closed:
        raise AssertionError("it was closed") from None
    except TimeoutError:
        pass


def stays(connection):
    """The connection is still good."""
    reply = connection.ask("ApiVersions", 0)
    assert reply["ErrorCode"] == 0, reply


def codes(reply):
    """All error codes of an answer, in order."""
    found = []
    items = reply.items() if isinstance(reply, dict) else enumerate(reply)
    for name, value in items:
        if name == "ErrorCode":
            found.append(value)
        elif isinstance(value, (dict, list)):
            found += codes(value)
    return found


def answers(name, version, expected):
    """An answer with these error codes (a set: one of them), after which the connection is good.
    Or whatever a function finds no fault with."""
    def judge(connection):
        reply = answer(name, version, connection.frame())
        if callable(expected):
            expected(reply)
        else:
            wanted = expected if isinstance(expected, set) else {tuple(expected)}
            assert tuple(codes(reply)) in wanted, f"{codes(reply)} of {reply}"
        stays(connection)
    return judge


def ask(title, name, version, values, expected, **options):
    """A row of a request that is well formed and asks for what cannot be."""
    def send():
        given = values() if callable(values) else values
        return framed(request(name, version, given, **options))
    if expected in (closes, waits):
        return Row(title, send, expected)
    return Row(title, send, answers(name, version, expected))


def within(seconds, judge):
    def judged(connection):
        judge(connection)
        took = time.monotonic() - connection.began
        assert took < seconds, f"it took {took:.2f} s"
    return judged


def not_within(seconds, judge):
    def judged(connection):
        judge(connection)
        took = time.monotonic() - connection.began
        assert took >= seconds, f"it took only {took:.2f} s"
    return judged
