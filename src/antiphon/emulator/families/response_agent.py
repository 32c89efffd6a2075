"""Several agents on one response: a request that lists tasks has each of them done by an agent of its own.

Each is spawned, works with the same brain on its task alone, and is waited for; what was called and what came of it
are output items that say which agent they are from.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from ..brain import Prompt, Turn
from ..brain.simple import last_user
from ..world import World
from .response_record import Item

ROOT: Final = "/root"
_TASK: Final = re.compile(r"^\s*(?:\d+[.)]|[-*•])\s+(\S.*)$", re.MULTILINE)
_encode = msgspec.json.Encoder().encode


def delegated(world: World, prompt: Prompt) -> list[Item]:
    """The items of the agents' work, and the prompt told of it; nothing where fewer than two tasks are listed."""
    asked = last_user(prompt.turns)
    tasks = [match[1].strip() for match in _TASK.finditer(asked)]
    if len(tasks) < 2:
        return []
    items, told = list[Item](), list[str]()
    for number, task in enumerate(tasks, 1):
        name = f"{ROOT}/task_{number}"
        answer = world.brain.answer(Prompt(prompt.model, [Turn("user", task)], seed=prompt.seed)).text
        items += _called(world, "spawn_agent", {"agent_name": name, "message": task}, f"{name} has begun.")
        items += _called(world, "wait_agent", {"agent_name": name}, answer)
        told.append(f"{task}: {answer}")
    prompt.turns = [*prompt.turns, Turn("user", "Say: " + "\n".join(told))]
    return items


def signed(items: list[Item]) -> None:
    """Say of items that they are from the first agent."""
    for item in items:
        item["agent"] = {"agent_name": ROOT}


def _called(world: World, action: str, arguments: dict[str, Any], output: str) -> list[Item]:
    identity, call = world.identity, world.identity.draw("call_", 24)
    head = {"call_id": call, "action": action, "agent": {"agent_name": ROOT}}
    said: Item = {"type": "output_text", "text": output, "annotations": [], "logprobs": []}
    return [
        {
            "id": identity.draw("mac_", 48),
            "type": "multi_agent_call",
            **head,
            "arguments": _encode(arguments).decode(),
        },
        {"id": identity.draw("maco_", 48), "type": "multi_agent_call_output", **head, "output": [said]},
    ]
