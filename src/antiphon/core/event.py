"""The machine of a streamed call: bytes in, typed items out. It knows which event ends which kind of stream.

Theory of operation. A stream is over in one of four ways:

- *final*: an event after which nothing can come: `[DONE]`, or for responses their completed, failed, incomplete, cancelled
  and error events. The machine is `done`; what follows is ignored.
- *closed*: an event after which the server may close, though more can come: each choice has its finish reason, a run ended, an
  image or a transcript is complete. Then a clean end of the body is an end.
- *truncated*: the body ended, but the stream was neither final nor closed, or it stopped inside an event. With
  `strict=False`, for servers that mark no end, this is an end like any other.
- *failed*: the server sent an error, an event that cannot be read, or one out of order.

Failures come in order: the items before a failure in the same chunk are handed out first, and `end` (or the next `feed`)
raises it then. So a shell reads `while not machine.done`, hands out what `feed` gives, and always calls `end` last. The machine
makes no errors itself: it describes a `Failure` and raises what the shell's `fail` makes of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, NoReturn, cast

import msgspec

from ..errors import APIError, MalformedStream, StreamOutOfOrder, StreamTruncated
from .caster import model_of
from .limits import DEFAULT_WIRE_LIMITS
from .reply import Reply
from .sse import ServerSentEvent, SSEDecoder, SSEError

_DONE = b"[DONE]"
_SNIPPET = 1000
_NOTHING: Any = object()

_new = object.__new__
_CONTAINERS = frozenset({dict, list})
_decode = msgspec.json.Decoder().decode


class Kind(NamedTuple):
    """How one kind of stream behaves.

    Attributes:
        name: e.g. "chat".
        final: values of "type" after which nothing comes.
        closed: values of "type" (or event names) after which the body may end.
        ordered: whether sequence numbers are checked where events carry them.
        wrap: whether every event becomes `{"data": …, "event": …}`, not only those named "thread.…".
        legacy: whether "thread.…" events are wrapped and error objects raised; otherwise every event is an item.
        choices: whether finish reasons on all choices close the stream.
        open_ended: whether the body may end at any time.
    """

    name: str
    final: frozenset[str] = frozenset()
    closed: frozenset[str] = frozenset()
    ordered: bool = False
    wrap: bool = False
    legacy: bool = True
    choices: bool = False
    open_ended: bool = False


_RESPONSE_ENDS = frozenset(
    {"response.completed", "response.failed", "response.incomplete", "response.cancelled", "error"}
)
_RUN_ENDS = frozenset(
    f"thread.run.{end}" for end in ("completed", "failed", "cancelled", "expired", "incomplete", "requires_action")
) | {"done"}
_MEDIA_ENDS = frozenset(
    {"image_generation.completed", "image_edit.completed", "transcript.text.done", "speech.audio.done"}
)

CHAT = Kind("chat", choices=True)
RESPONSES = Kind("responses", final=_RESPONSE_ENDS, ordered=True)
ASSISTANTS = Kind("assistants", closed=_RUN_ENDS, wrap=True)
MEDIA = Kind("media", closed=_MEDIA_ENDS)
AGENTS = Kind("agents", legacy=False, open_ended=True)
ANY = Kind("any", closed=_MEDIA_ENDS | _RUN_ENDS | _RESPONSE_ENDS - {"error"}, choices=True)

_KINDS = (
    ("chat.", CHAT),
    ("completions.", CHAT),
    ("responses.", RESPONSES),
    ("beta.responses.", RESPONSES),
    ("beta.threads.", ASSISTANTS),
    ("images.", MEDIA),
    ("audio.", MEDIA),
    ("beta.agents.", AGENTS),
)
_RAW = {
    "events}": ANY._replace(legacy=False, open_ended=True),
    "events, wrapped}": ANY._replace(legacy=False, open_ended=True, wrap=True),
    "wrapped}": ANY._replace(wrap=True),
}
"""What a raw call may ask of its stream, as it stands behind the operation's name."""


def kind_of(operation: str) -> Kind:
    """The kind of stream an operation gives; `ANY` for what is not of this API.

    A raw call's operation may say how its events are read, e.g. "GET /x {events}".

    >>> kind_of("chat.completions.create").name
    'chat'
    """
    raw = _RAW.get(operation.partition(" {")[2])
    return raw or next((kind for prefix, kind in _KINDS if operation.startswith(prefix)), ANY)


class Failure(NamedTuple):
    """What went wrong.

    Attributes:
        reason: "error" (the server said so), "malformed", "order" or "truncated".
        message: what happened.
        body: the error object, or the text that could not be read.
        sequence: the last sequence number seen, to resume from.
    """

    reason: str
    message: str
    body: object = None
    sequence: int | None = None


def failures_of(reply: Reply) -> Callable[[Failure], Exception]:
    """The errors a stream over `reply` raises."""
    return partial(_failure_of, reply)


def _failure_of(reply: Reply, failure: Failure) -> Exception:
    if failure.reason == "error":
        return APIError(failure.message, reply.request, body=failure.body)
    if failure.reason == "truncated":
        error = StreamTruncated(
            message=failure.message, request=reply.request, phase="stream", host=reply.request.origin.authority
        )
        error.sequence_number = failure.sequence
        return error
    kind = StreamOutOfOrder if failure.reason == "order" else MalformedStream
    return kind(reply, failure.body, message=failure.message)


class EventMachine:
    """Turns the bytes of one streamed reply into items.

    Args:
        kind: what kind of stream it is, see `kind_of`.
        caster: makes an item of a decoded event.
        fail: makes the error for a `Failure`, e.g. `failures_of(reply)`.
        strict: whether a body that ends without its mark, or sequence numbers with gaps, are failures.
        last_sequence: the number after which the stream was asked to resume (`starting_after`), or `None`.
        max_event: how many bytes one event may have.

    Attributes:
        done: whether nothing more is to be read.
        last_sequence: the last sequence number seen, or `None`.
        decoder: the decoder of server-sent events; its `comments` tell of a live but silent server.
    """

    __slots__ = (
        "_caster",
        "_choices",
        "_closed",
        "_fail",
        "_failure",
        "_judge",
        "_kind",
        "_legacy",
        "_model",
        "_plain",
        "_strict",
        "decoder",
        "done",
        "last_sequence",
    )

    def __init__(
        self,
        kind: Kind,
        caster: Callable[[Any], Any],
        fail: Callable[[Failure], Exception],
        *,
        strict: bool = True,
        last_sequence: int | None = None,
        max_event: int = DEFAULT_WIRE_LIMITS.event,
    ) -> None:
        self.decoder = SSEDecoder(max_event)
        self.done = False
        self.last_sequence = last_sequence
        self._kind = kind
        self._caster = caster
        self._fail = fail
        self._strict = strict
        self._closed = False
        self._choices: dict[Any, Any] = {}
        self._failure: Exception | None = None
        self._legacy = kind.legacy
        self._plain = kind.legacy and not kind.wrap
        # Choices are judged in the loop of `feed` itself, and become views there.
        self._judge = None if kind.choices else self._judge_response if kind.ordered else self._judge_type
        self._model = model_of(caster) if kind.choices and self._plain else None

    def feed(self, data: bytes) -> list[Any]:
        """The items that `data` completes. Once `done` nothing is taken any more.

        Raises:
            Exception: what `fail` made of a failure that no item of this chunk precedes.
        """
        items: list[Any] = []
        if self.done:
            return self._over(items)
        caster, model, judge, legacy, plain = self._caster, self._model, self._judge, self._legacy, self._plain
        seen = self._choices
        try:
            # One flat loop: at thousands of events a second, calls would be most of its cost.
            for event in self.decoder.feed(data):
                try:
                    value = _decode(event.raw)
                except (ValueError, RecursionError) as problem:
                    value = self._decode_hard(event, problem)
                    if self.done:
                        break
                    if value is _NOTHING:
                        continue
                name = event.event
                if value.__class__ is dict:
                    if ("error" in value or name == "error") and legacy:
                        self._judge_error(value, name)
                    if judge is not None:
                        judge(value, name)
                    elif (choices := value.get("choices")).__class__ is list:
                        for choice in choices:
                            if choice.__class__ is dict:
                                index = choice.get("index")
                                if index.__class__ in _CONTAINERS:
                                    index = None  # no server's sense, and no key
                                if (reason := choice.get("finish_reason")) or index not in seen:
                                    seen[index] = reason
                    else:
                        self._judge_type(value, name)
                    if model is not None and name is None:
                        view = _new(model)
                        view.__dict__ = value
                        items.append(view)
                        continue
                if plain:
                    if name is not None and name[:7] == "thread.":
                        value = {"data": value, "event": name}
                elif self._kind.wrap:
                    value = {"data": value, "event": name}
                items.append(caster(value))
                if self.done:
                    break
        except SSEError as problem:
            self._end_with(Failure("malformed", str(problem), sequence=self.last_sequence))
            return self._over(items)
        except _Failed as failed:
            self._end_with(failed.failure)
            return self._over(items)
        return items

    def _over(self, items: list[Any]) -> list[Any]:
        """The last items; the failure, where there is one, waits until they have been handed out."""
        if self._failure is not None and not items:
            raise self._failure
        return items

    def end(self) -> None:
        """The body has ended, or the shell stops because the machine is done.

        Raises:
            Exception: what `fail` made of a failure that waited, or of a stream that was cut off.
        """
        if not self.done:
            self.done = True
            try:
                cut = self.decoder.end()
            except SSEError as problem:
                self._end_with(Failure("malformed", str(problem)))
            else:
                self._judge_end(cut)
        if self._failure is not None:
            raise self._failure

    def _end_with(self, failure: Failure) -> None:
        self.done = True
        self._failure = self._fail(failure)

    def _judge_end(self, cut: bool) -> None:
        tail = self.decoder.tail
        if not self._strict or tail.startswith(_DONE):
            return
        closed = self._closed or self._kind.open_ended or (bool(self._choices) and all(self._choices.values()))
        if not closed or (cut and not (tail and _DONE.startswith(tail))):
            what = "inside an event" if cut else "without its terminal event"
            message = (
                f"the stream ended {what}, so the result is not complete; ask again, or resume where that is possible"
            )
            self._end_with(Failure("truncated", message, sequence=self.last_sequence))

    def _decode_hard(self, event: ServerSentEvent, problem: Exception) -> Any:
        """What the fast parser refuses: the final mark, nothing at all, or what the standard parser still reads.

        The latter is e.g. half a surrogate pair in a token's text.
        """
        if event.raw.startswith(_DONE):
            self.done = True
        if self.done or not event.raw.strip():
            return _NOTHING
        try:
            return json.loads(event.raw, parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            text = event.data[:_SNIPPET]
            why = "nests too deep" if isinstance(problem, RecursionError) else f"is not JSON ({problem})"
            raise _Failed(Failure("malformed", f"an event of the stream {why}", text, self.last_sequence)) from None

    def _judge_error(self, value: dict[str, Any], name: str | None) -> None:
        error = value.get("error")
        if not error:
            # Responses have an event of type "error" that is an item of its own, and the last one.
            kind = value.get("type")
            if name != "error" or (kind.__class__ is str and kind in self._kind.final):
                return
            error = value
        message: Any = cast("dict[str, Any]", error).get("message") if isinstance(error, dict) else None
        if not isinstance(message, str) or not message:
            message = "An error occurred during streaming"
        raise _Failed(Failure("error", message, error, self.last_sequence))

    def _judge_response(self, value: dict[str, Any], name: str | None) -> None:
        number: Any = value.get("sequence_number")
        if number.__class__ is int:
            last = self.last_sequence
            if last is not None and number != last + 1:
                self._judge_order(number, last, value)
            self.last_sequence = number
        kind = value.get("type")
        if kind.__class__ is str and kind in _RESPONSE_ENDS:
            self.done = True

    def _judge_order(self, number: int, last: int, value: object) -> None:
        if self._strict:
            what = "repeat or go back" if number <= last else "skip"
            message = (
                f"the stream's sequence numbers {what}: {number} came after {last}; resume from {last}, or ask again"
            )
            raise _Failed(Failure("order", message, value, last))

    def _judge_type(self, value: dict[str, Any], name: str | None) -> None:
        kind = value.get("type")
        if (kind.__class__ is str and kind in self._kind.closed) or name in self._kind.closed:
            self._closed = True


class _Failed(Exception):
    """Carries a failure from the depth of one feed to its end."""

    def __init__(self, failure: Failure) -> None:
        self.failure = failure


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
