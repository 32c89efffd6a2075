"""A chain of records: each line holds a hash over the line before it and itself, so that nobody changes one unnoticed.

A line is a JSON object whose last member is its hash: `h(i) = SHA-256(h(i-1) + record)`, where the record is the object's text
without that member, and `h` is written in hexadecimal. So a line is checked as the bytes that it is, and no two programs have to
agree on how to write JSON. A file begins with a line that says what came before it: nothing, or the last hash of another file.

A chain shows that lines were changed, taken out, put in or exchanged. It does not show that the last ones were cut off, or that the
whole was made anew; against that, keep a hash somewhere else now and then, and have it looked for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, Final, NamedTuple, cast

GENESIS: Final = "0" * 64
"""What comes before the first line of all."""
_encode: Final = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), default=str).encode
_TAIL: Final = re.compile(rb',"hash":"([0-9a-f]{64})"\}$')


class Check(NamedTuple):
    """What looking through a file gave.

    Attributes:
        lines: how many are right, counted from the first.
        first: the hash that the file says came before it.
        head: the hash of the last line that is right.
        flaw: what is wrong with the line after those; `None` where nothing is.
        seen: whether a hash that was asked for is among those of the file.
        before: the name of the file that came before, if the file says one.
    """

    lines: int
    first: str
    head: str
    flaw: str | None = None
    seen: bool = False
    before: str | None = None


def linked(previous: str, record: Mapping[str, Any]) -> tuple[bytes, str]:
    """A record as a line of the chain, with its line feed, and the line's hash.

    >>> line, head = linked(GENESIS, {"n": 1})
    >>> line.startswith(b'{"n":1,"hash":"'), len(head)
    (True, 64)

    Args:
        previous: the hash of the line before.
        record: what is written; text of any kind, half a surrogate pair included.

    Raises:
        ValueError: it is empty.
    """
    text = _encode(record).encode("ascii")
    if text == b"{}":
        raise ValueError("a record says something")
    head = _hash(previous, text)
    return b'%s,"hash":"%s"}\n' % (text[:-1], head.encode("ascii")), head


def head_of(line: bytes) -> str | None:
    """The hash at the end of a line; `None` where there is none."""
    found = _TAIL.search(line.rstrip(b"\n"))
    return None if found is None else found[1].decode("ascii")


def check(lines: Iterable[bytes], wanted: str | None = None) -> Check:
    """Look through the lines of a file, each with its line feed.

    Args:
        lines: of the file, in order.
        wanted: a hash to look for.
    """
    right, first, head, before, seen = 0, GENESIS, GENESIS, None, False
    for line in lines:
        try:
            text, claimed, record = _parsed(line)
            if right == 0 and isinstance(record.get("after"), str):
                first = head = record["after"]
                before = record.get("file")
                seen = seen or head == wanted
            if _hash(head, text) != claimed:
                raise ValueError("its hash does not fit it and the line before")
        except ValueError as flaw:
            return Check(right, first, head, str(flaw), seen, before)
        head = claimed
        right += 1
        seen = seen or head == wanted
    return Check(right, first, head, None, seen, before)


def _parsed(line: bytes) -> tuple[bytes, str, dict[str, Any]]:
    """A line's record, as text and as what it says, and the hash that it ends with."""
    if not line.endswith(b"\n"):
        raise ValueError("it is not whole: a writer was stopped in the middle of it")
    found = _TAIL.search(line[:-1])
    if found is None:
        raise ValueError("it does not end with a hash")
    text = line[: found.start()] + b"}"
    try:
        record: Any = json.loads(text)
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict):
        raise ValueError("it is no JSON object")
    return text, found[1].decode("ascii"), cast("dict[str, Any]", record)


def _hash(previous: str, text: bytes) -> str:
    return sha256(previous.encode("ascii") + text).hexdigest()
