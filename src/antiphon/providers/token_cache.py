"""The token cache: when a token is used, when it is fetched anew, and by whom. Arithmetic only.

A machine: it is told the time, and never asks for it. It knows no lock, no request, and no token's text.

    unusable, nobody fetches   → the asker fetches
    unusable, somebody fetches → the asker waits
    usable but due, nobody     → the asker fetches; should that fail, the token still serves
    usable but due, somebody   → use it
    usable                     → use it
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple

from ..core.secret import Secret

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 60.0


class Token(NamedTuple):
    """A token, and the fields that go with it."""

    value: Secret
    fields: Mapping[str, str] = {}


class Grant(NamedTuple):
    """A token as it was granted, and for how many seconds; `None` for this one use."""

    token: Token
    expires_in: float | None


class Turn(Enum):
    """What an asker is to do."""

    USE = "use"
    FETCH = "fetch"
    WAIT = "wait"


class TokenCache:
    """One token's life.

    Args:
        margin: how many seconds before its end a token is fetched anew, but never more than its share of its life.
        share: of a token's life, from 0 to 1.
        jitter: how much earlier it may be by chance, as a part of that.
    """

    def __init__(self, margin: float, share: float = 0.5, jitter: float = 0.0) -> None:
        self.margin = margin
        self.share = share
        self.jitter = jitter
        self._token: Token | None = None
        self._expires = 0.0
        self._due = 0.0
        self._pause = FIRST_PAUSE
        self._flight: object | None = None

    def ask(self, now: float, flight: object) -> tuple[Turn, Token | None, object]:
        """Whose turn it is: the token where it is to be used, and the flight under way where it is to be waited for.

        Args:
            now: the monotonic time in seconds.
            flight: what stands for this asker's fetch, should it be its turn.
        """
        usable = self.usable(now)
        if usable is not None and (now < self._due or self._flight is not None):
            return Turn.USE, usable, flight
        if self._flight is not None:
            return Turn.WAIT, None, self._flight
        self._flight = flight
        return Turn.FETCH, usable, flight

    def usable(self, now: float) -> Token | None:
        """The token, unless its end has come."""
        return self._token if now < self._expires else None

    def stored(self, flight: object, grant: Grant, now: float, chance: float = 0.0) -> None:
        """A fetch that began at `now` was granted a token; `chance` is a number in [0, 1)."""
        life = grant.expires_in or 0.0
        self._token, self._expires = grant.token, now + life
        self._due = now + life - min(self.margin, life * self.share) * (1 + self.jitter * chance)
        self._pause = FIRST_PAUSE
        self.abandoned(flight)

    def failed(self, flight: object, now: float) -> Token | None:
        """A fetch failed; the token that still serves, which is not fetched again before a pause is over."""
        self._due = max(self._due, now + self._pause)
        self._pause = min(self._pause * 2, LONGEST_PAUSE)
        self.abandoned(flight)
        return self.usable(now)

    def abandoned(self, flight: object) -> None:
        """Nobody fetches any more, if it was this flight."""
        if self._flight is flight:
            self._flight = None

    def forget(self) -> None:
        """Whoever fetches has vanished."""
        self._flight = None

    def invalidated(self, token: Token) -> None:
        """The server refused this token; a newer one stays."""
        if self._token is not None and self._token.value is token.value:
            self._token, self._expires = None, 0.0
