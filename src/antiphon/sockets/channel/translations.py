# Written by tests/sockets/channel_writer.py from api/; do not edit.
# ruff: noqa: F401
"""The WebSocket endpoint `/realtime/translations`: what can be sent, and how to connect."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ...core.omit import NotGiven, Omit, omit
from ..address import Channel
from ..blocking import Connection, ConnectionManager
from ..opening import Host
from ..reconnection import OnReconnecting
from ..session import Session

if TYPE_CHECKING:
    from ...types.realtime import RealtimeTranslationServerEvent, RealtimeTranslationSessionUpdateRequestParam

CHANNEL = Channel(
    "/realtime/translations",
    "realtime.realtime_translation_server_event:RealtimeTranslationServerEvent",
    queue=1_048_576,
)


class TranslationsSessionInputAudioBufferResource:
    """What `connection.session.input_audio_buffer` sends."""

    def __init__(self, connection: TranslationsConnection) -> None:
        self._connection = connection

    def append(
        self,
        *,
        audio: str,
        event_id: str | Omit | NotGiven = omit,
    ) -> None:
        """Send `session.input_audio_buffer.append`."""
        self._connection.send(
            {
                "type": "session.input_audio_buffer.append",
                "audio": audio,
                "event_id": event_id,
            }
        )


class TranslationsSessionResource:
    """What `connection.session` sends."""

    def __init__(self, connection: TranslationsConnection) -> None:
        self._connection = connection
        self.input_audio_buffer = TranslationsSessionInputAudioBufferResource(connection)

    def update(
        self,
        *,
        session: RealtimeTranslationSessionUpdateRequestParam,
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

    def close(
        self,
        *,
        event_id: str | Omit | NotGiven = omit,
    ) -> None:
        """Send `session.close`."""
        self._connection.send(
            {
                "type": "session.close",
                "event_id": event_id,
            }
        )


class TranslationsConnection(Connection["RealtimeTranslationServerEvent"]):
    """A connection to `/realtime/translations`; its parts send the events named after them."""

    _channel = CHANNEL

    def __init__(self, session: Session, connect: Callable[[Mapping[str, Any], Mapping[str, Any]], Any]) -> None:
        super().__init__(session, connect)
        self.session = TranslationsSessionResource(self)


class TranslationsConnectionManager(ConnectionManager[TranslationsConnection]):
    """Opens a `TranslationsConnection`."""

    _channel = CHANNEL
    _connection_class = TranslationsConnection

    def __init__(
        self,
        client: Host,
        *,
        model: str,
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
            extra_query=extra_query,
            extra_headers=extra_headers,
            websocket_connection_options=websocket_connection_options,
            on_reconnecting=on_reconnecting,
            max_retries=max_retries,
            initial_delay=initial_delay,
            max_delay=max_delay,
            max_queue_size=max_queue_size,
        )
