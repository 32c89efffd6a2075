"""A follower sees a reply's body go by, as its reader gets it, and learns how that ended."""

from __future__ import annotations

from typing import Protocol


class Follower(Protocol):
    """Told of every byte and, once, of the end. It must not raise, and not wait: it runs in the reader's own steps.

    Where a signal handler raised while it was being told of the end, it is told of one again.
    """

    def feed(self, chunk: bytes) -> None:
        """The reader got this much more."""
        ...

    def end(self, failure: BaseException | None, complete: bool) -> None:
        """It is over.

        Args:
            failure: what broke it; `None` if nothing did.
            complete: whether the reader had all it wanted; `False` where the body broke, or was dropped early.
        """
        ...
