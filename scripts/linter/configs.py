"""Configuration keys: what the tables call effective is read by some code."""

import re

_ROW = re.compile(r'\{"([a-z0-9.]+)", k\w+,(.*?)"\},', re.DOTALL)
_NAME = re.compile(r'"([a-z0-9.]+)"')


def is_table(path):
    return re.fullmatch(r"libkcore/base/config_\w+_keys\.cc", path) is not None


def check_effective(tables, code):
    """`tables` and `code` are texts. A broker's key also acts as the default of a topic's."""
    rows = [row for text in tables for row in _ROW.finditer(text) if "kActs" in row[2]]
    read = set(_NAME.findall("\n".join(code)))
    read |= {name for row in rows if row[1] in read for name in _NAME.findall(row[2])}
    return [f"{row[1]} is marked kActs, and no code reads it" for row in rows
            if row[1] not in read]
