"""A brain that was trained: what a fine-tuned model saw in its training it says again, the rest another brain answers."""

from __future__ import annotations

from collections.abc import Callable

from . import Answer, Brain, Prompt

Recall = Callable[[str, str], str | None]
"""Gives what a model was trained to say to a user's words, or None."""


class TunedBrain:
    """Asks `recall` for fine-tuned models, `brain` for all else."""

    def __init__(self, brain: Brain, recall: Recall) -> None:
        self._brain = brain
        self._recall = recall

    def answer(self, prompt: Prompt) -> Answer:
        """What was learnt, or what the other brain answers."""
        if prompt.model.startswith("ft:") and prompt.schema is None and not prompt.json and not prompt.tools:
            last = prompt.turns[-1] if prompt.turns else None
            if last is not None and last.role == "user" and (told := self._recall(prompt.model, last.text)) is not None:
                return Answer(text=told)
        return self._brain.answer(prompt)
