# Written by tests/sockets/channel_writer.py from api/; do not edit.
# ruff: noqa: F401
"""The WebSocket endpoint `/live/sessions/{session_id}/fork`: what can be sent, and how to connect, on asyncio."""

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
    from ...types.live import ForkServerEvent, ForkSessionConfigParam, SessionUpdateConfigParam
    from ...types.live._params import DecisionItemCreateEventParamItemUnion
    from ...types.responses import ResponseInputItemParam

CHANNEL = Channel(
    "/live/sessions/{session_id}/fork",
    "live.fork_server_event:ForkServerEvent",
    queue=2_097_152,
)


class AsyncForksSessionInputAudioResource:
    """What `connection.session.input_audio` sends."""

    def __init__(self, connection: AsyncForksConnection) -> None:
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


class AsyncForksSessionOutputAudioFixtureResource:
    """What `connection.session.output_audio.fixture` sends."""

    def __init__(self, connection: AsyncForksConnection) -> None:
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


class AsyncForksSessionOutputAudioResource:
    """What `connection.session.output_audio` sends."""

    def __init__(self, connection: AsyncForksConnection) -> None:
        self._connection = connection
        self.fixture = AsyncForksSessionOutputAudioFixtureResource(connection)


class AsyncForksSessionInstructionsResource:
    """What `connection.session.instructions` sends."""

    def __init__(self, connection: AsyncForksConnection) -> None:
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


class AsyncForksSessionThinkingResource:
    """What `connection.session.thinking` sends."""

    def __init__(self, connection: AsyncForksConnection) -> None:
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


class AsyncForksSessionCommentaryResource:
    """What `connection.session.commentary` sends."""

    def __init__(self, connection: AsyncForksConnection) -> None:
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


class AsyncForksSessionResource:
    """What `connection.session` sends."""

    def __init__(self, connection: AsyncForksConnection) -> None:
        self._connection = connection
        self.input_audio = AsyncForksSessionInputAudioResource(connection)
        self.output_audio = AsyncForksSessionOutputAudioResource(connection)
        self.instructions = AsyncForksSessionInstructionsResource(connection)
        self.thinking = AsyncForksSessionThinkingResource(connection)
        self.commentary = AsyncForksSessionCommentaryResource(connection)

    async def start(
        self,
        *,
        session: ForkSessionConfigParam,
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


class AsyncForksDecisionItemResource:
    """What `connection.decision.item` sends."""

    def __init__(self, connection: AsyncForksConnection) -> None:
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


class AsyncForksDecisionResource:
    """What `connection.decision` sends."""

    def __init__(self, connection: AsyncForksConnection) -> None:
        self._connection = connection
        self.item = AsyncForksDecisionItemResource(connection)

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


class AsyncForksResponseItemResource:
    """What `connection.response.item` sends."""

    def __init__(self, connection: AsyncForksConnection) -> None:
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


class AsyncForksResponseResource:
    """What `connection.response` sends."""

    def __init__(self, connection: AsyncForksConnection) -> None:
        self._connection = connection
        self.item = AsyncForksResponseItemResource(connection)

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


class AsyncForksConnection(AsyncConnection["ForkServerEvent"]):
    """A connection to `/live/sessions/{session_id}/fork`; its parts send the events named after them."""

    _channel = CHANNEL

    def __init__(
        self, session: Session, connect: Callable[[Mapping[str, Any], Mapping[str, Any]], Awaitable[Any]]
    ) -> None:
        super().__init__(session, connect)
        self.session = AsyncForksSessionResource(self)
        self.decision = AsyncForksDecisionResource(self)
        self.response = AsyncForksResponseResource(self)


class AsyncForksConnectionManager(AsyncConnectionManager[AsyncForksConnection]):
    """Opens a `AsyncForksConnection`."""

    _channel = CHANNEL
    _connection_class = AsyncForksConnection

    def __init__(
        self,
        client: AsyncHost,
        *,
        session_id: str,
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
            path={"session_id": session_id},
            extra_query=extra_query,
            extra_headers=extra_headers,
            websocket_connection_options=websocket_connection_options,
            on_reconnecting=on_reconnecting,
            max_retries=max_retries,
            initial_delay=initial_delay,
            max_delay=max_delay,
            max_queue_size=max_queue_size,
        )
