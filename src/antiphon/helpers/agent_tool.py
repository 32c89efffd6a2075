"""Running the user's tool handlers for a session, and sending what they return.

What a handler raises is never sent to the model: it may tell secrets. It goes to `on_tool_error` instead, with the stage at
which it happened. Written once, as flows.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast
from uuid import uuid4

from ..core.call import Call
from ..core.effects import Invoke, Perform, Sleep
from ..core.encode import encode_json
from ..core.omit import not_given
from ..errors import BadRequestError
from .agent_turn import PendingCall
from .assistant_snapshot import plain

ToolOutput = str | Mapping[str, Any] | Iterable[Any] | None
ToolHandler = Callable[[dict[str, Any]], ToolOutput]
AsyncToolHandler = Callable[[dict[str, Any]], ToolOutput | Awaitable[ToolOutput]]
ToolErrorStage = Literal["arguments", "execution", "output"]

_RACE_DELAYS = (0.1, 0.3, 0.6, None)
"""Seconds between attempts to send a result before the server has registered the call."""

_NOT_REPEATED = frozenset({"idempotency-key", "x-stainless-raw-response"})


@dataclass(frozen=True)
class AgentToolError:
    """What `on_tool_error` is told.

    Attributes:
        error: what was raised; never sent anywhere.
        tool_name: the tool.
        session_id: the session.
        turn_id: the turn.
        call_id: the call.
        stage: "arguments" (they are no JSON object, or do not fit), "execution" or "output" (it cannot be sent).
    """

    error: Exception
    tool_name: str
    session_id: str
    turn_id: str
    call_id: str
    stage: ToolErrorStage


ToolErrorHandler = Callable[[AgentToolError], None]
AsyncToolErrorHandler = Callable[[AgentToolError], Awaitable[None] | None]


@dataclass(frozen=True)
class Options:
    """Request options for every call a session's helper makes."""

    extra_headers: Any = None
    timeout: Any = not_given

    def call(self, operation: Any, **arguments: Any) -> Call[Any]:
        """A call with these options; an idempotency key in the headers belongs to the input alone."""
        given: dict[str, Any] = self.extra_headers or {}
        headers = {name: value for name, value in given.items() if name.lower() not in _NOT_REPEATED}
        return Call(operation, headers=headers or None, timeout=self.timeout, **arguments)


class Tools:
    """Handlers by tool name, and who hears of their failures."""

    def __init__(
        self, handlers: Mapping[str, Any] | None, on_error: Callable[[AgentToolError], Any] | None, options: Options
    ) -> None:
        self.handlers: dict[str, Any] = dict(handlers or {})
        self._on_error = on_error
        self._options = options

    async def handle(self, pending: PendingCall) -> None:
        """Run the handler of a call and send its result."""
        run = _Run(pending)
        try:
            result = await run.result(self.handlers[pending.call.name])
        except Exception as error:
            result = _result(pending.call, success=False, error="Tool handler failed.")
            await self._report(run.failure(error))
        await self._submit(pending, result)

    async def _report(self, failure: AgentToolError) -> None:
        if self._on_error is None:
            return
        try:
            answer = await Invoke(self._on_error, failure)
            if inspect.iscoroutine(answer):
                answer.close()
        except Exception:  # noqa: S110 (an observer must not change what is observed)
            pass

    async def _submit(self, pending: PendingCall, result: dict[str, Any]) -> None:
        from ..operations.beta import AGENTS_SESSIONS_EVENTS_CREATE

        # One key for all attempts: a result that arrived must not arrive twice.
        call = self._options.call(
            AGENTS_SESSIONS_EVENTS_CREATE,
            path={"session_id": pending.session_id},
            body={"events": [result]},
            idempotency_key=str(await Invoke(uuid4)),
        )
        for delay in _RACE_DELAYS:
            try:
                await Perform(call)
                return
            except BadRequestError as error:
                if delay is None or not is_unregistered(error, result["call_id"]):
                    raise
            await Sleep(delay)


def is_unregistered(error: BadRequestError, call_id: str) -> bool:
    """Whether the server does not know of the call yet: its event may come before it is registered."""
    body: Any = error.body
    if not isinstance(body, dict):
        return False
    facts = cast("dict[str, Any]", body)
    expected = ("invalid_request_error", f"Unknown pending tool call: {call_id}")
    return (facts.get("code"), facts.get("message")) == expected


class _Run:
    """One handler's run, and how far it has come."""

    def __init__(self, pending: PendingCall) -> None:
        self._pending = pending
        self.stage: ToolErrorStage = "arguments"

    async def result(self, handler: Any) -> dict[str, Any]:
        call = self._pending.call
        arguments = _arguments(call)
        self.stage = "execution"
        staged = getattr(handler, "staged", None)
        output = await Invoke(staged(self._at) if staged is not None else handler, arguments)
        if inspect.isawaitable(output):
            close = getattr(output, "close", None)
            if callable(close):
                close()
            raise TypeError("a handler that is a coroutine needs the asynchronous client")
        self.stage = "output"
        return _result(call, success=True, output=_sendable(output))

    def _at(self, stage: ToolErrorStage) -> None:
        self.stage = stage

    def failure(self, error: Exception) -> AgentToolError:
        call = self._pending.call
        return AgentToolError(error, call.name, self._pending.session_id, call.turn_id, call.call_id, self.stage)


def _arguments(call: Any) -> dict[str, Any]:
    value = json.loads(call.arguments) if isinstance(call.arguments, str) else plain(call.arguments)
    if not isinstance(value, dict):
        raise ValueError("the arguments of a function call must be a JSON object")
    return cast("dict[str, Any]", value)


def _sendable(output: Any) -> Any:
    if isinstance(output, Mapping):
        return encode_json(dict(cast("Mapping[str, Any]", output))).decode()
    if output is not None and not isinstance(output, str):
        output = list(output)
    # What cannot be sent must fail here, where it becomes a failed tool call.
    encode_json(output)
    return output


def _result(call: Any, *, success: bool, **outcome: Any) -> dict[str, Any]:
    return {
        "type": "agent.session.input.tool_result",
        "turn_id": call.turn_id,
        "call_id": call.call_id,
        "success": success,
        **outcome,
    }
