"""What is known of an idempotency key: who used it, for which request, and what came of it. A row, its form, and its standing.

Knows rows and times. Refuses to know where rows are kept and who sends.
"""

from __future__ import annotations

from _thread import allocate_lock
from base64 import b64decode, b64encode
from collections.abc import Iterable
from hashlib import sha256
from typing import Literal, NamedTuple

import msgspec

from ...core.forked import inherit
from ...core.signal import Signal

Standing = Literal["new", "busy", "open", "done", "conflict"]
_VERSION = 1


class Row(NamedTuple):
    """A key's entry.

    Attributes:
        digest: of the request the key belongs to.
        state: "sent" while somebody is at it, "open" where it may or may not have been carried out, "done" with a result.
        owner: who is at it.
        since: when that began, in seconds since the epoch.
        executions: how many times it was sent off.
        status: of the result.
        fields: the result's header fields.
        content: the result's body.
    """

    digest: str
    state: str
    owner: str
    since: float
    executions: int = 1
    status: int = 0
    fields: tuple[tuple[str, str], ...] = ()
    content: bytes = b""


class _Form(msgspec.Struct, forbid_unknown_fields=True):
    v: int
    digest: str
    state: str
    owner: str
    since: float
    executions: int
    status: int
    fields: list[tuple[str, str]]
    content: str


def pack(row: Row) -> bytes:
    """A row as JSON."""
    content = b64encode(row.content).decode()
    return msgspec.json.encode(_Form(_VERSION, *row[:6], fields=list(row.fields), content=content))


def unpack(data: bytes | None) -> Row | None:
    """The row in some bytes; `None` where there is none that this version can read."""
    try:
        form = msgspec.json.decode(data or b"", type=_Form)
        content = b64decode(form.content, validate=True)
    except (ValueError, RecursionError):
        return None
    if form.v != _VERSION:
        return None
    facts = (form.digest, form.state, form.owner, form.since, form.executions, form.status)
    return Row(*facts, tuple(form.fields), content)


def standing(row: Row | None, digest: str, *, owner: str, wall: float, lease: float) -> Standing:
    """How a key stands for who would use it.

    >>> standing(None, "d", owner="me", wall=0.0, lease=9.0)
    'new'

    Args:
        row: what the ledger has.
        digest: of the request at hand.
        owner: who asks; a row of its own that says "sent" was left behind, since nobody here is at it.
        wall: seconds since the epoch.
        lease: seconds after which somebody who is at it is taken for gone.
    """
    if row is None:
        return "new"
    if row.digest != digest:
        return "conflict"
    if row.state == "done":
        return "done"
    if row.state == "sent" and row.owner != owner and abs(wall - row.since) < lease:
        return "busy"
    return "open"


def digest_of(method: str, target: str, pieces: Iterable[bytes], boundary: bytes = b"") -> str:
    """What tells one request from another.

    Args:
        method: the verb.
        target: path and query.
        pieces: of the body.
        boundary: what stands between the parts of a form; drawn anew for each, so it does not count.
    """
    digest = sha256(f"{method} {target}\n".encode())
    tail = b""
    for piece in pieces:
        if not boundary:
            digest.update(piece)
            continue
        text = (tail + piece).replace(boundary, b"")
        whole = max(0, len(text) - len(boundary) + 1)
        digest.update(text[:whole])
        tail = text[whole:]
    digest.update(tail)
    return digest.hexdigest()


def boundary_of(content_type: str) -> bytes:
    """The mark between the parts of a form."""
    return content_type.partition("boundary=")[2].strip('"').encode()


class Running:
    """The keys somebody here is at.

    >>> running = Running()
    >>> running.enter("k", Signal()), running.enter("k", Signal()) is None
    (None, False)
    """

    def __init__(self) -> None:
        self.forget()
        inherit(self)

    def forget(self) -> None:
        """Nobody is at any key."""
        self._lock = allocate_lock()
        self._signals: dict[str, Signal] = {}

    def enter(self, name: str, mine: Signal) -> Signal | None:
        """Be at a key; or the signal that whoever is at it has left. `mine` is set by `leave`."""
        with self._lock:
            signal = self._signals.get(name)
            if signal is None:
                self._signals[name] = mine
            return signal

    def leave(self, name: str, mine: Signal) -> None:
        """Be at it no more, if it was; as often as you like."""
        with self._lock:
            if self._signals.get(name) is mine:
                del self._signals[name]
        mine.set()

    def __len__(self) -> int:
        return len(self._signals)


class Book:
    """Rows in memory, each for so long; the oldest leave when there are too many.

    Args:
        most: how many.
        most_bytes: how many bytes they may have together.
    """

    def __init__(self, most: int = 10_000, most_bytes: int = 64 * 1024 * 1024) -> None:
        self._lock = allocate_lock()
        self._rows: dict[str, tuple[bytes, float]] = {}
        self._most, self._most_bytes = most, most_bytes
        self._bytes = 0

    def get(self, name: str, now: float) -> bytes | None:
        """What is kept under a name; `now` in seconds on a clock that never goes back."""
        with self._lock:
            value, until = self._rows.get(name, (None, 0.0))
        return value if now < until else None

    def swap(self, name: str, expected: bytes | None, value: bytes | None, now: float, seconds: float) -> bool:
        """Keep something for so many seconds (`None`: nothing) if what is kept is still what is expected; whether it was."""
        with self._lock:
            if self._get(name, now) != expected:
                return False
            self._drop(name)
            if value is not None:
                self._rows[name] = (value, now + seconds)
                self._bytes += len(value)
            while len(self._rows) > self._most or self._bytes > self._most_bytes:
                self._drop(next(iter(self._rows)))
            return True

    def _get(self, name: str, now: float) -> bytes | None:
        value, until = self._rows.get(name, (None, 0.0))
        return value if now < until else None

    def _drop(self, name: str) -> None:
        self._bytes -= len(self._rows.pop(name, (b"", 0.0))[0])

    def __len__(self) -> int:
        return len(self._rows)
