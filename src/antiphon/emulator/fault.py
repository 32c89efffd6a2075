"""Faults a caller asks for in a header: `X-Antiphon-Fault: status=429;retry_after=1;times=1`.

Fields, joined by `;`:
  status=N                answer N with the body the API would send; code=, type=, message= change it
  retry_after=S           with a status: the Retry-After header, in seconds
  latency=S               wait before answering, at most 60
  reset=N                 send N bytes of body, or all when it is shorter, then reset the connection (0: before the head)
  truncate_sse=N          end the stream cleanly after N events
  no_done=1               leave out the stream's last event
  pace=S                  wait between the events of a stream, at most 10
  bad_json=N              cut the JSON in half: of the body, whose length is right, or of the stream's Nth event
  times=N                 only the first N requests with this very header, path and key
  id=TEXT                 breaks nothing; makes the header another one, so that `times` counts anew
`truncate_sse`, `no_done` and `pace` are about streams and leave a whole answer alone; all others break both.
Anything else is a 400 that names it. Knows what to break; the application breaks it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from .problem import Problem, invalid

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
    reset: int | None = None
    truncate_sse: int | None = None
    no_done: bool = False
    pace: float = 0.0
    bad_json: int = 0
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
    "reset": _integer(0, 1 << 30),
    "truncate_sse": _integer(0, 1 << 30),
    "no_done": _flag,
    "pace": _number(0, 10),
    "bad_json": _ordinal,
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


class Faults:
    """Reads the header and counts what has limits."""

    def __init__(self) -> None:
        self._spent: dict[tuple[str, str, str], int] = {}

    def ask(self, header: bytes, key: str, path: str) -> Fault | None:
        """The fault for this request, or None when it has happened often enough."""
        text = header.decode("latin-1")
        fault = parse(text)
        if fault.times is None:
            return fault
        seen = self._spent.get((key, path, text), 0)
        if seen >= fault.times:
            return None
        self._spent[key, path, text] = seen + 1
        if len(self._spent) > 10_000:
            del self._spent[next(iter(self._spent))]
        return fault
