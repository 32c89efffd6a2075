"""What a turn of an agent came to: its final messages, collected from the session's events. Pure.

A result exists only once the session has said that the turn is over and went well; everything else is an error that keeps
what was seen. Collecting is off until it is asked for, and it must be asked for before events are read: messages that went
by cannot be had again.
"""

from __future__ import annotations

from collections.abc import Collection
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, cast

from ..core.members import texts_of
from ..core.mismatch import kind_of
from ..core.reference import caster_of
from ..errors import OpenAIError
from .assistant_snapshot import plain
from .schema import to_strict_json_schema
from .structure import is_structure, reader_of

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    from ..types.beta import AgentSessionMessage
    from ..types.beta._models import RequiredAction
    from ..types.beta.agents.sessions import Turn

    OutputT = TypeVar("OutputT", default=Any)
    ParseT = TypeVar("ParseT")
else:
    from typing import TypeVar

    OutputT = TypeVar("OutputT")
    ParseT = TypeVar("ParseT")

ResultErrorReason = Literal["failed", "cancelled", "requires_action", "incomplete", "observation_failed"]

_MESSAGE = "beta.agent_session_message:AgentSessionMessage"
_TURN_ENDED = frozenset(f"agent.session.turn.{state}" for state in ("completed", "failed", "cancelled"))

_REASONS: dict[ResultErrorReason, str] = {
    "failed": "the turn or its session failed",
    "cancelled": "the turn was cancelled",
    "requires_action": "the session waits for an action that no handler takes; see required_actions",
    "incomplete": "the stream ended before the turn was complete",
    "observation_failed": "the session could not be followed to the end; the turn itself may have gone on",
}


def validate_output_type(output_type: Any) -> None:
    """Refuse a type that no answer can be read into.

    Raises:
        TypeError: it is none of those that structured outputs know.
    """
    if not is_structure(output_type):
        raise TypeError(
            "output_type must be a pydantic model or dataclass, a dataclass, TypedDict or msgspec Struct, "
            f"not {output_type!r}"
        )


def agent_text_format(output_type: Any) -> dict[str, Any]:
    """The `agent.text.format` that asks for answers of this type.

    Raises:
        TypeError: it is none of the types that structured outputs know.
    """
    validate_output_type(output_type)
    return {"type": "json_schema", "schema": to_strict_json_schema(output_type)}


@dataclass(frozen=True)
class AgentTurnResult(Generic[OutputT]):
    """The completed final messages of one successful turn.

    Attributes:
        turn: the turn as it ended.
        messages: its final assistant messages, in order.
        output_parsed: the answer as the `output_type` that was asked for, or `None`.
    """

    turn: Turn
    messages: list[AgentSessionMessage]
    output_parsed: OutputT | None = None

    def parse(self, output_type: type[ParseT]) -> AgentTurnResult[ParseT]:
        """The same result with its answer read as another type.

        Raises:
            AgentOutputParseError: there is no answer, or it does not fit; the text is not in the message.
        """
        try:
            validate_output_type(output_type)
            read = reader_of(cast("Any", output_type))
            parsed = [read(text) for text in self._texts()]
            answer = cast("ParseT", parsed[0])
        except Exception:
            # What went wrong may quote the answer, which is the user's data.
            raise AgentOutputParseError(self) from None
        return AgentTurnResult(turn=self.turn, messages=self.messages, output_parsed=answer)

    @property
    def session_id(self) -> str:
        """The session the turn belongs to."""
        return self.turn.session_id

    @property
    def turn_id(self) -> str:
        """The turn's id."""
        return self.turn.id

    @property
    def output_text(self) -> str:
        """The text of all final messages, joined as it is.

        Raises:
            MalformedResponse: a message's content is not what the API promises.
        """
        return "".join(self._texts())

    def _texts(self) -> list[str]:
        return [text for message in self.messages for text in texts_of(message)]


class AgentOutputParseError(OpenAIError):
    """The turn went well, but its answer does not fit the type asked for.

    Attributes:
        result: the turn's result, unparsed.
    """

    def __init__(self, result: AgentTurnResult[Any]) -> None:
        super().__init__("the agent's answer could not be read as the output_type; .result has it as text")
        self.result = result


class AgentTurnResultError(OpenAIError):
    """No successful, complete result; what was seen of it is kept.

    Attributes:
        reason: "failed", "cancelled", "requires_action", "incomplete" or "observation_failed".
        turn: the turn as far as it was seen, or `None`.
        turn_id: its id.
        session_id: the session's id.
        messages: its final messages so far.
        required_actions: what the session waits for.
    """

    def __init__(
        self,
        reason: ResultErrorReason,
        *,
        turn: Turn | None,
        session_id: str | None,
        messages: list[AgentSessionMessage],
        required_actions: list[RequiredAction],
    ) -> None:
        super().__init__(f"no result of the agent's turn ({reason}): {_REASONS[reason]}")
        self.reason = reason
        self.turn = turn
        self.session_id = session_id
        self.turn_id = turn.id if turn is not None else None
        self.messages = messages
        self.required_actions = required_actions


class Collector:
    """Follows the first turn of a session that is not a subagent's."""

    def __init__(self, session_id: str | None = None) -> None:
        self.session_id = session_id
        self.turn: Any = None
        self.done = False
        self.cause: Exception | None = None
        self.required_actions: list[Any] = []
        self._session_failed = False
        self._messages: dict[str, tuple[int, Any]] = {}
        self._error: AgentTurnResultError | None = None
        self._result: AgentTurnResult[Any] | None = None

    def accept(self, event: Any) -> None:
        """Take note of an event."""
        if self.done:
            return
        kind: str | None = event.__dict__.get("type")
        if kind in _TURN_ENDED:
            self._turn_ended(event)
        elif kind == "agent.session.turn.item.done":
            self._item_done(event)
        elif kind == "agent.session.turn.created":
            if self.turn is None and event.turn.subagent_id is None:
                self.turn, self.session_id = deepcopy(event.turn), event.session_id
        elif kind == "agent.session.in_progress":
            self.required_actions = []
        elif kind == "agent.session.idle":
            self._idle()
        elif kind in ("agent.session.created", "agent.session.requires_action", "agent.session.failed"):
            self._session_changed(kind, event.session)

    def _turn_ended(self, event: Any) -> None:
        if self.turn is not None and event.turn_id == self.turn.id:
            _ = event.turn.status
            self.turn = deepcopy(event.turn)
            self.required_actions = []

    def _item_done(self, event: Any) -> None:
        item = event.item
        if self.turn is None or item.type != "message" or item.turn_id != self.turn.id:
            return
        if item.phase != "commentary" and item.status == "completed":
            place = event.output_index
            if not isinstance(place, int):
                raise TypeError(f"{kind_of(place)} is no index")
            self._messages[item.id] = (place, caster_of(_MESSAGE)(plain(item)))

    def _idle(self) -> None:
        if self.turn is not None and self.turn.status in ("completed", "failed", "cancelled"):
            self.required_actions = []
            self.done = True

    def _session_changed(self, kind: str, session: Any) -> None:
        self.session_id = session.id
        if kind == "agent.session.requires_action":
            actions: list[Any] = list(session.required_actions or ())
            if not all(hasattr(action, "type") for action in actions):
                raise TypeError("an action has no type")
            self.required_actions = deepcopy(actions)
        elif kind == "agent.session.failed":
            self._session_failed = self.done = True

    def messages(self) -> list[Any]:
        """The final messages so far, in the order of the output."""
        return [message for _, message in sorted(self._messages.values(), key=lambda pair: pair[0])]

    def error(self, reason: ResultErrorReason) -> AgentTurnResultError:
        """The error this collector ends with: the first that was made."""
        if self._error is None:
            self._error = AgentTurnResultError(
                reason,
                turn=self.turn,
                session_id=self.session_id,
                messages=self.messages(),
                required_actions=self.required_actions,
            )
            self.done = True
        return self._error

    def check(self, handled: Collection[str] = ()) -> None:
        """Whether a result can still come.

        Raises:
            AgentTurnResultError: it cannot.
        """
        if self._error is not None:
            raise self._error
        status = None if self.turn is None else self.turn.status
        if self._session_failed or status == "failed":
            raise self.error("failed")
        if status == "cancelled":
            raise self.error("cancelled")
        if any(
            action.type != "function_call" or getattr(action, "name", None) not in handled
            for action in self.required_actions
        ):
            raise self.error("requires_action")
        if self.cause is not None:
            raise self.error("observation_failed") from self.cause

    def result(self) -> AgentTurnResult[Any]:
        """The result, the same one every time.

        Raises:
            AgentTurnResultError: there is none.
        """
        if self._result is None:
            self.check()
            if not self.done or self.turn is None or self.turn.status != "completed":
                raise self.error("incomplete")
            self._result = AgentTurnResult(turn=deepcopy(self.turn), messages=self.messages())
        return self._result


class Collecting(Generic[OutputT]):
    """Collects a result once it is asked for; until then nothing is kept.

    Raises:
        TypeError: `output_type` is none that an answer can be read into.
    """

    def __init__(self, session_id: str | None = None, output_type: type[OutputT] | None = None) -> None:
        if output_type is not None:
            validate_output_type(output_type)
        self.output_type = output_type
        self._session_id = session_id
        self._started = False
        self._collector: Collector | None = None
        self._parsed: AgentTurnResult[OutputT] | None = None

    def enable(self) -> Collector:
        """Collect from here on.

        Raises:
            RuntimeError: events have been read already.
        """
        if self._collector is None:
            if self._started:
                raise RuntimeError(
                    "events have been read already and were not kept; call with_result_collection() before reading, "
                    "or get_final_result() on a fresh stream"
                )
            self._collector = Collector(self._session_id)
        return self._collector

    def accept(self, event: Any) -> None:
        """Take note of an event."""
        self._started = True
        if self._collector is not None:
            self._collector.accept(event)

    def failed(self, error: Exception) -> None:
        """Reading failed with this."""
        if self._collector is not None and not self._collector.done:
            self._collector.cause = error

    def result(self) -> AgentTurnResult[OutputT]:
        """The result, parsed where a type was asked for.

        Raises:
            AgentTurnResultError: there is none.
            AgentOutputParseError: it does not fit the type.
        """
        result = self.enable().result()
        if self.output_type is None:
            return result
        if self._parsed is None:
            self._parsed = result.parse(self.output_type)
        return self._parsed
