"""A request that knows which operation of the API it is for, so that whoever watches it can say so."""

from __future__ import annotations

from typing import Any, Self

from ..core.call import Call
from ..core.headers import Headers
from ..core.notice import numbers
from ..core.request import Request

_FACTS = tuple(slot for slot in Request.__slots__ if slot != "__weakref__")


class Named(Request):
    """A request with the name of its operation.

    Attributes:
        operation: e.g. "chat.completions.create"; `None` where nobody watches.
        number: what all requests of one call share; 0 where nobody watches.
    """

    __slots__ = ("number", "operation")
    operation: str | None
    number: int

    @classmethod
    def of(cls, request: Request) -> Self:
        """The same request, of this kind."""
        named = cls.__new__(cls)
        for slot in _FACTS:
            setattr(named, slot, getattr(request, slot))
        named.operation, named.number = getattr(request, "operation", None), getattr(request, "number", 0)
        return named

    def replace(self, *, headers: Headers | None = None, **changes: Any) -> Self:
        """As `Request.replace`."""
        other = self.of(super().replace(headers=headers, **changes))
        other.operation, other.number = self.operation, self.number
        return other


class NamingEndpoint:
    """Another endpoint, whose requests are named.

    Args:
        endpoint: makes the requests.
    """

    __slots__ = ("_endpoint",)

    def __init__(self, endpoint: Any) -> None:
        self._endpoint = endpoint

    def request(self, call: Call[Any], *, stream: bool = False) -> Request:
        """The request for a call."""
        request = self._endpoint.request(call, stream=stream)
        named = request if isinstance(request, Named) else Named.of(request)
        named.operation, named.number = call.operation.name, next(numbers)
        return named

    def __getattr__(self, name: str) -> Any:
        return getattr(self._endpoint, name)
