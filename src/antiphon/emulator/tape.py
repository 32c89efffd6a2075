"""Recorded traffic: what a real server was asked and answered, without secrets, a line of JSON for each.

A question is known by its verb, path, query and body; asked again, it gets the answers it got, in their order, and then
the last one again.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import msgspec

from ..core.scrub import scrub

_SECRETS: Final = re.compile(
    rb"(?:(?<![A-Za-z0-9])|(?<=\\[bfnrt]))"  # not inside a word or base64, but behind an escaped line break
    rb"(?:(?:sk|rk|sess)-[-_.A-Za-z0-9]{16,}|(?:ek|whsec)_[-_.+/A-Za-z0-9]{16,}|eyJ[-_A-Za-z0-9]+\.[-_A-Za-z0-9]+\.[-_A-Za-z0-9]*)"
    rb"|(?i:bearer\s+)[-_.=+/A-Za-z0-9]{8,}"
)
_DELIMITER: Final = re.compile(rb"--[^\r\n]{1,200}(?=\r\n)")
_SCRUBBED: Final = b"[scrubbed]"
KEPT: Final = frozenset({b"content-type", b"x-request-id", b"openai-version", b"openai-model"})
"""Headers of an answer that are recorded."""

Question = tuple[str, str, str, str]
"""A verb, a path, a query and the digest of a body."""


class Take(msgspec.Struct, omit_defaults=True):
    """One question and its answer; a body that is no text is base64."""

    verb: str
    path: str
    query: str
    asked: str
    status: int
    headers: dict[str, str]
    body: str = ""
    raw: str = ""

    def content(self) -> bytes:
        """The answer's body."""
        return b64decode(self.raw) if self.raw else self.body.encode()


def take(
    verb: str, path: str, query: str, asked: bytes, status: int, headers: list[tuple[bytes, bytes]], body: bytes
) -> Take:
    """A line to record, scrubbed."""
    kept = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers if name in KEPT}
    made = Take(verb, path, scrubbed(query.encode()).decode(), digest(asked), status, kept)
    try:
        made.body = scrub(scrubbed(body)).decode()
    except UnicodeDecodeError:
        made.raw = b64encode(scrub(body)).decode()
    return made


def scrubbed(data: bytes) -> bytes:
    """The bytes without what looks like a key or a token."""
    return _SECRETS.sub(_SCRUBBED, data)


def digest(body: bytes) -> str:
    """What stands for a question's body: JSON however it is written, a form whatever its boundary, else the bytes."""
    if (delimiter := _DELIMITER.match(body)) is not None:
        body = body.replace(delimiter[0], b"--")
    try:
        value: Any = msgspec.json.decode(body) if body else None
        body = msgspec.json.encode(value, order="deterministic")
    except msgspec.DecodeError:
        pass
    return blake2b(body, digest_size=16).hexdigest()


class Recording:
    """A file that takes are added to."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)

    def add(self, made: Take) -> None:
        """One more line."""
        with self._path.open("ab") as file:
            file.write(msgspec.json.encode(made) + b"\n")


class Tape:
    """The takes of a file, by what was asked.

    Raises:
        ValueError: a line is none.
    """

    def __init__(self, path: Path) -> None:
        self._takes: dict[Question, list[Take]] = {}
        for number, line in enumerate(path.read_bytes().splitlines(), 1):
            try:
                made = msgspec.json.decode(line, type=Take)
            except msgspec.MsgspecError as error:
                raise ValueError(f"line {number} of {path} is no recorded answer: {error}") from None
            self._takes.setdefault((made.verb, made.path, made.query, made.asked), []).append(made)

    def play(self, verb: str, path: str, query: str, body: bytes, played: dict[Question, int]) -> Take | None:
        """The next answer to a question, after those that `played` counts; None when it was never asked."""
        key = verb, path, scrubbed(query.encode()).decode(), digest(body)
        takes = self._takes.get(key)
        if takes is None:
            return None
        number = played.get(key, 0)
        played[key] = number + 1
        return takes[min(number, len(takes) - 1)]
