# Written by tests/sockets/channel_writer.py from api/; do not edit.
# ruff: noqa: F401
"""The WebSocket endpoint `/realtime`: what can be sent, and how to connect."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ...core.omit import NotGiven, Omit, omit
from ..address import Channel
from ..blocking import Connection, ConnectionManager
from ..opening import Host
from ..session import Session

if TYPE_CHECKING:
    from ...types.beta.realtime import ConversationItemParam, RealtimeServerEvent
    from ...types.beta.realtime._params import (
        ResponseCreateEventParamResponse,
        SessionUpdateEventParamSession,
        TranscriptionSessionUpdateParamSession,
    )

CHANNEL = Channel(
    "/realtime",
    "beta.realtime.realtime_server_event:RealtimeServerEvent",
    headers={"OpenAI-Beta": "realtime=v1"},
    queue=1_048_576,
)


class RealtimeConversationItemResource:
    """What `connection.conversation.item` sends."""

    def __init__(self, connection: RealtimeConnection) -> None:
        self._connection = connection

    def create(
        self,
        *,
        item: ConversationItemParam,
        event_id: str | Omit | NotGiven = omit,
        previous_item_id: str | Omit | NotGiven = omit,
    ) -> None:
        """Send `conversation.item.create`."""
        self._connection.send(
            {
                "type": "conversation.item.create",
                "item": item,
                "event_id": event_id,
                "previous_item_id": previous_item_id,
            }
        )

    def delete(
        self,
        *,
        item_id: str,
        event_id: str | Omit | NotGiven = omit,
    ) -> None:
        """Send `conversation.item.delete`."""
        self._connection.send(
            {
                "type": "conversation.item.delete",
                "item_id": item_id,
                "event_id": event_id,
            }
        )

    def retrieve(
        self,
        *,
        item_id: str,
        event_id: str | Omit | NotGiven = omit,
    ) -> None:
        """Send `conversation.item.retrieve`."""
        self._connection.send(
            {
                "type": "conversation.item.retrieve",
                "item_id": item_id,
                "event_id": event_id,
            }
        )

    def truncate(
        self,
        *,
        audio_end_ms: int,
        content_index: int,
        item_id: str,
        event_id: str | Omit | NotGiven = omit,
    ) -> None:
        """Send `conversation.item.truncate`."""
        self._connection.send(
            {
                "type": "conversation.item.truncate",
                "audio_end_ms": audio_end_ms,
                "content_index": content_index,
                "item_id": item_id,
                "event_id": event_id,
            }
        )


class RealtimeConversationResource:
    """What `connection.conversation` sends."""

    def __init__(self, connection: RealtimeConnection) -> None:
        self._connection = connection
        self.item = RealtimeConversationItemResource(connection)


class RealtimeInputAudioBufferResource:
    """What `connection.input_audio_buffer` sends."""

    def __init__(self, connection: RealtimeConnection) -> None:
        self._connection = connection

    def append(
        self,
        *,
        audio: str,
        event_id: str | Omit | NotGiven = omit,
    ) -> None:
        """Send `input_audio_buffer.append`."""
        self._connection.send(
            {
                "type": "input_audio_buffer.append",
                "audio": audio,
                "event_id": event_id,
            }
        )

    def clear(
        self,
        *,
        event_id: str | Omit | NotGiven = omit,
    ) -> None:
        """Send `input_audio_buffer.clear`."""
        self._connection.send(
            {
                "type": "input_audio_buffer.clear",
                "event_id": event_id,
            }
        )

    def commit(
        self,
        *,
        event_id: str | Omit | NotGiven = omit,
    ) -> None:
        """Send `input_audio_buffer.commit`."""
        self._connection.send(
            {
                "type": "input_audio_buffer.commit",
                "event_id": event_id,
            }
        )


class RealtimeOutputAudioBufferResource:
    """What `connection.output_audio_buffer` sends."""

    def __init__(self, connection: RealtimeConnection) -> None:
        self._connection = connection

    def clear(
        self,
        *,
        event_id: str | Omit | NotGiven = omit,
    ) -> None:
        """Send `output_audio_buffer.clear`."""
        self._connection.send(
            {
                "type": "output_audio_buffer.clear",
                "event_id": event_id,
            }
        )


class RealtimeResponseResource:
    """What `connection.response` sends."""

    def __init__(self, connection: RealtimeConnection) -> None:
        self._connection = connection

    def cancel(
        self,
        *,
        event_id: str | Omit | NotGiven = omit,
        response_id: str | Omit | NotGiven = omit,
    ) -> None:
        """Send `response.cancel`."""
        self._connection.send(
            {
                "type": "response.cancel",
                "event_id": event_id,
                "response_id": response_id,
            }
        )

    def create(
        self,
        *,
        event_id: str | Omit | NotGiven = omit,
        response: ResponseCreateEventParamResponse | Omit | NotGiven = omit,
    ) -> None:
        """Send `response.create`."""
        self._connection.send(
            {
                "type": "response.create",
                "event_id": event_id,
                "response": response,
            }
        )


class RealtimeSessionResource:
    """What `connection.session` sends."""

    def __init__(self, connection: RealtimeConnection) -> None:
        self._connection = connection

    def update(
        self,
        *,
        session: SessionUpdateEventParamSession,
        event_id: str | Omit | NotGiven = omit,
    ) -> None:
        """Send `session.update`."""
        self._connection.send(
            {
                "type": "session.update",
                "session": session,
                "event_id": event_id,
            }
        )


class RealtimeTranscriptionSessionResource:
    """What `connection.transcription_session` sends."""

    def __init__(self, connection: RealtimeConnection) -> None:
        self._connection = connection

    def update(
        self,
        *,
        session: TranscriptionSessionUpdateParamSession,
        event_id: str | Omit | NotGiven = omit,
    ) -> None:
        """Send `transcription_session.update`."""
        self._connection.send(
            {
                "type": "transcription_session.update",
                "session": session,
                "event_id": event_id,
            }
        )


class RealtimeConnection(Connection["RealtimeServerEvent"]):
    """A connection to `/realtime`; its parts send the events named after them."""

    _channel = CHANNEL

    def __init__(self, session: Session, connect: Callable[[Mapping[str, Any], Mapping[str, Any]], Any]) -> None:
        super().__init__(session, connect)
        self.conversation = RealtimeConversationResource(self)
        self.input_audio_buffer = RealtimeInputAudioBufferResource(self)
        self.output_audio_buffer = RealtimeOutputAudioBufferResource(self)
        self.response = RealtimeResponseResource(self)
        self.session = RealtimeSessionResource(self)
        self.transcription_session = RealtimeTranscriptionSessionResource(self)


class RealtimeConnectionManager(ConnectionManager[RealtimeConnection]):
    """Opens a `RealtimeConnection`."""

    _channel = CHANNEL
    _connection_class = RealtimeConnection

    def __init__(
        self,
        client: Host,
        *,
        model: str,
        extra_query: Mapping[str, Any] | None = None,
        extra_headers: Mapping[str, Any] | None = None,
        websocket_connection_options: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(
            client,
            query={"model": model},
            extra_query=extra_query,
            extra_headers=extra_headers,
            websocket_connection_options=websocket_connection_options,
        )
