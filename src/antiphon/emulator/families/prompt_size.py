"""How many tokens a prompt is: the same estimate for every family."""

from __future__ import annotations

from .. import token
from ..brain import Prompt


def tokens_of(prompt: Prompt) -> int:
    """The tokens of everything the model is given."""
    total = 3
    for turn in prompt.turns:
        total += token.PER_MESSAGE + token.count(turn.text) + token.PER_IMAGE * (turn.images + turn.audios + turn.files)
        total += sum(token.count(call.name) + token.count(call.arguments) for call in turn.calls)
    for tool in prompt.tools:
        total += 8 + token.count(tool.name) + token.count(tool.description)
        total += 4 * len((tool.parameters or {}).get("properties", ()))
    return total
