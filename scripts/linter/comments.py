"""Comments: no code in them, no notes to oneself."""

import re

NOTES = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")

_CODE = re.compile(
    r"^\s*(?:"
    r"(?:return|break|continue|throw|co_return|co_await)\b[^.]*;$"
    r"|(?:if|for|while|switch)\s*\(.*\)\s*(?:\{|.*;)?$"
    r"|#\s*(?:include|define|if|endif|pragma)\b.*$"
    r"|(?:const |auto |static |std::)[\w:<>,&*\s]*?\w+\s*(?:=|\(|\{).*;$"
    r"|[\w.:\[\]>-]+\s*\(.*\)\s*;$"
    r"|[\w.:\[\]>-]+\s*[-+*/|&]?=\s*[^=].*;$"
    r"|(?:\}|\};|\{)$"
    r")")


def check_comments(source):
    for line, text in source.comments:
        if _CODE.match(text.rstrip()):
            yield line, "commented-out code"


def check_notes(path, text):
    for i, line in enumerate(text.splitlines(), 1):
        found = NOTES.search(line)
        if found:
            yield i, f"{found[1]}: do it, or write it down elsewhere"
