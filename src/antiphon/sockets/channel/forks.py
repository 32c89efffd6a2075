# Written by tests/sockets/channel_writer.py from api/; do not edit.
# ruff: noqa: F401
"""The WebSocket endpoint `/live/sessions/{session_id}/fork`: what can be sent, and how to connect."""

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
    from ...types.live import ForkServerEvent, ForkSessionConfigParam, SessionUpdateConfigParam
    from ...types.live._params import DecisionItemCreateEventParamItemUnion
    from ...types.responses import ResponseInputItemParam

CHANNEL = Channel(
    "/live/sessions/{session_id}/fork",
    "live.fork_server_event:ForkServerEvent",
    queue=2_097_152,
)


class ForksSessionInputAudioResource:
    """What `connection.session.input_audio` sends."""

    def __init__(self, connection: ForksConnection) -> None:
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


class ForksSessionOutputAudioFixtureResource:
    """What `connection.session.output_audio.fixture` sends."""

    def __init__(self, connection: ForksConnection) -> None:
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


class ForksSessionOutputAudioResource:
    """What `connection.session.output_audio` sends."""

    def __init__(self, connection: ForksConnection) -> None:
        self._connection = connection
        self.fixture = ForksSessionOutputAudioFixtureResource(connection)


class ForksSessionInstructionsResource:
    """What `connection.session.instructions` sends."""

    def __init__(self, connection: ForksConnection) -> None:
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


class ForksSessionThinkingResource:
    """What `connection.session.thinking` sends."""

    def __init__(self, connection: ForksConnection) -> None:
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


class ForksSessionCommentaryResource:
    """What `connection.session.commentary` sends."""

    def __init__(self, connection: ForksConnection) -> None:
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


class ForksSessionResource:
    """What `connection.session` sends."""

    def __init__(self, connection: ForksConnection) -> None:
        self._connection = connection
        self.input_audio = ForksSessionInputAudioResource(connection)
        self.output_audio = ForksSessionOutputAudioResource(connection)
        self.instructions = ForksSessionInstructionsResource(connection)
        self.thinking = ForksSessionThinkingResource(connection)
        self.commentary = ForksSessionCommentaryResource(connection)

    def start(
        self,
        *,
        session: ForkSessionConfigParam,
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


class ForksDecisionItemResource:
    """What `connection.decision.item` sends."""

    def __init__(self, connection: ForksConnection) -> None:
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


class ForksDecisionResource:
    """What `connection.decision` sends."""

    def __init__(self, connection: ForksConnection) -> None:
        self._connection = connection
        self.item = ForksDecisionItemResource(connection)

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


class ForksResponseItemResource:
    """What `connection.response.item` sends."""

    def __init__(self, connection: ForksConnection) -> None:
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


class ForksResponseResource:
    """What `connection.response` sends."""

    def __init__(self, connection: ForksConnection) -> None:
        self._connection = connection
        self.item = ForksResponseItemResource(connection)

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


class ForksConnection(Connection["ForkServerEvent"]):
    """A connection to `/live/sessions/{session_id}/fork`; its parts send the events named after them."""

    _channel = CHANNEL

    def __init__(self, session: Session, connect: Callable[[Mapping[str, Any], Mapping[str, Any]], Any]) -> None:
        super().__init__(session, connect)
        self.session = ForksSessionResource(self)
        self.decision = ForksDecisionResource(self)
        self.response = ForksResponseResource(self)


class ForksConnectionManager(ConnectionManager[ForksConnection]):
    """Opens a `ForksConnection`."""

    _channel = CHANNEL
    _connection_class = ForksConnection

    def __init__(
        self,
        client: Host,
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
