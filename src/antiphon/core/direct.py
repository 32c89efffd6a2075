"""The short way of a plain call.

Entering a method with forty keywords, and sorting out those that were left out, costs Python as much as the rest of preparing
its request. But who calls it has already said which arguments there are. So where they are nothing but fields of the body, and
all that must be there are, they become the body at once; the method itself is for every other call. Both ways give the same
`Call`. Knows keywords; refuses to know what any of them means.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from .call import Call, Operation
from .omit import not_given, omit
from .resource import async_spelled, spelled

F = TypeVar("F", bound=Callable[..., Any])


def direct(operation: Operation) -> Callable[[F], F]:
    """As `spelled`, for a method that hands all its arguments but the last four on as an operation's JSON body."""

    def decorate(function: F) -> F:
        whole, short = spelled(function), _short(operation, function)

        @wraps(function)
        def call(self: Any, *args: Any, **kwargs: Any) -> Any:
            plain = None if args else short(kwargs)
            return whole(self, *args, **kwargs) if plain is None else self._client.perform(plain)

        return cast("F", call)

    return decorate


def async_direct(operation: Operation) -> Callable[[F], F]:
    """As `direct`, for coroutine functions, which it keeps recognisable as such."""

    def decorate(function: F) -> F:
        whole, short = async_spelled(function), _short(operation, function)

        @wraps(function)
        async def call(self: Any, *args: Any, **kwargs: Any) -> Any:
            plain = None if args else short(kwargs)
            return await (whole(self, *args, **kwargs) if plain is None else self._client.perform(plain))

        return cast("F", call)

    return decorate


def _short(operation: Operation, function: Callable[..., Any]) -> Callable[[dict[str, Any]], Call[Any] | None]:
    """What makes the call of an operation of its method's keywords, or gives `None` where that is not all there is to do."""
    code, defaults = function.__code__, function.__kwdefaults__ or {}
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    required = {name for name in names if name != "self" and name not in defaults}
    place = {name: n for n, name in enumerate(operation.fields)}.__getitem__
    make = operation.plain

    def short(kwargs: dict[str, Any]) -> Call[Any] | None:
        if not required <= kwargs.keys():
            return None
        body: dict[str, Any] = {}
        try:
            for name in sorted(kwargs, key=place):
                value = kwargs[name]
                if value is not omit and value is not not_given:
                    body[name] = value
        except KeyError:  # an argument about the call itself, or a misspelt one
            return None
        return make(body, bool(body.get("stream")))

    return short
