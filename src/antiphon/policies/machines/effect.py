"""Whether carrying a request out twice is the same as once, but for its price.

Knows the API's paths and operations. What it does not know it takes for something that must not happen twice.
"""

from __future__ import annotations

from functools import lru_cache

_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
_ASKS = (
    *("/responses", "/responses/compact", "/responses/input_tokens", "/chat/completions", "/completions"),
    *("/embeddings", "/moderations", "/images/generations", "/images/edits", "/images/variations"),
    *("/audio/speech", "/audio/transcriptions", "/audio/translations", "/search"),
)
"""Where a model, or an index, is asked: twice costs twice, and changes nothing."""
_SETS = ("/cancel", "/archive", "/pause", "/resume", "/activate", "/deactivate", "/validate", "/graders/run")
"""What is so afterwards, however often it was asked for."""
_UPDATES = (".update", ".update_rate_limit")


@lru_cache(1024)
def is_repeatable(method: str, target: str, operation: str = "") -> bool:
    """Whether a request may be carried out twice.

    >>> is_repeatable("POST", "/v1/responses"), is_repeatable("POST", "/v1/batches")
    (True, False)

    Args:
        method: the verb, upper case.
        target: path and query.
        operation: the operation's name, where it is known.
    """
    path = target.partition("?")[0]
    return method in _SAFE or path.endswith(_ASKS) or path.endswith(_SETS) or operation.endswith(_UPDATES)


def is_ambiguous(status: int) -> bool:
    """Whether a status leaves open if the request was carried out: a gateway that lost its server, or a server that broke."""
    return status in (500, 502, 504) or 520 <= status <= 527
