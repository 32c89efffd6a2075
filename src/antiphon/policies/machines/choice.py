"""Which failures are repeated, where a user names them: statuses and kinds of errors."""

from __future__ import annotations

from typing import Any, NamedTuple

from ...errors import APIConnectionError, APIError, APIStatusError, TLSError, class_for_status


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
