"""Sizes and names: lines, files, functions, constructors, types."""

import os
import re

from .source import closing, top_level_commas

LINE_MAX = 100
HEADER_MAX = 200
SOURCE_MAX = 600
FUNCTION_MAX = 60
PARAMETERS_MAX = 6
BANNED_ENDINGS = ("Manager", "Helper", "Helpers", "Util", "Utils", "Impl", "Service")


def check_size(source):
    for i, line in enumerate(source.lines, 1):
        if len(line) > LINE_MAX:
            yield i, f"line of {len(line)} characters; {LINE_MAX} is the limit"
    limit = HEADER_MAX if source.is_header else SOURCE_MAX
    if len(source.lines) > limit:
        yield len(source.lines), f"file of {len(source.lines)} lines; {limit} is the limit"


def check_header(source):
    """A header begins with #pragma once and says what it is."""
    if not source.is_header:
        return
    lines = source.lines + ["", ""]
    if lines[0] != "#pragma once":
        yield 1, "a header's first line is #pragma once"
    elif not lines[1].startswith("// "):
        yield 2, "a header says what it is in a comment below #pragma once"


def _skip_member_braces(code, at, head):
    """True where the brace at `at` initializes a member in a constructor's list."""
    is_list = re.search(r"\)\s*(noexcept(\(.*?\))?\s*)?:(?!:)", head, re.S)
    return bool(is_list) and re.search(r"[\w>]\s*$", head) is not None


_FUNCTION = re.compile(
    r"\)\s*(const|noexcept(\s*\(.*\))?|override|final|mutable|volatile|&&?|try|requires\b.*|"
    r"KCORE_\w+\(.*?\)|->[^;{}]*|:(?!:)[^;]*|\s)*$", re.S)


def scopes(source):
    """(kind, head, head start, body start, body end) of what stands outside function bodies.

    kind is "namespace", "type", "function" or "data"."""
    code = re.sub(r"(?m)^[ \t]*#(?:[^\n\\]|\\\n|\\.)*", lambda m: re.sub(r"[^\n]", " ", m.group()),
                  source.code)
    at = head_start = 0
    while at < len(code):
        c = code[at]
        if c in ";}":
            head_start = at + 1
        elif c == "(":
            at = closing(code, at)
        elif c == "{":
            head = code[head_start:at]
            if _skip_member_braces(code, at, head):
                at = closing(code, at) + 1
                continue
            end = closing(code, at)
            kind = _kind(head)
            begin = head_start + len(head) - len(head.lstrip())
            yield kind, head.strip(), begin, at, end
            if kind in ("function", "data"):
                at = end
            head_start = at + 1
        elif c == ":" and re.search(r"\b(public|private|protected)\s*$", code[head_start:at]):
            head_start = at + 1
        at += 1


def _kind(head):
    plain = re.sub(r"\[\[.*?\]\]|\balignas\([^)]*\)", " ", head, flags=re.S)
    plain = re.sub(r"^\s*template\s*<.*?>\s*(?=class|struct|union|using|[\w:])", " ", plain,
                   count=1, flags=re.S)
    if re.search(r"\bnamespace\b|\bextern\s*\"", plain):
        return "namespace"
    if re.match(r"\s*(typedef\s+)?(class|struct|union|enum)\b", plain) and not _FUNCTION.search(
            plain):
        return "type"
    return "function" if _FUNCTION.search(plain) else "data"


def check_functions(source):
    for kind, _, begin, _, end in scopes(source):
        if kind != "function":
            continue
        first, last = source.line_of(begin), source.line_of(end)
        if last - first + 1 > FUNCTION_MAX:
            yield first, f"function of {last - first + 1} lines; {FUNCTION_MAX} is the limit"


def check_constructors(source):
    for kind, head, _, body, end in scopes(source):
        if kind != "type":
            continue
        name = re.match(r"(?:template\s*<.*>\s*)?(?:class|struct)\s+(?:\w+\([^)]*\)\s+)?(\w+)",
                        head, re.S)
        if not name:
            continue
        inside = source.code[body:end]
        for match in re.finditer(rf"(?<![\w~.:>]){name[1]}\s*\(", inside):
            opening = match.end() - 1
            parameters = inside[opening + 1:closing(inside, opening)]
            count = top_level_commas(parameters) + 1
            if count > PARAMETERS_MAX:
                yield (source.line_of(body + match.start()),
                       f"constructor of {name[1]} with {count} parameters; {PARAMETERS_MAX} is the "
                       "limit, then a struct")


def check_names(source):
    for match in re.finditer(r"\b(?:class|struct|union|enum|using|concept)\s+(\w+)", source.code):
        if match[1].endswith(BANNED_ENDINGS):
            yield source.line_of(match.start()), f"{match[1]}: name it after what it is"
    stem = os.path.basename(source.path).split(".")[0]
    for part in stem.split("_"):
        if part.capitalize() in BANNED_ENDINGS:
            yield 1, f"{stem}: name the file after what is in it"


CHECKS = (check_size, check_header, check_functions, check_constructors, check_names)
