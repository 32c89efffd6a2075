"""Every way in which a valid reply or stream can be odd, worked out from the valid one; and who is asked what comes of it.

Nothing is drawn by chance: the same value gives the same oddities in the same order.
"""

from __future__ import annotations

import copy
import inspect
import json
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from typing import Any, NamedTuple

import httpx2
import msgspec
import openai
import pydantic

import antiphon
from antiphon.errors import OpenAIError
from antiphon.transports.memory import AsyncMemoryTransport, MemoryTransport

HARMLESS = ("missing", "null", "extra", "unknown")
"""What servers that are not the API's own leave out, send as null, or add."""

_REPLACED: dict[str, Any] = {
    "null": None,
    "text": "odd",
    "empty text": "",
    "number": 7,
    "negative": -1,
    "fraction": 1.5,
    "bool": True,
    "empty list": [],
    "nulls": [None],
    "texts": ["odd"],
    "lists": [[]],
    "objects": [{}],
    "tagged": [{"type": "odd"}],
    "object": {},
    "tagged object": {"type": "odd", "odd": [1]},
}
FEW = {how: _REPLACED[how] for how in ("null", "text", "number", "empty list", "object", "tagged")}
_JSON = {"content-type": "application/json"}
_TAGS = ("type", "object", "event", "status", "role", "phase")


class Odd(NamedTuple):
    """A value made odd: where, how, and what it has become."""

    where: str
    how: str
    value: Any


def oddities(value: Any, where: str = "", replaced: dict[str, Any] = _REPLACED) -> Iterator[Odd]:
    """The value with each of its parts missing, replaced or added to, one at a time."""
    yield from (Odd("", how, odd) for how, odd in replaced.items() if not where and odd != value)
    if isinstance(value, dict):
        yield Odd(where, "extra", {**value, "odd_extra": {"odd": [1, None]}})
        for key, part in value.items():
            here = f"{where}.{key}"
            yield Odd(here, "missing", {name: other for name, other in value.items() if name != key})
            if key in _TAGS and isinstance(part, str):
                yield Odd(here, "unknown", {**value, key: "odd.unknown"})
            for how, odd in replaced.items():
                if odd != part or type(odd) is not type(part):
                    yield Odd(here, how, {**value, key: copy.deepcopy(odd)})
            yield from (Odd(o.where, o.how, {**value, key: o.value}) for o in oddities(part, here, replaced))
    elif isinstance(value, list):
        for at, part in enumerate(value):
            here = f"{where}[{at}]"
            yield Odd(here, "left out", [*value[:at], *value[at + 1 :]])
            yield Odd(here, "twice", [*value[: at + 1], copy.deepcopy(part), *value[at + 1 :]])
            for how, odd in replaced.items():
                yield Odd(here, how, [*value[:at], copy.deepcopy(odd), *value[at + 1 :]])
            yield from (
                Odd(o.where, o.how, [*value[:at], o.value, *value[at + 1 :]]) for o in oddities(part, here, replaced)
            )


def odd_streams(events: list[Any]) -> Iterator[Odd]:
    """As `oddities`, for the events of a stream, which may also come in another order."""
    yield from oddities(events, replaced=FEW)
    for at in range(len(events) - 1):
        swapped = [*events[:at], events[at + 1], events[at], *events[at + 2 :]]
        yield Odd(f"[{at}]", "swapped", swapped)
    yield Odd("", "backwards", events[::-1])
    yield Odd("", "none", [])


def lines(events: list[Any], *, done: bool = False) -> bytes:
    """The body of an event stream."""
    made = b""
    for event in events:
        kind = event.get("type") if isinstance(event, dict) else None
        name = f"event: {kind}\n" if isinstance(kind, str) and kind else ""
        made += f"{name}data: {json.dumps(event)}\n\n".encode()
    return made + (b"data: [DONE]\n\n" if done else b"")


def streamed(body: bytes) -> tuple[int, dict[str, str], bytes]:
    return 200, {"content-type": "text/event-stream"}, body


class Hang(Exception):
    """A helper asks again and again."""


class Clock:
    """Time that passes when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> float:
        return 1_800_000_000.0 + self.now

    def random(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    async def asleep(self, seconds: float) -> None:
        self.now += seconds


Answer = Callable[[str, str], Any]
"""The reply to a request's verb and path: a JSON value, or what a memory transport takes."""


def bounded(answer: Answer) -> Callable[[Any], Any]:
    asked = 0

    def script(request: Any) -> Any:
        nonlocal asked
        asked += 1
        if asked > 40:
            raise Hang(f"{request.method} {request.target}")
        made = answer(request.method, request.target.partition("?")[0])
        return made if isinstance(made, tuple) else (200, _JSON, json.dumps(made).encode())

    return script


class Asker:
    """A client of one colour; `work` is written once, with `got` and `events` where the colours differ."""

    def __init__(self, colour: str) -> None:
        self.is_async = colour == "async"

    def client(self, answer: Answer) -> Any:
        kind: Any = antiphon.AsyncOpenAI if self.is_async else antiphon.OpenAI
        transport = (AsyncMemoryTransport if self.is_async else MemoryTransport)(bounded(answer))
        options = {"webhook_secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "max_retries": 0, "_clock": Clock()}
        return kind(api_key="sk-test", base_url="http://odd.test/v1", http_client=transport, **options)

    async def got(self, value: Any) -> Any:
        return await value if inspect.isawaitable(value) else value

    async def events(self, stream: Any, note: Callable[[Any], object]) -> None:
        """Each event of a stream, looked at when it comes."""
        if hasattr(stream, "__aiter__"):
            async for event in stream:
                note(event)
        else:
            for event in stream:
                note(event)

    async def within(self, manager: Any, use: Callable[[Any], Any]) -> Any:
        if hasattr(manager, "__aenter__"):
            async with manager as entered:
                return await use(entered)
        with manager as entered:
            return await use(entered)

    async def outcome(self, answer: Answer, work: Callable[[Asker, Any], Any]) -> tuple[Any, BaseException | None]:
        """What came of it: the result, or the error."""
        client = self.client(answer)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.simplefilter("ignore", DeprecationWarning)
            try:
                return await work(self, client), None
            except Exception as problem:
                return None, problem
            finally:
                await self.got(client.close())


def official(answer: Answer) -> Any:
    """The official client in front of the same answers."""
    script = bounded(answer)

    class Seen(NamedTuple):
        method: str
        target: str

    def reply(request: httpx2.Request) -> httpx2.Response:
        status, headers, body = script(Seen(request.method, request.url.raw_path.decode()))
        return httpx2.Response(status, headers=headers, content=body)

    http = httpx2.Client(transport=httpx2.MockTransport(reply))
    return openai.OpenAI(api_key="sk-test", base_url="http://odd.test/v1", max_retries=0, http_client=http)


_MISFIT = (pydantic.ValidationError, msgspec.ValidationError, msgspec.DecodeError, json.JSONDecodeError)
"""What the library of the user's type says of a text that does not fit it."""


def is_typed(problem: BaseException | None) -> bool:
    """Whether it is an error that says what happened."""
    return problem is None or isinstance(problem, (*_MISFIT, OpenAIError))


_seen = set[int]()


@cache
def _shown(kind: Any) -> frozenset[str]:
    """What models of a kind show."""
    return frozenset({*kind.model_fields, *(name for name in dir(kind) if name.startswith("output_"))})


def _is_new(value: Any) -> bool:
    """Whether a model's content was not looked at before: in a thousand odd streams most events are the same."""
    kind, before, content = type(value), len(_seen), value.to_dict()
    with suppress(TypeError):  # what a library of the user's made has no JSON
        _seen.add(hash((kind, msgspec.json.encode(content))))
        return len(_seen) > before
    return True


def look(value: Any) -> Any:
    """See everything that a value shows, as a user's code, a log and a store would."""
    if isinstance(value, (antiphon.BaseModel, openai.BaseModel)) and _is_new(value):
        repr(value)
        for name in _shown(type(value)):
            getattr(value, name)
    return value


def told(odd: Odd, problem: BaseException) -> str:
    return f"{odd.where} {odd.how}: {type(problem).__name__}: {problem}"[:240]
