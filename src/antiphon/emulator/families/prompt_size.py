"""How many tokens a prompt is, how many a model takes, and what is too much to be worked out between other requests."""

from __future__ import annotations

import re
from asyncio import to_thread
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, TypeVar

import msgspec

from .. import token
from ..brain import Prompt
from ..problem import Problem

T = TypeVar("T")
WINDOWS: Final = {
    "computer-use": 8_192,
    "gpt-3.5": 16_385,
    "gpt-3.5-turbo-instruct": 4_096,
    "gpt-4": 8_192,
    "gpt-4-32k": 32_768,
    "gpt-4-turbo": 128_000,
    "gpt-4-0125": 128_000,
    "gpt-4-1106": 128_000,
    "gpt-4.1": 1_047_576,
    "gpt-4o": 128_000,
    "gpt-5": 400_000,
    "gpt-6": 1_000_000,
    "o1": 200_000,
    "o3": 200_000,
    "o4": 200_000,
}
"""Tokens that a model takes, by the beginning of its name; the longest that fits."""
USUAL: Final = 128_000
LARGE: Final = 100_000
"""Characters, or bytes of JSON, from which on work is done in a thread."""
_encode = msgspec.json.Encoder().encode
_SLICE: Final = 65_536
_BORDER: Final = re.compile(r"(?<=\S) ")


def tokens_of(prompt: Prompt) -> int:
    """The tokens of everything the model is given."""
    total = 3
    for turn in prompt.turns:
        total += token.PER_MESSAGE + count(turn.text) + token.PER_IMAGE * (turn.images + turn.audios + turn.files)
        if turn.calls:
            total += sum(count(call.name) + count(call.arguments) for call in turn.calls)
    for tool in prompt.tools:
        total += 8 + token.count(tool.name) + count(tool.description)
        total += 4 * len((tool.parameters or {}).get("properties", ()))
    return total


def count(text: str) -> int:
    """The tokens of a text; a long one is counted in slices, between which other threads get their turn."""
    total, start = 0, 0
    while len(text) - start > _SLICE:
        border = _BORDER.search(text, start + _SLICE)
        if border is None:
            break
        total += token.count(text[start : border.start()])
        start = border.start()
    return total + token.count(text[start:] if start else text)


@lru_cache(maxsize=256)
def window(model: str) -> int:
    """How many tokens a model takes, the answer among them."""
    name = model.removeprefix("ft:")
    fitting = max((beginning for beginning in WINDOWS if name.startswith(beginning)), key=len, default="")
    return WINDOWS.get(fitting, USUAL)


def require_room(model: str, tokens: int, param: str) -> None:
    """Raise the 400 that a prompt longer than the model's window gets."""
    most = window(model)
    if tokens > most:
        message = f"This model's maximum context length is {most} tokens, but the '{param}' came to {tokens} tokens."
        raise Problem(400, message, param=param, code="context_length_exceeded")


def is_large(prompt: Prompt) -> bool:
    """Whether answering takes so long that others would notice."""
    size = sum(len(turn.text) for turn in prompt.turns)
    return size > LARGE or weighs_much(prompt.schema, *(tool.parameters for tool in prompt.tools))


def weighs_much(*values: Any) -> bool:
    """Whether these parts of a body are so large that going through them takes long."""
    return sum(len(_encode(value)) for value in values if value) > LARGE


async def aside(large: bool, work: Callable[..., T], *arguments: Any) -> T:
    """The work's result; large work is done in a thread, so that others are answered meanwhile."""
    return await to_thread(work, *arguments) if large else work(*arguments)
