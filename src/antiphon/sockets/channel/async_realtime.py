# Written by tests/sockets/channel_writer.py from api/; do not edit.
# ruff: noqa: F401
"""The WebSocket endpoint `/realtime`: what can be sent, and how to connect, on asyncio."""

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
    from ...types.realtime import ConversationItemParam, RealtimeResponseCreateParamsParam, RealtimeServerEvent
    from ...types.realtime._params import SessionUpdateEventParamSession

CHANNEL = Channel(
    "/realtime",
    "realtime.realtime_server_event:RealtimeServerEvent",
    queue=1_048_576,
)


class AsyncRealtimeConversationItemResource:
    """What `connection.conversation.item` sends."""

    def __init__(self, connection: AsyncRealtimeConnection) -> None:
        self._connection = connection

    async def create(
        self,
        *,
        item: ConversationItemParam,
        event_id: str | Omit | NotGiven = omit,
        previous_item_id: str | Omit | NotGiven = omit,
    ) -> None:
        """Send `conversation.item.create`."""
        await self._connection.send(
            {
                "type": "conversation.item.create",
                "item": item,
                "event_id": event_id,
                "previous_item_id": previous_item_id,
            }
        )

    async def delete(
        self,
        *,
        item_id: str,
        event_id: str | Omit | NotGiven = omit,
    ) -> None:
        """Send `conversation.item.delete`."""
        await self._connection.send(
            {
                "type": "conversation.item.delete",
                "item_id": item_id,
                "event_id": event_id,
            }
        )

    async def retrieve(
        self,
        *,
        item_id: str,
        event_id: str | Omit | NotGiven = omit,
    ) -> None:
        """Send `conversation.item.retrieve`."""
        await self._connection.send(
            {
                "type": "conversation.item.retrieve",
                "item_id": item_id,
                "event_id": event_id,
            }
        )

    async def truncate(
        self,
        *,
        audio_end_ms: int,
        content_index: int,
        item_id: str,
        event_id: str | Omit | NotGiven = omit,
    ) -> None:
        """Send `conversation.item.truncate`."""
        await self._connection.send(
            {
                "type": "conversation.item.truncate",
                "audio_end_ms": audio_end_ms,
                "content_index": content_index,
                "item_id": item_id,
                "event_id": event_id,
            }
        )


class AsyncRealtimeConversationResource:
    """What `connection.conversation` sends."""

    def __init__(self, connection: AsyncRealtimeConnection) -> None:
        self._connection = connection
        self.item = AsyncRealtimeConversationItemResource(connection)


class AsyncRealtimeInputAudioBufferResource:
    """What `connection.input_audio_buffer` sends."""

    def __init__(self, connection: AsyncRealtimeConnection) -> None:
        self._connection = connection

    async def append(
        self,
        *,
        audio: str,
        event_id: str | Omit | NotGiven = omit,
    ) -> None:
        """Send `input_audio_buffer.append`."""
        await self._connection.send(
            {
                "type": "input_audio_buffer.append",
                "audio": audio,
                "event_id": event_id,
            }
        )

    async def clear(
        self,
        *,
        event_id: str | Omit | NotGiven = omit,
    ) -> None:
        """Send `input_audio_buffer.clear`."""
        await self._connection.send(
            {
                "type": "input_audio_buffer.clear",
                "event_id": event_id,
            }
        )

    async def commit(
        self,
        *,
        event_id: str | Omit | NotGiven = omit,
    ) -> None:
        """Send `input_audio_buffer.commit`."""
        await self._connection.send(
            {
                "type": "input_audio_buffer.commit",
                "event_id": event_id,
            }
        )


class AsyncRealtimeOutputAudioBufferResource:
    """What `connection.output_audio_buffer` sends."""

    def __init__(self, connection: AsyncRealtimeConnection) -> None:
        self._connection = connection

    async def clear(
        self,
        *,
        event_id: str | Omit | NotGiven = omit,
    ) -> None:
        """Send `output_audio_buffer.clear`."""
        await self._connection.send(
            {
                "type": "output_audio_buffer.clear",
                "event_id": event_id,
            }
        )


class AsyncRealtimeResponseResource:
    """What `connection.response` sends."""

    def __init__(self, connection: AsyncRealtimeConnection) -> None:
        self._connection = connection

    async def cancel(
        self,
        *,
        event_id: str | Omit | NotGiven = omit,
        response_id: str | Omit | NotGiven = omit,
    ) -> None:
        """Send `response.cancel`."""
        await self._connection.send(
            {
                "type": "response.cancel",
                "event_id": event_id,
                "response_id": response_id,
            }
        )

    async def create(
        self,
        *,
        event_id: str | Omit | NotGiven = omit,
        response: RealtimeResponseCreateParamsParam | Omit | NotGiven = omit,
    ) -> None:
        """Send `response.create`."""
        await self._connection.send(
            {
                "type": "response.create",
                "event_id": event_id,
                "response": response,
            }
        )


class AsyncRealtimeSessionResource:
    """What `connection.session` sends."""

    def __init__(self, connection: AsyncRealtimeConnection) -> None:
        self._connection = connection

    async def update(
        self,
        *,
        session: SessionUpdateEventParamSession,
        event_id: str | Omit | NotGiven = omit,
    ) -> None:
        """Send `session.update`."""
        await self._connection.send(
            {
                "type": "session.update",
                "session": session,
                "event_id": event_id,
            }
        )


class AsyncRealtimeConnection(AsyncConnection["RealtimeServerEvent"]):
    """A connection to `/realtime`; its parts send the events named after them."""

    _channel = CHANNEL

    def __init__(
        self, session: Session, connect: Callable[[Mapping[str, Any], Mapping[str, Any]], Awaitable[Any]]
    ) -> None:
        super().__init__(session, connect)
        self.conversation = AsyncRealtimeConversationResource(self)
        self.input_audio_buffer = AsyncRealtimeInputAudioBufferResource(self)
        self.output_audio_buffer = AsyncRealtimeOutputAudioBufferResource(self)
        self.response = AsyncRealtimeResponseResource(self)
        self.session = AsyncRealtimeSessionResource(self)


class AsyncRealtimeConnectionManager(AsyncConnectionManager[AsyncRealtimeConnection]):
    """Opens a `AsyncRealtimeConnection`."""

    _channel = CHANNEL
    _connection_class = AsyncRealtimeConnection

    def __init__(
        self,
        client: AsyncHost,
        *,
        call_id: str | Omit | NotGiven = omit,
        model: str | Omit | NotGiven = omit,
        extra_query: Mapping[str, Any] | None = None,
        extra_headers: Mapping[str, Any] | None = None,
        websocket_connection_options: Mapping[str, Any] | None = None,
        on_reconnecting: OnReconnecting | None = None,
        max_retries: int = 5,
        initial_delay: float = 0.5,
        max_delay: float = 8.0,
        max_queue_size: int = 1_048_576,
    ) -> None:
        super().__init__(
            client,
            query={"model": model},
            pinned={"call_id": call_id},
            extra_query=extra_query,
            extra_headers=extra_headers,
            websocket_connection_options=websocket_connection_options,
            on_reconnecting=on_reconnecting,
            max_retries=max_retries,
            initial_delay=initial_delay,
            max_delay=max_delay,
            max_queue_size=max_queue_size,
        )
