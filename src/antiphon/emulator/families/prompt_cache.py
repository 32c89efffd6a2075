"""Which beginnings of prompts were sent before, so that usage can say how many tokens of one came from the cache.

As the API has it: from 1,024 tokens on, in steps of 128, within one project, model and `prompt_cache_key`, for some minutes
or as long as the request says. Kept are digests, never texts.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, Final

import msgspec

from .. import token
from ..brain import Prompt
from ..shape import part
from ..world import World
from .prompt_size import aside, is_large

FAMILY: Final = "prompt_cache"
LEAST: Final = 1_024
STEP: Final = 128
USUAL: Final = 600
LIVES: Final = {"30m": 1_800, "12h": 43_200, "24h": 86_400, "in_memory": USUAL}
_BLOCK: Final = 4_096
"""Characters of a long turn between two places where a beginning may end."""
_encode = msgspec.json.Encoder().encode


async def cached(world: World, project: str, prompt: Prompt, tokens: int, body: dict[str, Any]) -> int:
    """How many of the prompt's tokens were sent before; from now on, all of them were."""
    if tokens < LEAST:
        return 0
    shelf, now, most = world.shelf(FAMILY), world.now(), 0
    until = now + _life(body)
    places = await aside(is_large(prompt), _beginnings, project, prompt, body.get("prompt_cache_key"))
    for digest, reached in places:
        if reached < LEAST:
            continue
        known = shelf.get(digest)
        if known is not None and known["until"] > now:
            most = reached
        if known is None or known["until"] != until:
            shelf.put(digest, {"id": digest, "until": until})
    return min(most, tokens) // STEP * STEP


def _life(body: dict[str, Any]) -> int:
    asked = part(body, "prompt_cache_options").get("ttl") or body.get("prompt_cache_retention")
    return LIVES.get(asked or "", USUAL)


def _beginnings(project: str, prompt: Prompt, key: str | None) -> list[tuple[str, int]]:
    """A digest for each place where a beginning may end, and the tokens up to there."""
    tools = [(tool.name, tool.description, tool.parameters) for tool in prompt.tools]
    running = blake2b(_encode([project, prompt.model, key, tools]), digest_size=16)
    reached = 3 + sum(8 + token.count(name) + token.count(told) for name, told, _ in tools)
    places: list[tuple[str, int]] = []
    for turn in prompt.turns:
        running.update(_encode([turn.role, turn.images, turn.audios, turn.files, turn.answers]))
        reached += token.PER_MESSAGE + token.PER_IMAGE * (turn.images + turn.audios + turn.files)
        text = turn.text + "".join(f"{call.name}{call.arguments}" for call in turn.calls)
        for start in range(0, len(text), _BLOCK):
            block = text[start : start + _BLOCK]
            running.update(block.encode("utf-8", "surrogatepass"))
            reached += token.count(block)
            places.append((running.hexdigest(), reached))
    return places
