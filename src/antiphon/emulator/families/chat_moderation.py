"""Moderation beside an answer: what was asked and what was said, judged as the moderations family judges it.

Where the policy of a side is `block`, an answer is withheld when that side is flagged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..brain import Prompt
from ..shape import part
from ..world import World
from . import internal

Result = dict[str, Any]


@dataclass(slots=True)
class Judgement:
    """The results of both sides, what answers they are of, and which of those are withheld."""

    model: str
    asked: Result
    said: list[Result]
    withheld: list[bool]

    def listed(self) -> dict[str, Any]:
        """As chat completions tell it: lists of results."""
        head = {"type": "moderation_results", "model": self.model}
        return {"input": {**head, "results": [self.asked]}, "output": {**head, "results": self.said}}

    def single(self) -> dict[str, Any]:
        """As responses tell it: one result for each side."""
        return {"input": self.asked, "output": self.said[0]}


async def judged(world: World, wanted: dict[str, Any], prompt: Prompt, said: list[str]) -> Judgement:
    """Judge the user's words and each answer; raises 404 and 400 for a model that does not moderate."""
    asked = "\n".join(turn.text for turn in prompt.turns if turn.role == "user")
    given = {"model": wanted["model"], "input": [text or " " for text in (asked, *said)]}
    answer = await internal.call(world, "moderations.create", given)
    results = [{"type": "moderation_result", "model": answer["model"], **result} for result in answer["results"]]
    policy = part(wanted, "policy")
    stopped = part(policy, "input").get("mode") == "block" and results[0]["flagged"]
    blocks = part(policy, "output").get("mode") == "block"
    withheld = [bool(stopped or (blocks and result["flagged"])) for result in results[1:]]
    return Judgement(answer["model"], results[0], results[1:], withheld)
