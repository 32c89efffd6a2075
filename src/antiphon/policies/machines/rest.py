"""How long a shared store that failed is left alone, so that no call waits for it again and again. Arithmetic only."""

from __future__ import annotations


class Rest:
    """Each failure in a row doubles the time of rest, from one second to half a minute; the first success ends it.

    >>> rest = Rest()
    >>> rest.failed(0.0)
    >>> rest.over(0.9), rest.over(1.0)
    (False, True)
    """

    __slots__ = ("_failures", "_until")

    def __init__(self) -> None:
        self._failures = 0
        self._until = 0.0

    def over(self, now: float) -> bool:
        """Whether it may be asked (again); `now` in seconds on a clock that never goes back."""
        return not self._failures or now >= self._until

    def failed(self, now: float) -> None:
        """It could not be used."""
        self._until = now + min(30.0, 2.0 ** min(self._failures, 5))
        self._failures += 1

    def worked(self) -> None:
        """It answered."""
        self._failures = 0

    def __repr__(self) -> str:
        return f"Rest({self._failures} failures)"
