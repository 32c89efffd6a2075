"""The default brain: reads the prompt and answers by rules, in an order that is visible here. Deterministic by seed."""

from __future__ import annotations

import re
from zlib import crc32

import msgspec

from . import Answer, Prompt, Turn, equation, instruction, recall, summary, tool_use
from .arithmetic import find
from .schema_fill import fill

_BARE = re.compile(r"\b(?:only|just)\s+(?:with\s+)?(?:the\s+)?(?:number|result|answer|value)\b", re.IGNORECASE)
_SOLVE = re.compile(r"\b(?:solve|equation|find|what is|what's|compute|determine)\b", re.IGNORECASE)
_encode = msgspec.json.Encoder().encode


class SimpleBrain:
    """Answers from the prompt alone."""

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed

    def answer(self, prompt: Prompt) -> Answer:
        """Tools when they are to be called, else JSON when it is asked for, else a text."""
        asked = last_user(prompt.turns)
        if calls := tool_use.requests(prompt, asked):
            names = ", ".join(call.tool.name for call in calls)
            return Answer(requests=calls, thought=_thought(prompt, asked, f"Calling {names} fits the request."))
        text = self._json(prompt, asked) if prompt.schema is not None or prompt.json else self._text(prompt, asked)
        if not prompt.reasoning:
            return Answer(text=text)
        return Answer(text=text, thought=_thought(prompt, asked, f"The answer has {len(text.split())} words."))

    def _json(self, prompt: Prompt, asked: str) -> str:
        context = "\n".join(turn.text for turn in prompt.turns if turn.role in ("user", "tool")) or asked
        if prompt.schema is not None:
            heard = asked if len(asked.split()) > 3 else context
            return _encode(fill(prompt.schema, heard, lambda: self._text(prompt, asked))).decode()
        return _encode({"answer": self._text(prompt, asked)}).decode()

    def _text(self, prompt: Prompt, asked: str) -> str:
        turns = prompt.turns
        if turns and turns[-1].role == "tool" and (told := tool_use.told(turns)) is not None:
            return told
        if (personal := recall.personal(turns, asked)) is not None:
            return personal
        if (done := instruction.follow(asked)) is not None:
            return done
        if "=" in asked and _SOLVE.search(asked) and (steps := equation.solve(asked)) is not None:
            return "\n".join(f"{step.explanation}: {step.result}" for step in steps)
        if (found := find(asked)) is not None:
            return found[1] if _BARE.search(asked) else f"{found[0]} = {found[1]}"
        if (known := recall.sentence(turns, asked)) is not None:
            return known
        seen = _seen(turns)
        reply = summary.reply(asked, self._variant(prompt, asked)) if asked.strip() or not seen else ""
        return f"{seen} {reply}".strip()

    def _variant(self, prompt: Prompt, asked: str) -> int:
        return crc32(f"{self._seed}/{prompt.seed}/{asked}".encode()) + prompt.choice


def _thought(prompt: Prompt, asked: str, conclusion: str) -> str:
    if not prompt.reasoning:
        return ""
    topics = ", ".join(summary.keywords(asked, 3)) or "no particular words"
    return f"**Reading the prompt**\n\nIt speaks of {topics}, in {len(prompt.turns)} turns. {conclusion}"


def last_user(turns: list[Turn]) -> str:
    """What the user said last."""
    for turn in reversed(turns):
        if turn.role == "user":
            return turn.text
    return ""


def _seen(turns: list[Turn]) -> str:
    """What else came with the last user message: images, audio, files, of which only the number is known."""
    last = next((turn for turn in reversed(turns) if turn.role == "user"), None)
    if last is None:
        return ""
    counts = {"image": last.images, "audio clip": last.audios, "file": last.files}
    listed = [f"{n} {name}{'s' * (n > 1)}" for name, n in counts.items() if n]
    return f"With your message came {' and '.join(listed)}; a local emulator cannot look inside." if listed else ""
