"""A hook that is set on one client, as in `client.post = f`: from then on it is asked like a subclass's own.

Knows how an assignment is noticed without watching every attribute. Refuses to know what the hooks are for.
"""

from __future__ import annotations

from types import FunctionType
from typing import Any, cast

_MADE = ("perform", "perform_raw", "paginate", "websocket_headers", "_raw", "_listing", "_driver")
"""What a client carries because of its hooks, made anew when they change."""


class Assignable:
    """A method of antiphon's clients in whose place a function may be set on one client.

    Args:
        function: the method.
    """

    def __init__(self, function: FunctionType) -> None:
        self.function = function
        self.name = function.__name__
        self.__doc__ = function.__doc__

    def __get__(self, client: Any, owner: Any = None) -> Any:
        if client is None:
            return self.function
        own = cast("dict[str, Any]", vars(client)).get(self.name)
        # `super()` in a subclass's override asks for the method itself.
        if own is not None and _nearest(cast("Any", type(client)), self.name) is self:
            return own
        return cast("Any", self.function).__get__(client, owner)

    def __set__(self, client: Any, function: Any) -> None:
        vars(client)[self.name] = function
        _settle(client, client._hooks | {self.name})

    def __delete__(self, client: Any) -> None:
        if self.name not in vars(client):
            raise AttributeError(self.name)
        del vars(client)[self.name]
        _settle(client, client._hooks - {self.name} | cast("Any", type(client))._hooks)


def make_assignable(kind: type) -> None:
    """Let the hooks among the methods that a class of antiphon's has be set on its clients."""
    from .table import HONOURED

    for name in HONOURED:
        method = _nearest(kind, name)
        if isinstance(method, FunctionType):
            setattr(kind, name, Assignable(method))


def _nearest(kind: Any, name: str) -> Any:
    ancestors: tuple[type, ...] = kind.__mro__
    return next((vars(each)[name] for each in ancestors if name in vars(each)), None)


def _settle(client: Any, hooks: frozenset[str]) -> None:
    own = cast("dict[str, Any]", vars(client))
    own["_hooks"] = hooks
    if "settings" not in own:
        return  # it is being made, and will settle
    for name in _MADE:
        own.pop(name, None)
    client._take_on(client.settings)
