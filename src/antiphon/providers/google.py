"""Google's credentials, by google-auth, which is imported when the first request is to be signed in.

Knows how to find them and how to be granted a token. Keeps no credential in the open, and lets no failure of google-auth out as
it is: it may hold the body of a request, or a private key.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from importlib import import_module
from threading import Lock
from typing import Any, cast

from ..core.effects import Outside
from ..core.headers import Headers
from ..core.request import Request
from ..core.secret import Secret
from ..core.timeout import Timeout
from ..core.url import URL
from ..errors import APITimeoutError, OpenAIError
from .token_cache import Grant, Token

SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
MARGIN = 225.0
"""Seconds before a token's end: when google-auth itself calls it stale."""
_HINT = "Google's credentials need an extra: pip install antiphon[vertex] (or pass token_provider)"


class GoogleCredential:
    """Where Google's credentials come from, and the grants they give; a fetch of a `Keeper`.

    Args:
        given: credentials of google-auth; `None` for the application's default ones.
    """

    def __init__(self, given: Any = None) -> None:
        self._found: Callable[[], Any] | None = None
        self._given: Callable[[], Any] = lambda: given
        self._own = given is not None
        self._last: Secret | None = None
        self._lock = Lock()

    def __repr__(self) -> str:
        return "given Google credentials" if self._own else "Google's default credentials"

    async def __call__(self, request: Request) -> Grant:
        return cast("Grant", await Outside(self.grant, request))

    def grant(self, request: Request) -> Grant:
        """A token for a request; one at a time.

        Raises:
            APITimeoutError: Google did not answer in time.
            OpenAIError: there are no credentials, or they cannot be used.
        """
        with self._lock:
            over = _Transport(request.timeout)
            try:
                return self._granted(over, request)
            except ImportError:
                hint: str | None = _HINT
            except Exception as failure:
                hint = str(failure) if type(failure) is OpenAIError else None
            finally:
                over.close()
            late = isinstance(over.failure, APITimeoutError)
        # Not from the failure: its frames hold what google-auth found.
        if late:
            raise APITimeoutError(request=request)
        raise OpenAIError(
            hint or "Google's credentials could not be found or used; look at the project's access and at their expiry"
        )

    def _granted(self, over: _Transport, request: Request) -> Grant:
        if self._found is None:
            self._found = _kept(_scoped(self._given(), over))
        credentials = self._found()
        fields = _applied(credentials, over, request)
        if credentials.expiry is not None and self._last is not None and fields.token == self._last:
            credentials.refresh(over)  # asked for again: it was refused, or is about to end
            fields = _applied(credentials, over, request)
        self._last = fields.token
        return Grant(Token(fields.token, fields.others), _left(credentials.expiry))


class _Fields:
    """What google-auth put on a request."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        found = Headers(fields)
        authorization = found.pop("authorization", "")
        if not authorization.startswith("Bearer ") or not authorization[7:].strip():
            raise OpenAIError("Google's credentials gave no bearer token; give ones for an API, not for a browser")
        self.token = Secret(authorization[7:])
        self.others = dict(found)


def _applied(credentials: Any, over: _Transport, request: Request) -> _Fields:
    fields: dict[str, str] = {}
    credentials.before_request(over, request.method, str(request.url), fields)
    return _Fields(fields)


def _kept(value: Any) -> Callable[[], Any]:
    return lambda: value


def _scoped(given: Any, over: _Transport) -> Any:
    if given is not None:
        return _tool("google.auth.credentials").with_scopes_if_required(given, scopes=SCOPES)
    return _tool("google.auth").default(scopes=SCOPES, request=over)[0]


def _tool(module: str) -> Any:
    return import_module(module)


def _left(expiry: datetime.datetime | None) -> float | None:
    """Seconds until a token's end, which google-auth tells in UTC without saying so."""
    if expiry is None:
        return None
    end = expiry if expiry.tzinfo is not None else expiry.replace(tzinfo=datetime.UTC)
    return max(0.0, (end - datetime.datetime.now(datetime.UTC)).total_seconds())


class _Transport:
    """Requests of google-auth, over antiphon's own connections; as its `google.auth.transport.Request`.

    Args:
        timeout: that of the request which needs the token.
    """

    def __init__(self, timeout: Timeout) -> None:
        self._timeout = timeout
        self._over: Any = None
        self.failure: Exception | None = None

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        **_: Any,
    ) -> _Answer:
        from ..transports.sockets import SocketTransport

        self._over = self._over or SocketTransport()
        place = URL(url)
        content = body.encode() if isinstance(body, str) else body
        fields = Headers({name: _text(value) for name, value in (headers or {}).items()})
        try:
            reply = self._over.send(
                Request(method, place.origin, place.target, fields, content, self._bounded(timeout))
            )
        except OpenAIError as failure:
            self.failure = failure
            raise _tool("google.auth.exceptions").TransportError(str(failure)) from None
        return _Answer(reply.status_code, reply.headers, reply.content)

    def _bounded(self, seconds: float | None) -> Timeout:
        if seconds is None:
            return self._timeout
        phases = (self._timeout.connect, self._timeout.read, self._timeout.write, self._timeout.pool)
        return Timeout(tuple(seconds if phase is None else min(phase, seconds) for phase in phases))

    def close(self) -> None:
        """Close its connections."""
        if self._over is not None:
            self._over.close()


class _Answer:
    """An answer as google-auth reads it."""

    def __init__(self, status: int, headers: Headers, data: bytes) -> None:
        self.status = status
        self.headers = headers
        self.data = data


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
