"""What every generated resource stands on: its client, its raw twins, and errors for misspelt keywords.

A method makes a `Call` and hands it to `self._client`. The raw twins are the same functions over another client: a facade
with the same three methods that gives the whole reply (`client.raw`) or a context that opens it (`client.streaming`).
So there is one implementation of each method, and the wrapper classes are lists of its names with their types.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from functools import partial, wraps
from types import MethodType
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar, cast

from .call import Call
from .omit import NotGiven, Omit, omit

if TYPE_CHECKING:
    from ..response import (
        APIResponse,
        AsyncAPIResponse,
        AsyncResponseContextManager,
        AsyncStreamedBinaryAPIResponse,
        LegacyAPIResponse,
        ResponseContextManager,
        StreamedBinaryAPIResponse,
    )
    from .url import URL

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


class Performer(Protocol):
    """What a blocking resource needs of its client."""

    @property
    def webhook_secret(self) -> str | None:
        """The secret that checks webhooks."""
        ...

    @property
    def base_url(self) -> URL:
        """The API's root."""
        ...

    @property
    def websocket_base_url(self) -> URL | None:
        """Where WebSockets connect, when it differs."""
        ...

    @property
    def default_query(self) -> Mapping[str, object]:
        """The query arguments of every request."""
        ...

    @property
    def raw(self) -> Performer:
        """The facade whose calls give the whole reply."""
        ...

    @property
    def streaming(self) -> Performer:
        """The facade whose calls give a context manager that opens the reply."""
        ...

    def perform(self, call: Call[T]) -> T:
        """Make the call."""
        ...

    def run(self, flow: Coroutine[Any, Any, Any]) -> T:  # type: ignore[type-var]  # pyright: ignore[reportInvalidTypeVarUse]
        """Run a helper's flow to its end; the method's annotation says what it gives."""
        ...

    def websocket_headers(self) -> Mapping[str, str]:
        """The credentials a WebSocket carries."""
        ...


class AsyncPerformer(Protocol):
    """What an asynchronous resource needs of its client."""

    @property
    def webhook_secret(self) -> str | None:
        """The secret that checks webhooks."""
        ...

    @property
    def base_url(self) -> URL:
        """The API's root."""
        ...

    @property
    def websocket_base_url(self) -> URL | None:
        """Where WebSockets connect, when it differs."""
        ...

    @property
    def default_query(self) -> Mapping[str, object]:
        """The query arguments of every request."""
        ...

    @property
    def raw(self) -> AsyncPerformer:
        """As `Performer.raw`."""
        ...

    @property
    def streaming(self) -> AsyncPerformer:
        """As `Performer.streaming`; its methods answer without suspending, since the context makes the call."""
        ...

    async def perform(self, call: Call[T]) -> T:
        """Make the call."""
        ...

    def paginate(self, call: Call[T]) -> T:
        """A paginator that makes the call when it is awaited or iterated."""
        ...

    async def run(self, flow: Coroutine[Any, Any, Any]) -> T:  # pyright: ignore[reportInvalidTypeVarUse]
        """Run a helper's flow to its end; the method's annotation says what it gives."""
        ...

    async def websocket_headers(self) -> Mapping[str, str]:
        """The credentials a WebSocket carries."""
        ...


class Resource:
    """A group of operations of a blocking client."""

    _client: Performer

    def __init__(self, client: Any) -> None:
        self._client = client


class AsyncResource:
    """A group of operations of an asynchronous client."""

    _client: AsyncPerformer

    def __init__(self, client: Any) -> None:
        self._client = client


class _Twin:
    """A resource seen through a facade of its client; subclasses list the methods."""

    def __init__(self, resource: Any) -> None:
        self._resource = resource
        self._client: Any = self._facade(resource._client)

    @staticmethod
    def _facade(client: Any) -> Any:
        return client.raw


class RawResource(_Twin):
    """A resource whose methods give the whole reply: status, headers, and `parse()` for the result."""


class StreamingResource(_Twin):
    """A resource whose methods give a context manager; the reply is open, and read only as far as you read it."""

    @staticmethod
    def _facade(client: Any) -> Any:
        return client.streaming


def added(extra: Mapping[str, Any] | None, fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """Header fields made from arguments, under the caller's own; absent arguments add none, lists are joined by commas."""
    headers = {
        name: value if isinstance(value, str) else ",".join(map(str, value))
        for name, value in fields.items()
        if value is not None and not isinstance(value, (Omit, NotGiven))
    }
    return {**headers, **(extra or {})}


def renamed(value: Any, path: tuple[str, ...], name: str) -> Any:
    """An argument whose key at `path` is called `name` in the API; copied as far as it changes, lists looked through."""
    if isinstance(value, (list, tuple)):
        return [renamed(item, path, name) for item in cast("list[Any]", value)]
    key, *below = path
    if not isinstance(value, Mapping) or key not in value:
        return cast("Any", value)
    whole = cast("Mapping[str, Any]", value)
    if below:
        return {**whole, key: renamed(whole[key], tuple(below), name)}
    return {name if k == key else k: v for k, v in whole.items()}


if TYPE_CHECKING:

    class _Bound(Generic[P, R]):
        """A method of a twin, as type checkers see it."""

        def __get__(self, instance: object, owner: object = None) -> Callable[P, R]: ...

    def raw(function: Callable[Concatenate[Any, P], R]) -> _Bound[P, LegacyAPIResponse[R]]: ...

    def async_raw(
        function: Callable[Concatenate[Any, P], Awaitable[R]],
    ) -> _Bound[P, Coroutine[Any, Any, LegacyAPIResponse[R]]]: ...

    def streaming(
        function: Callable[Concatenate[Any, P], R],
    ) -> _Bound[P, ResponseContextManager[APIResponse[R]]]: ...

    def async_streaming(
        function: Callable[Concatenate[Any, P], Awaitable[R]],
    ) -> _Bound[P, AsyncResponseContextManager[AsyncAPIResponse[R]]]: ...

    def streaming_binary(
        function: Callable[Concatenate[Any, P], R],
    ) -> _Bound[P, ResponseContextManager[StreamedBinaryAPIResponse]]: ...

    def async_streaming_binary(
        function: Callable[Concatenate[Any, P], Awaitable[R]],
    ) -> _Bound[P, AsyncResponseContextManager[AsyncStreamedBinaryAPIResponse]]: ...

else:

    class raw:  # noqa: N801  reads as what it gives
        """A method of a twin: the resource's own, for another client, which makes the difference.

        Where the resource's own was patched, or a subclass has another, that one is called, with a note in its header fields.
        """

        __slots__ = ("_call", "_own")

        def __init__(self, own: Any, call: Any = None) -> None:
            self._own = own
            self._call = call or own

        def __get__(self, twin: Any, owner: Any = None) -> Any:
            if twin is None:
                return self._call
            method = getattr(twin._resource, self._own.__name__)
            if getattr(method, "__func__", None) is self._own:
                return MethodType(self._call, twin)
            return partial(twin._client.noted, method)

    async_raw = streaming = streaming_binary = raw

    def async_streaming(function: Any) -> Any:
        """The method, answering at once: under the streaming facade its coroutine ends without suspending."""

        @wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            answer = function(*args, **kwargs)
            if not hasattr(answer, "send"):
                return answer
            try:
                answer.send(None)
            except StopIteration as stop:
                return stop.value
            answer.close()
            raise RuntimeError(f"{function.__qualname__}() suspended where it should only have made its context")

        return raw(function, call)

    async_streaming_binary = async_streaming


def _learned(read: F) -> F:
    @wraps(read)
    def reading(hints: Hints, *arguments: Any) -> Any:
        from .hint import learn

        learn(hints.module)
        return read(hints, *arguments)

    return cast("F", reading)


class Hints(dict[str, Any]):
    """A method's annotations, as text; when they are read, its module learns the names it keeps for type checkers."""

    __slots__ = ("module",)

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function.__annotations__)
        self.module = function.__module__

    if not TYPE_CHECKING:
        # Every way to read them from outside; `dict(hints)` takes the slow one because of the first.
        __iter__ = _learned(dict.__iter__)
        __getitem__ = _learned(dict.__getitem__)
        keys = _learned(dict.keys)
        items = _learned(dict.items)
        values = _learned(dict.values)
        get = _learned(dict.get)


def spelled(function: F) -> F:
    """Name the nearest known keyword when a method is called with one it does not have; explain annotations when asked.

    From 3.13 on Python does the first itself. Costs a quarter of a microsecond; signature and help stay the method's own.
    """
    function.__annotations__ = Hints(function)
    if sys.version_info >= (3, 13):
        return function

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except TypeError as error:
            better = misspelt(function, args, kwargs, error)
            if better is None:
                raise
            raise better from None

    return cast("F", call)


def async_spelled(function: F) -> F:
    """As `spelled`, for coroutine functions, which it keeps recognisable as such."""
    function.__annotations__ = Hints(function)
    if sys.version_info >= (3, 13):
        return function

    @wraps(function)
    async def call(*args: Any, **kwargs: Any) -> Any:
        try:
            flow = function(*args, **kwargs)
        except TypeError as error:
            better = misspelt(function, args, kwargs, error)
            if better is None:
                raise
            raise better from None
        return await flow

    return cast("F", call)


NEAR = 0.7
"""How alike two names are, of 1, for one to be offered for the other."""


def misspelt(
    function: Callable[..., Any], args: Sequence[Any], given: Mapping[str, Any], error: TypeError
) -> TypeError | None:
    """The error that names the nearest keyword instead of `error`; `None` when that is about something else, or none is near.

    A constructor is named after the class that was called.
    """
    trace = error.__traceback__
    if trace is None or trace.tb_next is not None:
        return None  # raised by what the method did, not by calling it
    from difflib import get_close_matches

    code = function.__code__
    known = code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]
    unknown = next((name for name in given if name not in known), None)
    if unknown is None:
        return None
    built = function.__name__ == "__init__" and bool(args)
    nearest = get_close_matches(unknown, [name for name in known if name[0] != "_"], n=1, cutoff=NEAR)
    if not (nearest or built):
        return None  # Python's own words say it all
    name = type(args[0]).__qualname__ if built else function.__qualname__
    hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
    return TypeError(f"{name}() got an unexpected keyword argument {unknown!r}{hint}")


def complete(*alternatives: Mapping[str, Any]) -> None:
    """Check the arguments of a method that needs all of one of several groups.

    Raises:
        TypeError: none of the groups was given whole.
    """
    if any(all(value is not omit for value in group.values()) for group in alternatives):
        return
    listed = " or ".join(f"({', '.join(map(repr, group))})" for group in alternatives)
    raise TypeError(f"Missing required arguments: give all of {listed}")
