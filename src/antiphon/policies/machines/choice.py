"""Which failures are repeated, and after how long, where a user says so: statuses and kinds of errors, numbers or functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from ...errors import APIConnectionError, APIError, APIStatusError, TLSError, class_for_status
from .number import seconds

RetryOn = Iterable[int | type[APIError]] | Callable[[APIError], Any]
"""What is repeated: statuses and kinds of errors, or a function of the error at hand."""
Delay = float | Sequence[float] | Callable[[int, APIError], Any]
"""Seconds to pause: always the same, one after another (the last one repeats), or a function of attempt and error."""


class Choice(NamedTuple):
    """Statuses and kinds of errors.

    >>> Choice.of([429, "x"])
    Traceback (most recent call last):
    TypeError: retry_on takes statuses and subclasses of APIError; got 'x'

    Attributes:
        statuses: from 400 to 599.
        kinds: of errors; one for a status stands for all statuses it speaks of.
    """

    statuses: frozenset[int]
    kinds: tuple[type[APIError], ...]

    @classmethod
    def of(cls, named: Any) -> Choice:
        """What a user named, in a set, list, or anything else to walk through.

        Raises:
            TypeError, ValueError: it is neither a status nor a kind of error.
        """
        if isinstance(named, (str, bytes, type)) or not hasattr(named, "__iter__"):
            shown = named.__name__ if isinstance(named, type) else repr(named)
            raise TypeError(f"retry_on takes several in a set, e.g. {{429, 503}}, or a function; got {shown}")
        statuses: set[int] = set()
        kinds: list[type[APIError]] = []
        for each in named:
            if isinstance(each, type) and issubclass(each, APIError):
                kinds.append(each)
            elif not isinstance(each, int) or isinstance(each, bool):
                raise TypeError(f"retry_on takes statuses and subclasses of APIError; got {each!r}")
            elif not 400 <= each <= 599:
                raise ValueError(f"retry_on takes statuses from 400 to 599; got {each}")
            else:
                statuses.add(each)
        return cls(frozenset(statuses), tuple(kinds))

    def has_status(self, status: int) -> bool:
        """Whether a reply of this status was named."""
        if status in self.statuses:
            return True
        kind: type[APIStatusError] = class_for_status(status)
        return any(issubclass(kind, each) for each in self.kinds)

    def has_failure(self, failure: APIConnectionError) -> bool:
        """Whether a failure of this kind was named; a certificate that is not trusted must be named itself."""
        if isinstance(failure, TLSError):
            return TLSError in self.kinds
        return isinstance(failure, self.kinds)

    def __str__(self) -> str:
        return ", ".join([*map(str, sorted(self.statuses)), *(kind.__name__ for kind in self.kinds)])


def chosen(named: RetryOn | None) -> Choice | Callable[[APIError], Any] | None:
    """What is repeated; a lone status or class belongs into a set, lest a class be taken for a function.

    Raises:
        TypeError, ValueError: as `Choice.of`.
    """
    if named is None or (callable(named) and not isinstance(named, type)):
        return named
    return Choice.of(named)


def pauses(delay: Delay | None) -> tuple[float, ...] | Callable[[int, APIError], Any] | None:
    """The pauses a user wants.

    Raises:
        TypeError, ValueError: one cannot be right.
    """
    if delay is None or (callable(delay) and not isinstance(delay, type)):
        return delay
    if isinstance(delay, (str, bytes)) or not isinstance(delay, Iterable):
        return (seconds("delay", delay),)
    each = tuple(seconds("each delay", one) for one in delay)
    if not each:
        raise ValueError("delay must be one or more numbers of seconds; got none")
    return each


def called(value: Any) -> str:
    """How a function, or a choice, is shown."""
    return str(getattr(value, "__qualname__", None) or value)
