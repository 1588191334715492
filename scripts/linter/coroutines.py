"""The rules that keep g++ 12 from miscompiling coroutines; see the style guide of the project."""

import re

from .source import closing, lambdas

_LEADING = re.compile(r"^\s*(else\b|do\b|case\b(?:[^:;]|::)*:(?!:)|default\s*:|\w+\s*:(?!:))\s*")
_BLOCK = re.compile(r"^\s*(if\s*(constexpr\s*)?|while\s*|for\s*|switch\s*)\(")
_INITIALIZES = re.compile(r"(\breturn|[=,(])\s*$")  # What stands before the { of an initializer.


def _statement(code, at):
    """(start, end) of the statement around `at`: from the last ; { } outside brackets to its ;."""
    start, depth = at, 0
    while start > 0:
        c = code[start - 1]
        if c in ")]":
            depth += 1
        elif c in "([":
            depth -= 1
        elif c in ";}" and depth <= 0:
            break
        elif c == "{" and not _INITIALIZES.search(code[max(0, start - 80):start - 1]):
            break
        start -= 1
    end, depth = at, 0
    while end < len(code):
        c = code[end]
        if c in "([{":
            depth += 1
        elif c in ")]}":
            depth -= 1
        elif c == ";" and depth <= 0:
            break
        end += 1
    return start, end


def _bare_prefix(prefix):
    """What stands before co_await, without the if (...) or label it hangs on."""
    while True:
        block = _BLOCK.match(prefix)
        if block:
            end = closing(prefix, block.end() - 1)
            if end == len(prefix) - 1 and prefix[end] != ")":
                return prefix  # co_await is inside the parentheses.
            prefix = prefix[end + 1:]
            continue
        lead = _LEADING.match(prefix)
        if not lead:
            return prefix.strip()
        prefix = prefix[lead.end():]


_ALONE = re.compile(r"^$|^co_return$|^(?![^=]*\()[\w:<>,&*\s\[\].\->]*[\w\]>&*]\s*=$")


def check_alone(source):
    code = source.code
    for match in re.finditer(r"\bco_await\b", code):
        start, end = _statement(code, match.start())
        prefix = _bare_prefix(code[start:match.start()])
        rest = code[match.end():end]
        outside = re.sub(r"\([^()]*\)", "", rest)
        while re.search(r"\([^()]*\)", outside):
            outside = re.sub(r"\([^()]*\)", "", outside)
        if (not _ALONE.match(prefix) or "co_await" in rest
                or re.search(r"\?|&&|\|\||[=!]=", outside)):
            yield source.line_of(match.start()), "co_await stands alone in its statement"


def check_arguments(source):
    code = source.code
    for match in re.finditer(r"\bco_await\b", code):
        _, end = _statement(code, match.start())
        if "{" in code[match.end():end]:
            yield (source.line_of(match.start()),
                   "an awaited call's arguments hold no lambda and no braced initializer")


def check_lambdas(source):
    code = source.code
    found = list(lambdas(code))
    for start, captures, body, end in found:
        if not captures:
            continue
        own = code[body:end]
        for inner_start, _, inner_body, inner_end in found:
            if body < inner_start and inner_end <= end:
                blank = " " * (inner_end - inner_body)
                own = own[:inner_body - body] + blank + own[inner_end - body:]
        if re.search(r"\bco_(await|return|yield)\b", own):
            yield source.line_of(start), "a coroutine lambda captures nothing"


def check_asio(source):
    if not source.is_header:
        return
    for line, path, _ in source.includes():
        if path == "asio.hpp" or path.startswith("asio/experimental/"):
            yield line, f"<{path}> is not for headers"


CHECKS = (check_alone, check_arguments, check_lambdas, check_asio)
