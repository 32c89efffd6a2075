"""What a request takes of a limit, before it is sent: requests, tokens, images, input tokens. And what it took, once it is answered.

An estimate that is rather too high; the difference is given back when the reply tells.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from ..core.reply import Reply
from ..core.request import Request
from .machines.queue import Units
from .subject import body_of, most_tokens, operation_of, prompt_tokens

ONE: Units = (1.0, 0.0, 0.0, 0.0)
_TOTAL = re.compile(rb'"total_tokens"\s*:\s*(\d{1,12})')
_DATED = re.compile(r"-(?:\d{4}-\d\d-\d\d|\d{8}|latest)$")
_TOO_LARGE = re.compile(rb"Request too large.{0,400}?Limit:? (\d{1,12}), Requested:? (\d{1,12})", re.DOTALL)
_SILENT = ("embeddings.", "moderations.")


@lru_cache(4096)
def family_of(model: str) -> str:
    """The models that share a limit: dated ones with the one they are of, tuned ones with the one they were tuned from.

    >>> family_of("gpt-4o-2024-08-06"), family_of("ft:gpt-4o-mini-2024-07-18:org::id")
    ('gpt-4o', 'gpt-4o-mini')
    """
    return _DATED.sub("", model[3:].partition(":")[0] if model.startswith("ft:") else model)


def need(request: Request, usual: float) -> Units:
    """What a request takes.

    Args:
        request: it.
        usual: tokens of an answer, where it sets no bound.
    """
    body = body_of(request)
    if not body:
        return ONE
    prompt = float(prompt_tokens(body))
    operation = operation_of(request)
    if operation.startswith("images."):
        many = body.get("n")
        return (1.0, prompt, float(many) if isinstance(many, int) and many > 0 else 1.0, prompt)
    answer = 0.0 if operation.startswith(_SILENT) else most_tokens(body)
    return (1.0, prompt + (usual if answer is None else answer), 0.0, prompt)


def total_tokens(reply: Reply) -> float | None:
    """How many tokens a reply that was read tells it took."""
    content = reply.content
    place = content.rfind(b'"total_tokens"')  # by sight: parsing it would cost more than all the rest
    found = _TOTAL.match(content, place) if place >= 0 else None
    return float(found[1]) if found else None


def total_of(usage: dict[str, Any] | None) -> float | None:
    """The same of a stream's usage."""
    total = usage.get("total_tokens") if usage else None
    return float(total) if isinstance(total, int) and 0 <= total < 10**12 else None


def too_large(content: bytes) -> tuple[int, int] | None:
    """What a refused request needed, and the limit, where the server says that it is larger than the whole limit."""
    found = _TOO_LARGE.search(content)
    return (int(found[2]), int(found[1])) if found else None
