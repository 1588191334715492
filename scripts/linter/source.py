"""A C++ file as the rules see it: its text with comments and literals blanked, and its comments."""

import bisect
import re

_TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/|R"([^\s()\\]{0,16})\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])+'""",
    re.S)
_SEPARATED_DIGITS = re.compile(r"(?<=[0-9a-fA-F])'(?=[0-9a-fA-F])")


class Source:
    """`code` has the length and the lines of `text`."""

    def __init__(self, path, text):
        self.path, self.text = path, text
        self.comments = []  # (line, text without the slashes)
        self._starts = [0] + [m.end() for m in re.finditer("\n", text)]
        plain = _SEPARATED_DIGITS.sub("0", text)
        self.code = _TOKEN.sub(self._blank, plain)

    def _blank(self, match):
        token = match.group()
        if token.startswith(("//", "/*")):
            first = self.line_of(match.start())
            for i, line in enumerate(token.splitlines()):
                self.comments.append((first + i, re.sub(r"^\s*(//+|/\*+|\*+/?)|\*/$", "", line)))
            return re.sub(r"[^\n]", " ", token)
        quote = "'" if token.startswith("'") else '"'
        inner = re.sub(r"[^\n]", " ", token[1:-1])
        return quote + inner + quote

    def line_of(self, position):
        return bisect.bisect_right(self._starts, position)

    @property
    def lines(self):
        return self.text.splitlines()

    @property
    def is_header(self):
        return self.path.endswith(".h")

    @property
    def is_test(self):
        return self.path.endswith("_test.cc") or self.path.startswith("tests/")

    @property
    def layer(self):
        """The layer of libkcore; None elsewhere and for generators, which run while building."""
        parts = self.path.split("/")
        if "generator" in parts:
            return None
        return parts[1] if parts[0] == "libkcore" and len(parts) > 2 else None

    def includes(self):
        """(line, path, is it quoted) of each #include."""
        for i, line in enumerate(self.lines, 1):
            found = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
            if found:
                yield i, found[2], found[1] == '"'


def closing(code, opening):
    """The position of the bracket that closes the one at `opening`; the end where none does."""
    pairs = {"(": ")", "[": "]", "{": "}"}
    depth = 0
    for i in range(opening, len(code)):
        if code[i] in pairs:
            depth += 1
        elif code[i] in ")]}":
            depth -= 1
            if depth == 0:
                return i
    return len(code) - 1


def top_level_commas(code):
    """Commas in `code` outside brackets and template arguments."""
    depth = count = 0
    for i, c in enumerate(code):
        if c in "([{<":
            depth += 1
        elif c in ")]}" or (c == ">" and code[i - 1] != "-"):
            depth -= 1
        elif c == "," and depth == 0:
            count += 1
    return count


def lambdas(code):
    """(start, captures, body start, body end) of each lambda."""
    for match in re.finditer(r"(?<![\w\])])\s*\[(?!\[)", code):
        start = match.end() - 1
        end = closing(code, start)
        at = end + 1
        tail = re.compile(r"\s*(mutable|noexcept|constexpr|static|->[\w:<>,&*\s]+)")
        while at < len(code):
            if code[at].isspace():
                at += 1
            elif code[at] in "(<" and code[at] == "(":
                at = closing(code, at) + 1
            elif tail.match(code, at):
                at = tail.match(code, at).end()
            else:
                break
        if at < len(code) and code[at] == "{":
            yield start, code[start + 1:end].strip(), at, closing(code, at)
