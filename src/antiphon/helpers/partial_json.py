"""The value of JSON text that has not come to its end yet: everything that is complete in it.

A text that is cut anywhere is read as if all open lists and objects ended after their last complete entry. Numbers and words
at the very end count once they are valid as they stand; strings count once they are closed.
"""

from __future__ import annotations

import json
import re
from typing import Any

_TOKEN = re.compile(r'\s*(?:("(?:[^"\\]|\\.)*")|([{\[])|([}\]])|([:,])|([^\s{}\[\]:,"]+)|("))', re.DOTALL)
_SCALAR = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|NaN|-?Infinity")


def parse_partial(text: str) -> Any:
    """What is complete in the beginning of a JSON text.

    >>> parse_partial('{"steps": [{"n": 1}, {"n": 2, "te')
    {'steps': [{'n': 1}, {'n': 2}]}

    Raises:
        ValueError: the text is not the beginning of JSON, or nothing in it is complete yet.
    """
    end, closers = _complete_part(text)
    return json.loads(text[:end] + closers)


def _complete_part(text: str) -> tuple[int, str]:
    """Where the last complete entry ends, and what closes everything open there."""
    closers = ""
    end, missing = 0, ""
    in_key = False
    position = 0
    while match := _TOKEN.match(text, position):
        position = match.end()
        string, opening, closing, mark, word, broken = match.groups()
        if broken:
            return end, missing
        if opening:
            closers = ("}" if opening == "{" else "]") + closers
            in_key = opening == "{"
        elif mark:
            in_key = mark == "," and closers[:1] == "}"
            continue
        elif closing:
            closers = closers[1:]
        elif word and position == len(text) and not _SCALAR.fullmatch(word):
            return end, missing
        elif string and in_key:
            continue
        end, missing = position, closers
    # What is left over is no JSON; the whole text is handed on, to be refused with its place.
    return (len(text), "") if text[position:].strip() else (end, missing)
