"""What opening a session takes, in either colour: the caller's arguments, made ready once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

from ..core.headers import Headers
from ..core.omit import given
from ..core.url import URL
from .address import Channel, Discreet, address, fields, options
from .listener import Listeners, Listening
from .message import encode_event
from .outbox import Outbox
from .reconnection import Backoff, OnReconnecting
from .session import Session


class _Place(Protocol):
    @property
    def base_url(self) -> URL: ...
    @property
    def websocket_base_url(self) -> URL | None: ...
    @property
    def default_query(self) -> Mapping[str, Any]: ...


class Host(_Place, Protocol):
    """What a blocking connection asks its client for."""

    def websocket_headers(self) -> Mapping[str, str]:
        """The header fields that say who connects."""
        ...


class AsyncHost(_Place, Protocol):
    """What an asyncio connection asks its client for."""

    async def websocket_headers(self) -> Mapping[str, str]:
        """As `Host.websocket_headers`."""
        ...


class Opening(Listening):
    """The arguments of `connect()`, and what waits for the connection: messages and handlers.

    Args:
        client: whose base URL and credentials are used.
        path: values for the channel's path.
        query: query entries of the endpoint's own, below `extra_query`.
        pinned: query entries of the endpoint's own, above `extra_query`.
        extra_query: query entries to add.
        extra_headers: header fields to add; a sentinel value removes one.
        websocket_connection_options: passed to `websockets` as they are.
        on_reconnecting: asked before each attempt to reconnect; `None` does not reconnect.
        max_retries: attempts in a row before giving up.
        initial_delay: seconds before the first attempt, doubling with each.
        max_delay: the longest wait in seconds.
        max_queue_size: how many bytes may wait to be sent; `None` for the channel's own bound.
    """

    _channel: ClassVar[Channel]

    def __init__(
        self,
        client: Any,
        *,
        path: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
        pinned: Mapping[str, Any] | None = None,
        extra_query: Mapping[str, Any] | None = None,
        extra_headers: Mapping[str, Any] | None = None,
        websocket_connection_options: Mapping[str, Any] | None = None,
        on_reconnecting: OnReconnecting | None = None,
        max_retries: int = 5,
        initial_delay: float = 0.5,
        max_delay: float = 8.0,
        max_queue_size: int | None = None,
    ) -> None:
        self._client = client
        self._path = path or {}
        self._query = query or {}
        self._pinned = given(dict(pinned or {}))
        self._extra_query = extra_query or {}
        self._extra_headers = Discreet(extra_headers or {})
        self._options = options(websocket_connection_options or {})
        self._on_reconnecting = on_reconnecting
        self._backoff = Backoff(max_retries, initial_delay, max_delay)
        self._outbox = Outbox(self._channel.queue if max_queue_size is None else max_queue_size)
        self._listeners = Listeners()
        # An empty path value is refused here, where the caller's line is on the stack.
        self._url(self._extra_query)

    def _url(self, query: Mapping[str, Any]) -> str:
        base = self._client.websocket_base_url or self._client.base_url
        own, path = given(dict(self._query)), self._channel.path
        # A house that serves a channel in its own way says how.
        routed = getattr(self._client, "_socket_route", None)
        base, entries = (base, {**own, **query}) if routed is None else routed(path, own, query)
        entries = {**entries, **self._pinned}
        return address(base, path, self._path, entries, self._client.default_query)

    def _fields(self, own: Mapping[str, Any], extra: Mapping[str, Any]) -> Headers:
        return fields(own, self._channel.headers, extra)

    def _session(self) -> Session:
        return Session(
            self._outbox,
            backoff=self._backoff,
            on_reconnecting=self._on_reconnecting,
            query=self._extra_query,
            headers=self._extra_headers,
        )

    def _queue(self, event: Any) -> None:
        self._outbox.put(encode_event(event))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._channel.path}>"
