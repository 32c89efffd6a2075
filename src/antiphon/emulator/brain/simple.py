"""The default brain: reads the prompt and answers by rules, in an order that is visible here. Deterministic by seed."""

from __future__ import annotations

from zlib import crc32

from . import Answer, Prompt, Turn, instruction, summary
from .arithmetic import find


class SimpleBrain:
    """Answers from the prompt alone."""

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed

    def answer(self, prompt: Prompt) -> Answer:
        """Tools first, then JSON, then text."""
        return Answer(text=self._text(prompt))

    def _text(self, prompt: Prompt) -> str:
        asked = last_user(prompt.turns)
        if (done := instruction.follow(asked)) is not None:
            return done
        if (found := find(asked)) is not None:
            return f"{found[0]} = {found[1]}"
        return summary.reply(asked, self._variant(prompt, asked))

    def _variant(self, prompt: Prompt, asked: str) -> int:
        return crc32(f"{self._seed}/{prompt.seed}/{prompt.choice}/{asked}".encode())


def last_user(turns: list[Turn]) -> str:
    """What the user said last."""
    return next((turn.text for turn in reversed(turns) if turn.role == "user"), "")
