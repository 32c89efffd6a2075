"""Audit: one line for each call, that says who asked what of whom and what came of it, and that nobody can change unnoticed.

Knows what a record says: facts about a call, and never what was asked or answered. How lines are linked and written is the
journal's part; it is asked through effects.
"""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from ..core.effects import Follow, Now, Outside, Wall
from ..core.price import price_of
from ..core.reply import Reply
from ..core.request import BodyStream, Request
from ..core.resource import spelled
from ..core.scrub import scrub
from ..core.usage import UsageReader, usage_of
from ..errors import APIConnectionError, PolicyError
from .chain import PLACES, Forward
from .machines.bill import cost, is_bounded, kind_of
from .machines.number import whole
from .machines.period import stamp
from .machines.tally import tally
from .subject import body_of, model_of, operation_of, scope_of

if TYPE_CHECKING:
    from ..shared.journal import Journal

_LONGEST = 128
"""Letters of a name that a server or a caller chose."""
_STEPS = 64
"""Decisions of one call that are written down."""


class Audit:
    """Writes a line about each call to a file that can be checked: `antiphon audit verify FILE`.

    >>> Audit("audit.jsonl")
    Audit('audit.jsonl', ahead=False, sync=False)

    A line tells when, who (a short hash of credential, organization and project), where to, which operation and model, the request
    id, status or error, bytes, tokens, cost by the price list, seconds, attempts, and what the policies decided. It holds no
    content and no secret. Several threads and processes may write to one file. A stream's line is written when the stream ends.

    Args:
        path: the file, or a `Journal`.
        ahead: write a line before a call is sent, too, and send nothing that could not be written down. Otherwise a line that
            cannot be written is logged, counted in `lost`, and the call goes on.
        sync: whether a line is on the disk, and not only with the system, before it counts as written.
        rotate: bytes after which the file is put aside and a new one begun that is linked to it; `None` for never.

    Attributes:
        lost: how many lines could not be written.

    Raises:
        ValueError, TypeError: an argument that cannot be right.
        PolicyError: with `ahead`, the line cannot be written; nothing was sent.
    """

    place: ClassVar[int] = PLACES["Audit"]

    @spelled
    def __init__(
        self,
        path: str | os.PathLike[str] | Journal,
        *,
        ahead: bool = False,
        sync: bool = False,
        rotate: int | None = None,
    ) -> None:
        if rotate is not None:
            whole("rotate", rotate, least=4096)
        if isinstance(path, (str, os.PathLike)):
            from ..shared.journal import Journal

            self.journal: Journal = Journal(path, rotate=rotate, sync=sync)
        elif not hasattr(path, "add"):
            raise TypeError(f"path must be a file's path, or a Journal; got {type(path).__name__}")
        elif sync or rotate is not None:
            raise TypeError("sync and rotate are the Journal's own; give them to it")
        else:
            self.journal = path
        self.ahead = ahead
        self.lost = 0

    def __repr__(self) -> str:
        return f"Audit({str(self.journal.path)!r}, ahead={self.ahead}, sync={self.journal.sync})"

    def __reduce__(self) -> tuple[Any, ...]:
        # Another process writes to the same file.
        return (partial(type(self), self.journal, ahead=self.ahead), ())

    async def __call__(self, request: Request, forward: Forward) -> Reply:
        entry = _Entry(request, await Wall(), await Now())
        if self.ahead:
            await self._announce(request, entry)
        try:
            reply = await forward(request)
            if not reply.is_read:
                entry.answered(request, reply, await Now())
                await Follow(reply, _Ending(self, entry, request))
                return reply
        except BaseException as failure:
            if isinstance(failure, Exception):
                entry.failed(request, failure, await Now())
                await self._write(entry.record)
            else:  # nothing may be awaited on this way out
                entry.failed(request, failure, None)
                self.journal.put(entry.record)
            raise
        entry.answered(request, reply, await Now())
        entry.used(request, usage_of(reply), len(reply.content), complete=True)
        await self._write(entry.record)
        return reply

    async def _announce(self, request: Request, entry: _Entry) -> None:
        try:
            await Outside(self.journal.add, {**entry.record, "event": "begin call"})
        except OSError as failure:
            raise PolicyError(
                f"the audit log cannot be written ({type(failure).__name__}), and nothing is sent without it; nothing was sent",
                request=request,
            ) from failure
        except BaseException as failure:
            # The line may be there by now, so that one has to follow that tells how it ended.
            entry.failed(request, failure, None)
            self.journal.put(entry.record)
            raise

    async def _write(self, record: dict[str, Any]) -> None:
        try:
            await Outside(self.journal.add, record)
        except OSError:
            self.lost += 1
            import logging

            logging.getLogger("antiphon").exception("a line of the audit log is lost; the call goes on")


class _Entry:
    """What one line says, as it becomes known."""

    __slots__ = ("_begun", "record")

    def __init__(self, request: Request, wall: float, now: float) -> None:
        content = request.content
        size = (
            len(content) if isinstance(content, bytes) else content.length if isinstance(content, BodyStream) else None
        )
        self._begun = now
        self.record: dict[str, Any] = {
            "event": "call",
            "time": stamp(wall),
            "actor": scope_of(request),
            "origin": str(request.origin),
            "op": _clean(operation_of(request)),
            "model": _clean(model_of(request)),
            "bytes_sent": size or 0,
        }

    def answered(self, request: Request, reply: Reply, now: float) -> None:
        """There is a reply."""
        self.record["status"] = reply.status_code
        self.record["request_id"] = _clean(reply.headers.get("x-request-id") or "")
        if reply.cached:
            self.record["cached"] = True
        self._end(request, now)

    def failed(self, request: Request, failure: BaseException, now: float | None) -> None:
        """There is none, or it broke."""
        self.record["error"] = type(failure).__name__
        self.record["request_id"] = _clean(getattr(failure, "request_id", None) or self.record.get("request_id", ""))
        if isinstance(failure, APIConnectionError):
            self.record["phase"] = failure.phase
        self._end(request, now)

    def used(self, request: Request, usage: dict[str, Any] | None, size: int, *, complete: bool) -> None:
        """What came, and what that cost by the price list."""
        record, told = self.record, tally(usage)
        record["bytes_received"] = size
        if not complete:
            record["complete"] = False
        if told is None:
            return
        record["tokens"] = {"input": told.input, "output": told.output}
        price = price_of(model_of(request)) if is_bounded(kind_of(operation_of(request))) else None
        if price is not None:
            free = record.get("cached", False)
            record["nano_usd"] = 0 if free else cost(price, told, body_of(request).get("service_tier"))

    def _end(self, request: Request, now: float | None) -> None:
        if now is not None:
            self.record["seconds"] = round(now - self._begun, 6)
        if request.trace is not None:
            self.record["attempts"] = request.trace.attempts
            self.record["decisions"] = [_clean(str(step), 2 * _LONGEST) for step in request.trace.steps[:_STEPS]]


class _Ending:
    """A follower that writes a stream's line at its end."""

    __slots__ = ("_audit", "_entry", "_reader", "_request", "_size")

    def __init__(self, audit: Audit, entry: _Entry, request: Request) -> None:
        self._audit = audit
        self._entry = entry
        self._request = request
        self._reader = UsageReader(events=request.events)
        self._size = 0

    def feed(self, chunk: bytes) -> None:
        """As `Follower.feed`."""
        self._size += len(chunk)
        self._reader.feed(chunk)

    def end(self, failure: BaseException | None, complete: bool) -> None:
        """As `Follower.end`."""
        self._reader.end(failure, complete)
        if failure is not None:
            self._entry.failed(self._request, failure, None)
        self._entry.used(self._request, self._reader.usage, self._size, complete=failure is None and complete)
        self._audit.journal.put(self._entry.record)


def _clean(text: str, longest: int = _LONGEST) -> str:
    """A text that somebody else chose, without secrets, of a length and with letters that a log can bear."""
    if not text:
        return ""
    text = scrub(text)[:longest]
    return text if text.isprintable() else "".join(letter if letter.isprintable() else "?" for letter in text)
