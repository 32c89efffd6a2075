"""Compaction: what was said so far, shortened and sealed into one item that stands for it from then on."""

from __future__ import annotations

import re
from typing import Any, Final

from .. import token
from ..brain import Turn
from ..brain.summary import summarise
from ..identity import Identity
from ..problem import invalid
from ..shape import rows
from .prompt_size import window
from .response_seal import opened, sealed

Item = dict[str, Any]
KIND: Final = "compaction"
TRIGGER: Final = "compaction_trigger"
LEAST: Final = 1_000
_SHORT: Final = 300
_SENTENCE: Final = re.compile(r"[^.!?\n]+[.!?]*")
_PERSONAL: Final = re.compile(r"\b(?:my|i|i'm|me)\b", re.IGNORECASE)
"""What the user says of themselves is what is asked for later."""
_BUDGET: Final = 1_500
"""Tokens that a compaction may come to."""


def threshold(body: dict[str, Any]) -> int | None:
    """The tokens from which on a request wants its context compacted; raises 400 for what cannot be meant."""
    found: int | None = None
    for index, entry in enumerate(rows(body, "context_management")):
        where = f"context_management[{index}]"
        if entry["type"] != KIND:
            raise invalid(f"{where}.type", f"Invalid value: '{entry['type']}'. Supported values are: '{KIND}'.")
        asked = entry.get("compact_threshold")
        if asked is not None and asked < LEAST:
            message = f"Invalid '{where}.compact_threshold': expected a value >= {LEAST}, but got {asked} instead."
            raise invalid(f"{where}.compact_threshold", message, "integer_below_min_value")
        found = asked if asked is not None else window(body.get("model") or "") * 4 // 5
    return found


def digest(turns: list[Turn]) -> list[Turn]:
    """The turns in short, the newest as far as the budget goes; who said what stays known."""
    kept: list[Turn] = []
    left = _BUDGET
    for turn in reversed(turns):
        text = _short(turn)
        left -= token.count(text)
        if left < 0:
            break
        if text:
            kept.append(Turn("system" if turn.role == "tool" else turn.role, text))
    return kept[::-1]


def _short(turn: Turn) -> str:
    calls = "".join(f"Called {call.name} with {call.arguments}. " for call in turn.calls)
    text = calls + turn.text
    if len(text) <= _SHORT:
        return text
    sentences = list(dict.fromkeys(match.strip() for match in _SENTENCE.findall(text)))
    personal = [sentence for sentence in sentences if _PERSONAL.search(sentence)][:3]
    rest = " ".join(sentence for sentence in sentences if sentence not in personal)
    return " ".join([*personal, summarise(rest, 3)])[: 2 * _SHORT]


def compacted(turns: list[Turn], identity: Identity, *, whole: bool) -> Item:
    """The item for a digest; a `whole` one stands for everything before it."""
    value = {"whole": whole, "turns": [[turn.role, turn.text] for turn in turns]}
    return {"id": identity.draw("cmp_", 48), "type": KIND, "encrypted_content": sealed(KIND, value)}


def summed_up(item: Item) -> list[Turn]:
    """The turns a compaction item carries; raises 400 for one that was not made here."""
    return [Turn(role, text) for role, text in opened(KIND, item["encrypted_content"])["turns"]]


def since(items: list[Item]) -> list[Item]:
    """The items from the last compaction on that stands for all before it."""
    for index in range(len(items) - 1, -1, -1):
        item = items[index]
        if item["type"] == KIND and opened(KIND, item["encrypted_content"])["whole"]:
            return items[index:]
    return items
