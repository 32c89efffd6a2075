"""A provider: another house that serves this API, as `OpenAI(provider=…)` takes it. Opaque: what it knows stays inside.

`antiphon.providers.bedrock(…)` and `antiphon.providers.vertex(…)` make them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, NoReturn, Protocol, TypeVar, cast

from ..core.credential import hidden
from ..core.url import URL
from ..errors import OpenAIError
from ..policies.chain import Layer
from .keeper import Keeper

F = TypeVar("F", bound=Callable[..., Any])


class Definition(Protocol):
    """What a provider knows."""

    @property
    def name(self) -> str:
        """The function that makes it."""
        ...

    @property
    def base_url(self) -> URL:
        """The API's root there; the credential is bound to its origin."""
        ...

    def keeper(self) -> Keeper | None:
        """What keeps a token for one client and its copies, if one is kept."""
        ...

    def policies(self, colour: str, keeper: Keeper | None) -> Sequence[Layer]:
        """What puts the credential into a request, innermost."""
        ...


class Provider:
    """A provider; make one with `antiphon.providers.bedrock(…)` or `antiphon.providers.vertex(…)`."""

    __slots__ = ("__weakref__", "_get")
    _get: Callable[[], Definition]

    def __init__(self, definition: Definition) -> None:
        self._get = lambda: definition  # in a closure, as a Secret keeps its text

    def __repr__(self) -> str:
        definition = self._get()
        return f"<Provider {definition.name} at {definition.base_url}>"

    def __copy__(self) -> Provider:
        return self

    def __deepcopy__(self, memo: object) -> Provider:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a provider does not pickle; make it anew in the other process")


def definition_of(provider: object) -> Definition:
    """What a provider knows.

    Raises:
        OpenAIError: it is none.
    """
    if not isinstance(provider, Provider):
        raise OpenAIError(
            f"Invalid provider: {type(provider).__name__}; make one with antiphon.providers.bedrock(…) or vertex(…)"
        )
    return provider._get()


def veiling(*names: str) -> Callable[[F], F]:
    """Hide a function's keys before anything can fail, so that no frame's locals show one."""

    def veil(function: F) -> F:
        @wraps(function)
        def call(**arguments: Any) -> Any:
            for name in arguments.keys() & set(names):
                arguments[name] = hidden(arguments[name])
            return function(**arguments)

        return cast("F", call)

    return veil


def asking(source: Callable[[], Any], colour: str, name: str, instead: str) -> Callable[[], Any]:
    """A user's function that gives a bearer token, in a client's colour, its failures told as ours.

    Args:
        source: the function.
        colour: the client's.
        name: of the argument it came in.
        instead: the client that takes an async function.
    """

    def failed(failure: Exception) -> OpenAIError:
        return OpenAIError(f"{name} failed with {type(failure).__name__}")

    def ask() -> Any:
        try:
            answer = hidden(source())
        except OpenAIError:
            raise
        except Exception as failure:
            raise failed(failure) from failure
        if hasattr(answer, "__await__"):
            getattr(answer, "close", bool)()
            raise OpenAIError(f"{name} is async; use {instead}, or pass a plain function")
        return answer.reveal() if hasattr(answer, "reveal") else answer

    async def ask_async() -> Any:
        try:
            answer = source()
            return await answer if hasattr(answer, "__await__") else answer
        except OpenAIError:
            raise
        except Exception as failure:
            raise failed(failure) from failure

    return ask if colour == "sync" else ask_async
