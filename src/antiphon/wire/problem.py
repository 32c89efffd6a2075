"""What can be wrong with a reply, as the wire sees it: no request, no host, no clock.

The shells turn these into the typed errors of `antiphon.errors`, which also say where and after how long:

    WireProblem
    ├── BrokenProtocol   -> ProtocolError
    ├── Truncated        -> TruncatedBody (after the head), APIConnectionError (before it was complete)
    └── TooLarge         -> ResponseTooLarge

No message holds a header's value or a piece of a body.
"""

from __future__ import annotations


class WireProblem(Exception):
    """The root; `str()` says what happened in words for the user."""


class BrokenProtocol(WireProblem):
    """The server broke the rules of HTTP."""


class Truncated(WireProblem):
    """The connection ended before the reply did."""


class TooLarge(WireProblem):
    """The reply went past a size or ratio bound."""
