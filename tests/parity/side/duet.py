"""One call sung by both packages against the same script: what each got, what it sent, and how long it paused.

A row's `do(client, package)` gives a value, an awaitable, a stream, or is itself `async def`: with a blocking client such a
coroutine never waits, so it is run to its end by hand, and a row that takes several steps is written once. In it `got` waits
where there is something to wait for, `each` iterates and `entered` enters, in either colour.

Where the two differ, `known/` says where, what each does there, and why; see `difference`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Mapping
from importlib import import_module
from types import SimpleNamespace
from typing import Any, NamedTuple
from unittest.mock import patch

import httpx2
import openai

import antiphon
from antiphon.core.shape import is_list, is_mapping, is_sequence
from tests.client.colour import ADMIN_KEY, KEY, FakeClock
from tests.transports.rude import Answer, Received, Rude

from .difference import Known, alike, confirm

EPOCH = FakeClock().epoch
BUILT_IN = {"ValueError", "TypeError", "RuntimeError", "TimeoutError"}
WAITERS = ("openai.lib._files", "openai.lib._vector_stores")
"""Modules of the official package that look at the clock."""


class Row(NamedTuple):
    """One exchange."""

    script: list[Answer]
    do: Callable[[Any, Any], Any]
    options: Mapping[str, Any] = {}
    """The clients' arguments; a function is called with the package and gives the argument; `...` leaves a usual one out."""
    environment: Mapping[str, str] = {}
    """Variables, in which "{url}" is the server's address."""


class Still(FakeClock):
    """A clock on which nothing takes time but pauses, so that they can be compared."""

    def monotonic(self) -> float:
        return 1000.0 + sum(self.slept)


class Outcome(NamedTuple):
    """What a package made of a row."""

    result: Any
    requests: Any
    slept: Any


def sung(row: Row, colour: str) -> tuple[Outcome, Outcome]:
    """The official outcome, and ours."""
    theirs, ours = _sung(row, colour, openai), _sung(row, colour, antiphon)
    return theirs, ours._replace(result=_levelled(theirs.result, ours.result))


def _levelled(theirs: Any, ours: Any) -> Any:
    """Ours, without what its errors tell beyond the bare status, where the official text tells no more than that."""
    if is_list(theirs) and is_list(ours):
        ones, others = theirs, ours
        return [_levelled(*pair) for pair in zip(ones, others, strict=False)] + others[len(ones) :]
    if is_mapping(theirs) and is_mapping(ours) and "raises" in theirs and "raises" in ours:
        return _levelled_failure(theirs, ours)
    return ours


def _levelled_failure(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> Mapping[str, Any]:
    if set(theirs["raises"]) < set(ours["raises"]) and set(theirs["raises"]) <= BUILT_IN:
        return {"raises": theirs["raises"]}  # one of ours that is also what theirs raises, and tells more
    bare = str(theirs.get("text"))
    if re.fullmatch(r"Error code: \d+", bare) and str(ours.get("text")).startswith(bare):
        return {**ours, "text": bare, "message": bare}
    return ours


def compare(name: str, row: Row, colour: str, known: Mapping[str, Known]) -> None:
    """Both outcomes must be the same, but for what is known of this row, or of this row in this colour."""
    theirs, ours = (outcome._asdict() for outcome in sung(row, colour))
    difference = known.get(f"{name} @{colour}") or known.get(name)
    if difference is not None:
        confirm(theirs, ours, difference)
        return
    for aspect, value in theirs.items():
        assert ours[aspect] == value, aspect
        assert alike(ours[aspect], value), f"{aspect}: the same numbers, but of another kind"


def check_known(known: Mapping[str, Known], rows: Mapping[str, Row]) -> None:
    """Every known difference is one of a row that exists."""
    names = {name.partition(" @")[0] for name in known}
    assert names <= rows.keys(), names - rows.keys()


# -- in either colour --------------------------------------------------------------------------------------------------


async def got(value: Any) -> Any:
    """The value, awaited where it is awaitable."""
    return await value if hasattr(value, "__await__") else value


async def each(value: Any) -> AsyncIterator[Any]:
    """The items of an iterable of either colour."""
    if hasattr(value, "__aiter__"):
        async for item in value:
            yield item
    else:
        for item in value:
            yield item


@contextlib.asynccontextmanager
async def entered(value: Any) -> AsyncGenerator[Any]:
    """A context manager of either colour."""
    if hasattr(value, "__aenter__"):
        async with value as inner:
            yield inner
    else:
        with value as inner:
            yield inner


async def every(value: Any) -> list[Any]:
    """All items of an iterable of either colour, as plain data; what ends it early is the last."""
    items: list[Any] = []
    try:
        async for item in each(value):
            items.append(plain(item))  # noqa: PERF401 - what came before a failure is kept
    except Exception as problem:
        items.append(plain(problem))
    return items


# -- one package -------------------------------------------------------------------------------------------------------


def _sung(row: Row, colour: str, package: Any) -> Outcome:
    clock = Still()
    with Rude(*row.script) as server:
        said = {name: value.replace("{url}", server.url) for name, value in row.environment.items()}
        told = patch.dict(os.environ, said) if said else contextlib.nullcontext()  # it writes every variable anew
        with told, _hurried(clock) if package is openai else contextlib.nullcontext():
            result = _run(_whole(row, colour, package, server.url, clock), colour)
        requests = [seen(request, server.url) for request in server.requests]
    return Outcome(_rooted(result, server.url), requests, [round(pause, 6) for pause in clock.slept])


def _run(flow: Any, colour: str) -> Any:
    if colour == "async":
        return asyncio.run(flow)
    try:
        flow.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("a blocking client made its caller wait for an event loop")


async def _whole(row: Row, colour: str, package: Any, url: str, clock: FakeClock) -> Any:
    client = None
    try:
        client = _made(row, colour, package, url, clock)
        value = await got(row.do(client, package))
        if isinstance(value, (package.Stream, package.AsyncStream)):
            return await every(value)
        return plain(value)
    except Exception as problem:
        return plain(problem)
    finally:
        if client is not None:
            await got(client.close())


def _made(row: Row, colour: str, package: Any, url: str, clock: FakeClock) -> Any:
    options: dict[str, Any] = {"api_key": KEY, "admin_api_key": ADMIN_KEY, "base_url": f"{url}/v1"}
    options |= {name: _argument(value, package) for name, value in row.options.items()}
    options = {name: value for name, value in options.items() if value is not ...}
    if package is antiphon:
        options["_clock"] = clock
    else:
        http: Any = httpx2.AsyncClient if colour == "async" else httpx2.Client
        options.setdefault(
            "http_client", http(trust_env=False, follow_redirects=True, timeout=options.get("timeout", 5))
        )
    return (package.AsyncOpenAI if colour == "async" else package.OpenAI)(**options)


def _argument(value: Any, package: Any) -> Any:
    return value(package) if callable(value) else value


@contextlib.contextmanager
def _hurried(clock: FakeClock) -> Generator[None]:
    """The official package on a clock that does not wait, and with dice that always fall on nought."""
    names = ("openai._base_client", "openai._resource", *WAITERS)
    with contextlib.ExitStack() as patches:
        for name in names:
            module: Any = import_module(name)
            time = SimpleNamespace(sleep=clock.sleep, time=clock.wall, monotonic=clock.monotonic)
            anyio = (
                SimpleNamespace(**{**vars(module.anyio), "sleep": clock.asleep}) if hasattr(module, "anyio") else None
            )
            found = {"time": time, "anyio": anyio, "random": clock.random}
            for attribute, value in found.items():
                if hasattr(module, attribute):
                    patches.enter_context(patch.object(module, attribute, value))
        yield


# -- made comparable ---------------------------------------------------------------------------------------------------

FACTS = ("status_code", "code", "param", "type", "body", "request_id")
UNSAID = {"host", "accept-encoding", "connection", "x-stainless-raw-response"}
"""What a transport says of itself, and a note the official package writes to itself and lets slip onto the wire."""


def plain(value: Any) -> Any:
    """A value as plain data, models with the names of their classes."""
    if isinstance(value, BaseException):
        return _failure(value)
    if isinstance(value, type):
        return f"class {value.__name__}"
    if hasattr(value, "to_dict") and hasattr(value, "model_dump"):
        return {"class": type(value).__name__.partition("[")[0], **plain(value.to_dict(warnings=False))}
    if is_mapping(value):
        return {str(name): plain(item) for name, item in value.items()}
    if is_sequence(value):
        return [plain(item) for item in value]
    return value if value is None or isinstance(value, (str, bytes, bool, int, float)) else str(value)


def _failure(problem: BaseException) -> dict[str, Any]:
    """An error: those of its classes that the official package knows, and its facts.

    The text counts but for failures of the connection, where ours tells more.
    """
    names = [cls.__name__ for cls in type(problem).__mro__ if cls is not object]
    public = [name for name in names if hasattr(openai, name) or name in BUILT_IN]
    facts = {name: plain(getattr(problem, name)) for name in FACTS if hasattr(problem, name)}
    if "APIStatusError" in public or public == ["APIError", "OpenAIError"]:
        facts |= {"message": getattr(problem, "message", None), "text": str(problem)}
    return {"raises": public or names[:1], **facts}


def _rooted(value: Any, url: str) -> Any:
    """The value without the server's own address, which differs with every run."""
    if isinstance(value, str):
        return value.replace(url, "{url}")
    if is_mapping(value):
        return {name: _rooted(item, url) for name, item in value.items()}
    return [_rooted(item, url) for item in value] if is_list(value) else value


def seen(request: Received, url: str) -> dict[str, Any]:
    """A request: its line with the query in any order, its fields but for a transport's own, and its body: JSON in any order, all else byte for byte."""
    headers = {name: value for name, value in request.headers.items() if name not in UNSAID}
    headers["user-agent"] = re.sub(
        r"^(Async)?OpenAI/Python \d.*", r"\1OpenAI/Python N", headers.get("user-agent", "none")
    )
    if "x-stainless-package-version" in headers:
        headers["x-stainless-package-version"] = "N"
    body: Any = request.body
    with contextlib.suppress(ValueError):
        body = json.loads(body)
    if found := re.search(r'boundary="?([^";]+)', headers.get("content-type", "")):
        headers["content-type"] = headers["content-type"].replace(found[1], "B")
        body = request.body.replace(found[1].encode(), b"B")
        headers.pop("content-length", None)
    if not isinstance(body, bytes):
        headers.pop("content-length", None)  # two ways to write a number are of two lengths
    path, mark, query = request.line.split(" ")[1].partition("?")
    asked = [request.line.split(" ")[0], path + mark, *sorted(query.split("&"))]
    return {"line": asked, **headers, "": body}
