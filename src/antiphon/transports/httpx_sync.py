"""A borrowed httpx or httpx2 client as a transport, blocking; and what its asyncio twin shares with it.

Knows how to hand a request to their client and read their response as ours. Trusts their pool, proxies, trust store, hooks
and mounts; keeps for itself what must hold everywhere: no redirect is followed, sizes are bounded, errors are ours.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterator
from contextlib import suppress
from typing import Any

from ..core.headers import Headers
from ..core.limits import WireLimits
from ..core.reply import Reply
from ..core.request import Request
from ..errors import ClientClosed, DeadlineExceeded
from ..steady import monotonic
from .borrowed_error import raise_ours
from .intake import Intake


class Borrowed:
    """What both colours share: how a request becomes theirs, and how their head becomes ours."""

    def __init__(self, client: Any, limits: WireLimits) -> None:
        self._client = client
        self._limits = limits

    def _theirs(self, request: Request, content: Any) -> Any:
        if self._client.is_closed:
            raise ClientClosed("the borrowed http_client was closed; make a new one")
        built = self._client.build_request(
            request.method,
            str(request.url),
            headers=request.headers.fields,
            content=content,
            extensions={"timeout": phases(request)},
        )
        length = getattr(request.content, "length", None)
        if length is not None:
            built.headers.pop("transfer-encoding", None)
            built.headers["content-length"] = str(length)
        return built

    def _reply(self, request: Request, response: Any, started: float) -> Reply:
        version = getattr(response, "http_version", "HTTP/1.1")
        return Reply(
            response.status_code,
            Headers.from_raw(response.headers.raw),
            request=request,
            http_version=version,
            elapsed=monotonic() - started,
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {type(self._client).__module__}.{type(self._client).__qualname__}>"


class HttpxTransport(Borrowed):
    """Carries requests through an httpx or httpx2 client. Made by `borrow`."""

    def send(self, request: Request) -> Reply:
        """One exchange through their client."""
        content, started = request.content, monotonic()
        if isinstance(content, AsyncIterable):
            raise TypeError("an async iterable body needs the async client")
        try:
            response = self._client.send(
                self._theirs(request, content if isinstance(content, bytes) or content is None else iter(content)),
                stream=True,
                follow_redirects=False,
            )
        except Exception as error:
            raise_ours(error, request, "head", started)
        reply = self._reply(request, response, started)
        body = HttpxBody(response, reply, Intake(reply, self._limits), started)
        if request.stream:
            reply.body = body
        else:
            reply.content = body.read_all()
            reply.elapsed = monotonic() - started
        return reply

    def close(self) -> None:
        """Close their client, connections and all."""
        self._client.close()


class OpenResponse:
    def __init__(self, response: Any, reply: Reply, intake: Intake, started: float) -> None:
        self._response = response
        self._request = reply.request
        self._intake = intake
        self._started = started
        self._open = True

    @property
    def closed(self) -> bool:
        """Whether nothing more will be read."""
        return not self._open

    def _overdue(self) -> None:
        deadline = self._request.deadline
        if deadline is not None and (now := monotonic()) >= deadline:
            raise DeadlineExceeded(self._request, phase="body", elapsed=now - self._started)


class HttpxBody(OpenResponse):
    """An open body of theirs, decoded by them."""

    def __init__(self, response: Any, reply: Reply, intake: Intake, started: float) -> None:
        super().__init__(response, reply, intake, started)
        self._chunks: Iterator[bytes] = response.iter_bytes()

    def read_chunk(self) -> bytes:
        """The next bytes as soon as any are there; `b""` at the end."""
        if not self._open:
            return b""
        try:
            self._overdue()
            for chunk in self._chunks:
                if chunk:
                    return self._intake.take(chunk, self._response.num_bytes_downloaded)
            self.close()
        except Exception as error:
            self.close()
            raise_ours(error, self._request, "body", self._started)
        except BaseException:
            self.close()
            raise
        return b""

    def read_all(self) -> bytes:
        """Everything up to the end, within the bounds."""
        chunks: list[bytes] = []
        while not self._intake.full and (chunk := self.read_chunk()):
            chunks.append(chunk)
        self.close()
        return b"".join(chunks)

    def finish(self) -> None:
        """Let their connection be reused if all of a body of known length has come; else close it."""
        # Their blocking stream cannot be read with a bound, so what may still be coming is not waited for.
        length = self._response.headers.get("content-length", "")
        if self._open and length.isdigit() and self._response.num_bytes_downloaded >= int(length):
            self.read_all()
        self.close()

    def close(self) -> None:
        """Give their connection back if the body has ended, else close it."""
        if self._open:
            self._open = False
            with suppress(Exception):  # a connection that breaks while it is closed is closed
                self._response.close()


def phases(request: Request) -> dict[str, float | None]:
    named = request.timeout.as_dict()
    if request.deadline is not None:
        remaining = max(0.0, request.deadline - monotonic())
        return {name: remaining if given is None else min(given, remaining) for name, given in named.items()}
    return named
