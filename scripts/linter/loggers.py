"""Loggers: those that admins see are those that write."""

import re

LISTED = "libkcore/broker/log_levels.h"

_LIST = re.compile(r"kLoggers = \{(.*?)\}", re.DOTALL)
_NAMED = re.compile(r'\.named\(\s*"([^"]+)"\)|Logger(?: \w+)?\(\s*sink_,\s*"([^"]+)"\)')


def is_used(path):
    return path.startswith(("libkcore/", "apps/broker/")) and not path.endswith("_test.cc")


def check_listed(table, code):
    """`table` is the text of LISTED, `code` are texts of what may make loggers."""
    listed = set(re.findall(r'"([^"]+)"', _LIST.search(table)[1]))
    made = {one or other for text in code for one, other in _NAMED.findall(text)}
    return ([f"{name} is a logger, and kLoggers lacks it" for name in sorted(made - listed)]
            + [f"{name} is in kLoggers, and nobody logs by it" for name in sorted(listed - made)])
