"""`Hooks`: functions of a user's that are told how calls go.

Knows their names, and that they can be called. When they are called is `observer`'s and `attendance`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ..core.omit import NotGiven
from ..core.resource import spelled

if TYPE_CHECKING:
    from ..core.notice import ErrorInfo, RequestInfo, ResponseInfo, RetryInfo, StreamEventInfo

_KINDS = ("on_request", "on_response", "on_retry", "on_error", "on_stream_event")


class Hooks:
    """Functions that are told what a client's calls do; each is optional.

    >>> client = OpenAI(hooks=Hooks(on_response=lambda info: print(info.status_code, info.elapsed)))  # doctest: +SKIP

    What they get is a frozen value without credentials. They run where the call runs, in its thread or task, and the call waits
    for them; under an async client they may be coroutine functions. One that raises ends the call, or the stream, with what it
    raises: nothing is retried, and the connection is closed where something was still to come.

    Args:
        on_request: before each attempt; gets a `RequestInfo`.
        on_response: for each reply's head, whatever its status; gets a `ResponseInfo`.
        on_retry: for each attempt that is repeated, before the pause; gets a `RetryInfo`.
        on_error: once for a call that fails after it was begun, `parse()` included, or a stream that breaks; gets an
            `ErrorInfo`.
        on_stream_event: for each event of a stream, before it is handed out; gets a `StreamEventInfo`.

    Raises:
        TypeError: one of them cannot be called.
    """

    __slots__ = _KINDS

    @spelled
    def __init__(
        self,
        *,
        on_request: Callable[[RequestInfo], Any] | None = None,
        on_response: Callable[[ResponseInfo], Any] | None = None,
        on_retry: Callable[[RetryInfo], Any] | None = None,
        on_error: Callable[[ErrorInfo], Any] | None = None,
        on_stream_event: Callable[[StreamEventInfo], Any] | None = None,
    ) -> None:
        for name, function in zip(_KINDS, (on_request, on_response, on_retry, on_error, on_stream_event), strict=True):
            if function is not None and not callable(function):
                raise TypeError(f"{name} must be a function; got {type(function).__name__}")
            object.__setattr__(self, name, function)

    on_request: Callable[[RequestInfo], Any] | None
    on_response: Callable[[ResponseInfo], Any] | None
    on_retry: Callable[[RetryInfo], Any] | None
    on_error: Callable[[ErrorInfo], Any] | None
    on_stream_event: Callable[[StreamEventInfo], Any] | None

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"Hooks are immutable; make new ones with {name}=…")

    def __repr__(self) -> str:
        return f"Hooks({', '.join(name for name in _KINDS if getattr(self, name) is not None)})"

    def __reduce__(self) -> tuple[Any, ...]:
        return (_remade, ({name: getattr(self, name) for name in _KINDS},))


def _remade(functions: dict[str, Any]) -> Hooks:
    return Hooks(**functions)


Given = Hooks | Sequence[Hooks] | NotGiven | None


class Listeners(NamedTuple):
    """The functions of all hooks of a client, in the order in which they are told."""

    request: tuple[Callable[[Any], Any], ...]
    response: tuple[Callable[[Any], Any], ...]
    retry: tuple[Callable[[Any], Any], ...]
    error: tuple[Callable[[Any], Any], ...]
    event: tuple[Callable[[Any], Any], ...]

    @classmethod
    def of(cls, hooks: Sequence[Hooks]) -> Listeners:
        """Those of these hooks."""
        each = ([getattr(one, name) for one in hooks] for name in _KINDS)
        return cls(*(tuple(function for function in found if function is not None) for found in each))

    def names(self) -> str:
        """Which of them anybody listens to."""
        return ", ".join(name for name, functions in zip(_KINDS, self, strict=True) if functions)


def checked(given: Any, colour: str) -> tuple[Hooks, ...]:
    """The hooks a client was given.

    Raises:
        TypeError: they are no hooks, or coroutine functions for a blocking client.
    """
    if given is None:
        return ()
    hooks: tuple[Any, ...] = tuple(given) if isinstance(given, (list, tuple)) else (given,)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    for one in hooks:
        if not isinstance(one, Hooks):
            raise TypeError(f"hooks must be antiphon.Hooks(…), or several in a list; got {type(one).__name__}")
    if colour == "sync":
        import inspect

        for functions in Listeners.of(hooks):
            for function in functions:
                if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__):
                    raise TypeError(
                        f"{function!r} is a coroutine function, which a blocking client cannot await; "
                        "give it a plain one, or use the async client"
                    )
    return hooks
