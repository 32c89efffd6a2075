"""What a client with hooks judges by where they ask for the ordinary judgement: replies, pauses, errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..core.decode import status_error
from ..core.json import JSONError, decode_json
from ..core.reply import Reply
from ..core.shape import is_mapping
from ..errors import APIStatusError
from ..policies.machines.backoff import LONGEST_HINT, Backoff, retry_after
from ..policies.machines.verdict import should_retry

if TYPE_CHECKING:
    from ..drivers.clock import Clock


def wanted(reply: Reply, wall: float) -> bool:
    """Whether a reply deserves another attempt; `wall` is the time in seconds since the epoch."""
    return should_retry(reply.status_code, reply.headers, retry_after(reply.headers, wall), _code(reply))


def pause(taken: int, headers: Mapping[str, str] | None, clock: Clock) -> float:
    """Seconds to wait after so many retries."""
    hint = None if headers is None else retry_after(headers, clock.wall())
    if hint is not None and 0 < hint <= LONGEST_HINT:
        return hint
    return Backoff().delay(taken, random=clock.random())


def status_error_of(client: Any, reply: Reply) -> APIStatusError:
    """The error a client makes of a reply, by its `_make_status_error`."""
    plain = status_error(reply)
    error: APIStatusError = client._make_status_error(plain.message, body=_body(reply), response=reply)
    return error


def _body(reply: Reply) -> Any:
    try:
        return decode_json(reply.content)
    except JSONError:
        return reply.text or None


def _code(reply: Reply) -> str | None:
    """The `error.code` of a 429."""
    if reply.status_code != 429 or not reply.is_read:
        return None
    body = _body(reply)
    error = body.get("error") if is_mapping(body) else None
    code = error.get("code") if is_mapping(error) else None
    return code if isinstance(code, str) else None
