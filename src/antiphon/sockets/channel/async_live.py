# Written by tests/sockets/channel_writer.py from api/; do not edit.
# ruff: noqa: F401
"""The WebSocket endpoint `/live/sessions`: what can be sent, and how to connect, on asyncio."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from ...core.omit import NotGiven, Omit, omit
from ..address import Channel
from ..asynchronous import AsyncConnection, AsyncConnectionManager
from ..opening import AsyncHost
from ..reconnection import OnReconnecting
from ..session import Session

if TYPE_CHECKING:
    from ...types.live import ServerEvent, SessionConfigParam, SessionUpdateConfigParam
    from ...types.live._params import DecisionItemCreateEventParamItemUnion
    from ...types.responses import ResponseInputItemParam

CHANNEL = Channel(
    "/live/sessions",
    "live.server_event:ServerEvent",
    queue=2_097_152,
)


class AsyncLiveSessionInputAudioResource:
    """What `connection.session.input_audio` sends."""

    def __init__(self, connection: AsyncLiveConnection) -> None:
        self._connection = connection

    async def append(
        self,
        *,
        audio: str,
        event_id: str | Omit | NotGiven | None = omit,
    ) -> None:
        """Send `session.input_audio.append`."""
        await self._connection.send(
            {
                "type": "session.input_audio.append",
                "audio": audio,
                "event_id": event_id,
            }
        )

    async def mute(
        self,
        *,
        event_id: str | Omit | NotGiven | None = omit,
    ) -> None:
        """Send `session.input_audio.mute`."""
        await self._connection.send(
            {
                "type": "session.input_audio.mute",
                "event_id": event_id,
            }
        )

    async def unmute(
        self,
        *,
        event_id: str | Omit | NotGiven | None = omit,
    ) -> None:
        """Send `session.input_audio.unmute`."""
        await self._connection.send(
            {
                "type": "session.input_audio.unmute",
                "event_id": event_id,
            }
        )


class AsyncLiveSessionOutputAudioFixtureResource:
    """What `connection.session.output_audio.fixture` sends."""

    def __init__(self, connection: AsyncLiveConnection) -> None:
        self._connection = connection

    async def play(
        self,
        *,
        audio: str,
        event_id: str | Omit | NotGiven | None = omit,
    ) -> None:
        """Send `session.output_audio.fixture.play`."""
        await self._connection.send(
            {
                "type": "session.output_audio.fixture.play",
                "audio": audio,
                "event_id": event_id,
            }
        )


class AsyncLiveSessionOutputAudioResource:
    """What `connection.session.output_audio` sends."""

    def __init__(self, connection: AsyncLiveConnection) -> None:
        self._connection = connection
        self.fixture = AsyncLiveSessionOutputAudioFixtureResource(connection)


class AsyncLiveSessionInstructionsResource:
    """What `connection.session.instructions` sends."""

    def __init__(self, connection: AsyncLiveConnection) -> None:
        self._connection = connection

    async def append(
        self,
        *,
        content: str,
        delegation_id: str | None,
        event_id: str | Omit | NotGiven | None = omit,
    ) -> None:
        """Send `session.instructions.append`."""
        await self._connection.send(
            {
                "type": "session.instructions.append",
                "content": content,
                "delegation_id": delegation_id,
                "event_id": event_id,
            }
        )


class AsyncLiveSessionThinkingResource:
    """What `connection.session.thinking` sends."""

    def __init__(self, connection: AsyncLiveConnection) -> None:
        self._connection = connection

    async def append(
        self,
        *,
        content: str,
        delegation_id: str | None,
        event_id: str | Omit | NotGiven | None = omit,
    ) -> None:
        """Send `session.thinking.append`."""
        await self._connection.send(
            {
                "type": "session.thinking.append",
                "content": content,
                "delegation_id": delegation_id,
                "event_id": event_id,
            }
        )


class AsyncLiveSessionCommentaryResource:
    """What `connection.session.commentary` sends."""

    def __init__(self, connection: AsyncLiveConnection) -> None:
        self._connection = connection

    async def append(
        self,
        *,
        content: str,
        delegation_id: str | None,
        event_id: str | Omit | NotGiven | None = omit,
    ) -> None:
        """Send `session.commentary.append`."""
        await self._connection.send(
            {
                "type": "session.commentary.append",
                "content": content,
                "delegation_id": delegation_id,
                "event_id": event_id,
            }
        )


class AsyncLiveSessionResource:
    """What `connection.session` sends."""

    def __init__(self, connection: AsyncLiveConnection) -> None:
        self._connection = connection
        self.input_audio = AsyncLiveSessionInputAudioResource(connection)
        self.output_audio = AsyncLiveSessionOutputAudioResource(connection)
        self.instructions = AsyncLiveSessionInstructionsResource(connection)
        self.thinking = AsyncLiveSessionThinkingResource(connection)
        self.commentary = AsyncLiveSessionCommentaryResource(connection)

    async def start(
        self,
        *,
        session: SessionConfigParam,
        event_id: str | Omit | NotGiven | None = omit,
    ) -> None:
        """Send `session.start`."""
        await self._connection.send(
            {
                "type": "session.start",
                "session": session,
                "event_id": event_id,
            }
        )

    async def update(
        self,
        *,
        session: SessionUpdateConfigParam,
        event_id: str | Omit | NotGiven | None = omit,
    ) -> None:
        """Send `session.update`."""
        await self._connection.send(
            {
                "type": "session.update",
                "session": session,
                "event_id": event_id,
            }
        )

    async def close(
        self,
        *,
        event_id: str | Omit | NotGiven | None = omit,
    ) -> None:
        """Send `session.close`."""
        await self._connection.send(
            {
                "type": "session.close",
                "event_id": event_id,
            }
        )


class AsyncLiveDecisionItemResource:
    """What `connection.decision.item` sends."""

    def __init__(self, connection: AsyncLiveConnection) -> None:
        self._connection = connection

    async def create(
        self,
        *,
        item: DecisionItemCreateEventParamItemUnion,
        event_id: str | Omit | NotGiven | None = omit,
    ) -> None:
        """Send `decision.item.create`."""
        await self._connection.send(
            {
                "type": "decision.item.create",
                "item": item,
                "event_id": event_id,
            }
        )

    async def delete(
        self,
        *,
        item_id: str,
        event_id: str | Omit | NotGiven | None = omit,
    ) -> None:
        """Send `decision.item.delete`."""
        await self._connection.send(
            {
                "type": "decision.item.delete",
                "item_id": item_id,
                "event_id": event_id,
            }
        )


class AsyncLiveDecisionResource:
    """What `connection.decision` sends."""

    def __init__(self, connection: AsyncLiveConnection) -> None:
        self._connection = connection
        self.item = AsyncLiveDecisionItemResource(connection)

    async def create(
        self,
        *,
        event_id: str,
    ) -> None:
        """Send `decision.create`."""
        await self._connection.send(
            {
                "type": "decision.create",
                "event_id": event_id,
            }
        )


class AsyncLiveResponseItemResource:
    """What `connection.response.item` sends."""

    def __init__(self, connection: AsyncLiveConnection) -> None:
        self._connection = connection

    async def create(
        self,
        *,
        item: ResponseInputItemParam,
        event_id: str | Omit | NotGiven | None = omit,
    ) -> None:
        """Send `response.item.create`."""
        await self._connection.send(
            {
                "type": "response.item.create",
                "item": item,
                "event_id": event_id,
            }
        )


class AsyncLiveResponseResource:
    """What `connection.response` sends."""

    def __init__(self, connection: AsyncLiveConnection) -> None:
        self._connection = connection
        self.item = AsyncLiveResponseItemResource(connection)

    async def create(
        self,
        *,
        event_id: str | Omit | NotGiven | None = omit,
    ) -> None:
        """Send `response.create`."""
        await self._connection.send(
            {
                "type": "response.create",
                "event_id": event_id,
            }
        )


class AsyncLiveConnection(AsyncConnection["ServerEvent"]):
    """A connection to `/live/sessions`; its parts send the events named after them."""

    _channel = CHANNEL

    def __init__(
        self, session: Session, connect: Callable[[Mapping[str, Any], Mapping[str, Any]], Awaitable[Any]]
    ) -> None:
        super().__init__(session, connect)
        self.session = AsyncLiveSessionResource(self)
        self.decision = AsyncLiveDecisionResource(self)
        self.response = AsyncLiveResponseResource(self)


class AsyncLiveConnectionManager(AsyncConnectionManager[AsyncLiveConnection]):
    """Opens a `AsyncLiveConnection`."""

    _channel = CHANNEL
    _connection_class = AsyncLiveConnection

    def __init__(
        self,
        client: AsyncHost,
        *,
        extra_query: Mapping[str, Any] | None = None,
        extra_headers: Mapping[str, Any] | None = None,
        websocket_connection_options: Mapping[str, Any] | None = None,
        on_reconnecting: OnReconnecting | None = None,
        max_retries: int = 5,
        initial_delay: float = 0.5,
        max_delay: float = 8.0,
        max_queue_size: int = 2_097_152,
    ) -> None:
        super().__init__(
            client,
            extra_query=extra_query,
            extra_headers=extra_headers,
            websocket_connection_options=websocket_connection_options,
            on_reconnecting=on_reconnecting,
            max_retries=max_retries,
            initial_delay=initial_delay,
            max_delay=max_delay,
            max_queue_size=max_queue_size,
        )
