# Written by tests/sockets/channel_writer.py from api/; do not edit.
# ruff: noqa: F401
"""The WebSocket endpoint `/live/sessions`: what can be sent, and how to connect."""

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
    from ...types.live import ServerEvent, SessionConfigParam, SessionUpdateConfigParam
    from ...types.live._params import DecisionItemCreateEventParamItemUnion
    from ...types.responses import ResponseInputItemParam

CHANNEL = Channel(
    "/live/sessions",
    "live.server_event:ServerEvent",
    queue=2_097_152,
)


class LiveSessionInputAudioResource:
    """What `connection.session.input_audio` sends."""

    def __init__(self, connection: LiveConnection) -> None:
        self._connection = connection

    def append(
        self,
        *,
        audio: str,
        event_id: str | Omit | NotGiven | None = omit,
    ) -> None:
        """Send `session.input_audio.append`."""
        self._connection.send(
            {
                "type": "session.input_audio.append",
                "audio": audio,
                "event_id": event_id,
            }
        )

    def mute(
        self,
        *,
        event_id: str | Omit | NotGiven | None = omit,
    ) -> None:
        """Send `session.input_audio.mute`."""
        self._connection.send(
            {
                "type": "session.input_audio.mute",
                "event_id": event_id,
            }
        )

    def unmute(
        self,
        *,
        event_id: str | Omit | NotGiven | None = omit,
    ) -> None:
        """Send `session.input_audio.unmute`."""
        self._connection.send(
            {
                "type": "session.input_audio.unmute",
                "event_id": event_id,
            }
        )


class LiveSessionOutputAudioFixtureResource:
    """What `connection.session.output_audio.fixture` sends."""

    def __init__(self, connection: LiveConnection) -> None:
        self._connection = connection

    def play(
        self,
        *,
        audio: str,
        event_id: str | Omit | NotGiven | None = omit,
    ) -> None:
        """Send `session.output_audio.fixture.play`."""
        self._connection.send(
            {
                "type": "session.output_audio.fixture.play",
                "audio": audio,
                "event_id": event_id,
            }
        )


class LiveSessionOutputAudioResource:
    """What `connection.session.output_audio` sends."""

    def __init__(self, connection: LiveConnection) -> None:
        self._connection = connection
        self.fixture = LiveSessionOutputAudioFixtureResource(connection)


class LiveSessionInstructionsResource:
    """What `connection.session.instructions` sends."""

    def __init__(self, connection: LiveConnection) -> None:
        self._connection = connection

    def append(
        self,
        *,
        content: str,
        delegation_id: str | None,
        event_id: str | Omit | NotGiven | None = omit,
    ) -> None:
        """Send `session.instructions.append`."""
        self._connection.send(
            {
                "type": "session.instructions.append",
                "content": content,
                "delegation_id": delegation_id,
                "event_id": event_id,
            }
        )


class LiveSessionThinkingResource:
    """What `connection.session.thinking` sends."""

    def __init__(self, connection: LiveConnection) -> None:
        self._connection = connection

    def append(
        self,
        *,
        content: str,
        delegation_id: str | None,
        event_id: str | Omit | NotGiven | None = omit,
    ) -> None:
        """Send `session.thinking.append`."""
        self._connection.send(
            {
                "type": "session.thinking.append",
                "content": content,
                "delegation_id": delegation_id,
                "event_id": event_id,
            }
        )


class LiveSessionCommentaryResource:
    """What `connection.session.commentary` sends."""

    def __init__(self, connection: LiveConnection) -> None:
        self._connection = connection

    def append(
        self,
        *,
        content: str,
        delegation_id: str | None,
        event_id: str | Omit | NotGiven | None = omit,
    ) -> None:
        """Send `session.commentary.append`."""
        self._connection.send(
            {
                "type": "session.commentary.append",
                "content": content,
                "delegation_id": delegation_id,
                "event_id": event_id,
            }
        )


class LiveSessionResource:
    """What `connection.session` sends."""

    def __init__(self, connection: LiveConnection) -> None:
        self._connection = connection
        self.input_audio = LiveSessionInputAudioResource(connection)
        self.output_audio = LiveSessionOutputAudioResource(connection)
        self.instructions = LiveSessionInstructionsResource(connection)
        self.thinking = LiveSessionThinkingResource(connection)
        self.commentary = LiveSessionCommentaryResource(connection)

    def start(
        self,
        *,
        session: SessionConfigParam,
        event_id: str | Omit | NotGiven | None = omit,
    ) -> None:
        """Send `session.start`."""
        self._connection.send(
            {
                "type": "session.start",
                "session": session,
                "event_id": event_id,
            }
        )

    def update(
        self,
        *,
        session: SessionUpdateConfigParam,
        event_id: str | Omit | NotGiven | None = omit,
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
        event_id: str | Omit | NotGiven | None = omit,
    ) -> None:
        """Send `session.close`."""
        self._connection.send(
            {
                "type": "session.close",
                "event_id": event_id,
            }
        )


class LiveDecisionItemResource:
    """What `connection.decision.item` sends."""

    def __init__(self, connection: LiveConnection) -> None:
        self._connection = connection

    def create(
        self,
        *,
        item: DecisionItemCreateEventParamItemUnion,
        event_id: str | Omit | NotGiven | None = omit,
    ) -> None:
        """Send `decision.item.create`."""
        self._connection.send(
            {
                "type": "decision.item.create",
                "item": item,
                "event_id": event_id,
            }
        )

    def delete(
        self,
        *,
        item_id: str,
        event_id: str | Omit | NotGiven | None = omit,
    ) -> None:
        """Send `decision.item.delete`."""
        self._connection.send(
            {
                "type": "decision.item.delete",
                "item_id": item_id,
                "event_id": event_id,
            }
        )


class LiveDecisionResource:
    """What `connection.decision` sends."""

    def __init__(self, connection: LiveConnection) -> None:
        self._connection = connection
        self.item = LiveDecisionItemResource(connection)

    def create(
        self,
        *,
        event_id: str,
    ) -> None:
        """Send `decision.create`."""
        self._connection.send(
            {
                "type": "decision.create",
                "event_id": event_id,
            }
        )


class LiveResponseItemResource:
    """What `connection.response.item` sends."""

    def __init__(self, connection: LiveConnection) -> None:
        self._connection = connection

    def create(
        self,
        *,
        item: ResponseInputItemParam,
        event_id: str | Omit | NotGiven | None = omit,
    ) -> None:
        """Send `response.item.create`."""
        self._connection.send(
            {
                "type": "response.item.create",
                "item": item,
                "event_id": event_id,
            }
        )


class LiveResponseResource:
    """What `connection.response` sends."""

    def __init__(self, connection: LiveConnection) -> None:
        self._connection = connection
        self.item = LiveResponseItemResource(connection)

    def create(
        self,
        *,
        event_id: str | Omit | NotGiven | None = omit,
    ) -> None:
        """Send `response.create`."""
        self._connection.send(
            {
                "type": "response.create",
                "event_id": event_id,
            }
        )


class LiveConnection(Connection["ServerEvent"]):
    """A connection to `/live/sessions`; its parts send the events named after them."""

    _channel = CHANNEL

    def __init__(self, session: Session, connect: Callable[[Mapping[str, Any], Mapping[str, Any]], Any]) -> None:
        super().__init__(session, connect)
        self.session = LiveSessionResource(self)
        self.decision = LiveDecisionResource(self)
        self.response = LiveResponseResource(self)


class LiveConnectionManager(ConnectionManager[LiveConnection]):
    """Opens a `LiveConnection`."""

    _channel = CHANNEL
    _connection_class = LiveConnection

    def __init__(
        self,
        client: Host,
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
