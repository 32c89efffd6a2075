"""What hooks are told: small frozen values about a call, safe to keep, to print and to send elsewhere.

Knows how to describe a request, a reply and a failure without a credential in it. Refuses to know who is told, and when.
"""

from __future__ import annotations

import copy
from itertools import count
from typing import Any, NoReturn

import msgspec

from ..errors import APIConnectionError, APIError
from .decode import status_error
from .headers import Headers, is_sensitive
from .ratelimit import RateLimits
from .reply import Reply
from .request import Request

numbers = count(1)
"""Of calls that somebody is told of."""
_SHADY = ("auth", "key", "token", "secret", "cookie", "credential", "password", "signature", "session")
_KNOWN = frozenset({"idempotency-key", "www-authenticate", "proxy-authenticate"})
_REDACTED = "<redacted>"
_FROZEN = (
    "the header fields a hook is told of cannot be changed, nor would that change the request; set fields with "
    "default_headers=, extra_headers= or a policy"
)


class FrozenHeaders(Headers):
    """Header fields that are told of: to read, not to change; `copy()` gives fields that may be changed."""

    __slots__ = ()

    @property
    def fields(self) -> list[tuple[str, str]]:
        """A copy of the fields in order, repeated ones apart."""
        return self._fields.copy()

    def __setitem__(self, name: str, value: str) -> NoReturn:
        raise TypeError(_FROZEN)

    def __delitem__(self, name: str) -> NoReturn:
        raise TypeError(_FROZEN)

    def __reduce__(self) -> tuple[type[Headers], tuple[list[tuple[str, str]]]]:
        return (FrozenHeaders, (self.without_credentials().fields,))


class RequestInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt's request.

    Attributes:
        operation: e.g. "chat.completions.create", or verb and path for raw calls; `None` for a policy's own request.
        method: the verb.
        url: where it goes, without its query.
        headers: the fields, not to be changed; whatever looks like a credential is masked.
        attempt: from 1.
        call: a number that all notices of one call share, within this process.
        stream: whether events were asked for.
    """

    operation: str | None
    method: str
    url: str
    headers: Headers
    attempt: int
    call: int
    stream: bool


class ResponseInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The head of a reply, whatever its status.

    Attributes:
        request: what was asked.
        status_code: the HTTP status.
        headers: the fields, not to be changed; whatever looks like a credential is masked.
        request_id: the server's `x-request-id`.
        elapsed: seconds from send to the head, or to the end where the body was read whole.
    """

    request: RequestInfo
    status_code: int
    headers: Headers
    request_id: str | None
    elapsed: float

    @property
    def ratelimit(self) -> RateLimits:
        """The `x-ratelimit-*` fields as a typed value."""
        return RateLimits.from_headers(self.headers)


class RetryInfo(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt that failed and is about to be repeated.

    Attributes:
        request: the attempt that failed; `request.attempt` is its number.
        response: its reply; `None` where none came.
        error: what would be raised if it were not repeated; it carries no credential.
        delay: seconds to wait before the next attempt.
    """

    request: RequestInfo
    response: ResponseInfo | None
    error: APIError
    delay: float


class ErrorInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A call, or the reading of its stream, that ended in an error.

    Attributes:
        request: the last attempt; `request.attempt` is how many there were.
        response: its reply; `None` where none came.
        error: the very exception that is raised.
    """

    request: RequestInfo
    response: ResponseInfo | None
    error: Exception


class StreamEventInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One event of a stream, before it is handed out.

    Attributes:
        request: what was asked.
        event: the event, as it will be handed out.
        index: from 0.
    """

    request: RequestInfo
    event: Any
    index: int


def request_info(request: Request, attempt: int, number: int = 0) -> RequestInfo:
    """What may be told of a request; `number`: its call's, where the request has none of its own."""
    call = request.call
    return RequestInfo(
        operation=getattr(request, "operation", None) or (None if call is None else call.operation.name),
        method=request.method,
        url=f"{request.origin}{request.target.partition('?')[0]}",
        headers=FrozenHeaders(masked(request.headers)),
        attempt=attempt,
        call=getattr(request, "number", number),
        stream=request.events,
    )


def response_info(reply: Reply, asked: RequestInfo) -> ResponseInfo:
    """What may be told of a reply."""
    return ResponseInfo(
        request=asked,
        status_code=reply.status_code,
        headers=FrozenHeaders(masked(reply.headers)),
        request_id=reply.headers.get("x-request-id"),
        elapsed=reply.elapsed,
    )


def retry_info(outcome: Reply | APIConnectionError, asked: RequestInfo, delay: float) -> RetryInfo:
    """What may be told of an attempt that is repeated; a reply's body has been read."""
    response = response_info(outcome, asked) if isinstance(outcome, Reply) else None
    return RetryInfo(request=asked, response=response, error=bare_error(outcome), delay=delay)


def bare_error(outcome: Reply | APIConnectionError) -> APIError:
    """The error for an outcome, without the credential its request carried; a reply's body has been read."""
    if isinstance(outcome, Reply):
        reply = Reply(
            outcome.status_code,
            masked(outcome.headers),
            request=_bare(outcome.request),
            content=outcome.content,
            http_version=outcome.http_version,
            elapsed=outcome.elapsed,
            retries_taken=outcome.retries_taken,
        )
        return status_error(reply)
    error = copy.copy(outcome)  # without its frames
    error.__cause__ = outcome.__cause__
    error.request = _bare(error.request) if isinstance(error.request, Request) else None
    return error


def _bare(request: Request) -> Request:
    target = request.target.partition("?")[0]
    return Request(request.method, request.origin, target, masked(request.headers), None, request.timeout)


def masked(headers: Headers) -> Headers:
    """The fields, with the value of each that may carry a credential put out.

    >>> masked(Headers({"Authorization": "Bearer sk-1", "x-ratelimit-limit-tokens": "9"}))["x-ratelimit-limit-tokens"]
    '9'
    """
    return Headers([(name, _REDACTED if _is_shady(name.lower()) else value) for name, value in headers.fields])


def _is_shady(name: str) -> bool:
    if is_sensitive(name):
        return True
    return name not in _KNOWN and "ratelimit" not in name and any(word in name for word in _SHADY)
