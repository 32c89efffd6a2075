"""What can be broken, and how a caller asks for it: `X-Antiphon-Fault: status=429;retry_after=1;times=1`.

Fields, joined by `;`. Of every answer:
  status=N                answer N with the body the API would send; code=, type=, message= change it
  retry_after=S           with a status: the Retry-After header, in seconds
  latency=S, jitter=S     wait before answering, at most 60; and up to so many seconds more, drawn from the seed
  hang=1                  never answer
  reset=N                 send N bytes of body, or all when it is shorter, then reset the connection (0: before the head)
  close=N                 the same with an orderly end (a cut body: its length or its last chunk is missing)
  stale=1                 answer well, promise to keep the connection, and close it a moment later
  bandwidth=N             N bytes of body a second
  slice=N                 N bytes of body at a time
  slow_body=S, slow_head=S  wait between the bytes of the body, or of the head, at most 10
  wrong_length=N          a Content-Length that is N too large (or, negative, too small)
  two_lengths=1           two Content-Lengths that differ
  bad_chunk=1             chunks, the second of which has no size
  garbage=1               bytes that are no HTTP before the status line
  informational=N         N heads with status 103 first
  header_flood=N          N headers more
  header_size=N           a header of N bytes more
  redirect=URL            a 307 to there
  html=1                  a page of HTML with status 200
  error_200=1             an error object with status 200
  empty=1                 no body at all
  bad_utf8=N              a byte that is no UTF-8 in the body, or in the stream's Nth event
  bad_json=N              JSON cut in half: the body's, whose length is right, or the stream's Nth event's
  gzip_bomb=N             a body of N MiB of blanks before the JSON, compressed
  gzip_cut=1              compressed, and cut in half
  wrong_encoding=1        Content-Encoding: gzip, of what is not compressed
Of streams alone; a whole answer is left as it is:
  truncate_sse=N          end the stream cleanly after N events
  no_done=1               leave out the stream's last event
  duplicate=N, skip=N     the Nth event twice, or not at all
  reorder=N               the Nth event after the one that follows it
  giant_event=N           an event of N bytes more before the second
  error_event=N           an error in place of the Nth event, and the end
  pace=S                  wait between the events, at most 10
Which requests:
  times=N                 only the first N requests with this very header, path and key
  id=TEXT                 breaks nothing; makes the header another one, so that `times` counts anew
Anything else is a 400 that names it. Knows what to break; `wire` and `stream` break it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from ..problem import Problem, invalid

HEADER: Final = b"x-antiphon-fault"

_KINDS: Final[dict[int, tuple[str, str | None, str]]] = {
    400: ("invalid_request_error", None, "The request was refused, as asked."),
    401: ("invalid_request_error", "invalid_api_key", "The key was refused, as asked."),
    403: ("invalid_request_error", "unsupported_country_region_territory", "Access was denied, as asked."),
    404: ("invalid_request_error", None, "Nothing was found, as asked."),
    408: ("timeout", None, "The request timed out, as asked."),
    409: ("invalid_request_error", "conflict", "The request met a conflict, as asked."),
    422: ("invalid_request_error", None, "The request could not be processed, as asked."),
    429: ("requests", "rate_limit_exceeded", "Rate limit reached, as asked. Try again later."),
    500: ("server_error", "server_error", "The server had an error, as asked."),
    502: ("server_error", None, "Bad gateway, as asked."),
    503: ("server_error", "overloaded", "The engine is overloaded, as asked."),
    504: ("server_error", None, "The gateway timed out, as asked."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault; the defaults break nothing."""

    status: int | None = None
    retry_after: float | None = None
    code: str | None = None
    type: str | None = None
    message: str | None = None
    latency: float = 0.0
    jitter: float = 0.0
    hang: bool = False
    reset: int | None = None
    close: int | None = None
    stale: bool = False
    bandwidth: int = 0
    slice: int = 0
    slow_body: float = 0.0
    slow_head: float = 0.0
    wrong_length: int = 0
    two_lengths: bool = False
    bad_chunk: bool = False
    garbage: bool = False
    informational: int = 0
    header_flood: int = 0
    header_size: int = 0
    redirect: str = ""
    html: bool = False
    error_200: bool = False
    empty: bool = False
    bad_utf8: int = 0
    bad_json: int = 0
    gzip_bomb: int = 0
    gzip_cut: bool = False
    wrong_encoding: bool = False
    truncate_sse: int | None = None
    no_done: bool = False
    duplicate: int = 0
    skip: int = 0
    reorder: int = 0
    giant_event: int = 0
    error_event: int = 0
    pace: float = 0.0
    times: int | None = None
    id: str = ""

    def problem(self) -> Problem | None:
        """The error to answer, if it is one."""
        if self.status is None:
            return None
        kind, code, message = _KINDS.get(self.status, ("server_error", None, f"Status {self.status}, as asked."))
        headers = {} if self.retry_after is None else {"retry-after": f"{self.retry_after:g}"}
        return Problem(
            self.status,
            self.message or message,
            type=self.type or kind,
            code=self.code or code,
            headers=headers,
        )


def _number(low: float, high: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        value = float(text)
        if not low <= value <= high:
            raise ValueError
        return value

    return read


def _integer(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        value = int(text)
        if not low <= value <= high:
            raise ValueError
        return value

    return read


def _flag(text: str) -> bool:
    return {"1": True, "true": True, "": True, "0": False, "false": False}[text.lower()]


def _ordinal(text: str) -> int:
    return int(text) if text.isdigit() and len(text) < 10 else int(_flag(text))


_READERS: Final[dict[str, Callable[[str], Any]]] = {
    "status": _integer(400, 599),
    "retry_after": _number(0, 86_400),
    "code": str,
    "type": str,
    "message": str,
    "latency": _number(0, 60),
    "jitter": _number(0, 60),
    "hang": _flag,
    "reset": _integer(0, 1 << 30),
    "close": _integer(0, 1 << 30),
    "stale": _flag,
    "bandwidth": _integer(1, 1 << 30),
    "slice": _integer(1, 1 << 30),
    "slow_body": _number(0, 10),
    "slow_head": _number(0, 10),
    "wrong_length": _integer(-(1 << 30), 1 << 30),
    "two_lengths": _flag,
    "bad_chunk": _flag,
    "garbage": _flag,
    "informational": _integer(1, 10_000),
    "header_flood": _integer(1, 10_000),
    "header_size": _integer(1, 16 << 20),
    "redirect": str,
    "html": _flag,
    "error_200": _flag,
    "empty": _flag,
    "bad_utf8": _ordinal,
    "bad_json": _ordinal,
    "gzip_bomb": _integer(1, 1024),
    "gzip_cut": _flag,
    "wrong_encoding": _flag,
    "truncate_sse": _integer(0, 1 << 30),
    "no_done": _flag,
    "duplicate": _ordinal,
    "skip": _ordinal,
    "reorder": _ordinal,
    "giant_event": _integer(1, 256 << 20),
    "error_event": _ordinal,
    "pace": _number(0, 10),
    "times": _integer(1, 1 << 30),
    "id": str,
}


def parse(text: str) -> Fault:
    """The fault a header spells; raises 400 for what it cannot mean."""
    fields: dict[str, Any] = {}
    for part in filter(None, (piece.strip() for piece in text.split(";"))):
        name, _, value = part.partition("=")
        try:
            fields[name.strip()] = _READERS[name.strip()](value.strip())
        except (KeyError, ValueError):
            raise invalid("X-Antiphon-Fault", f"Cannot read the fault {part!r}.", "invalid_fault") from None
    return Fault(**fields)
