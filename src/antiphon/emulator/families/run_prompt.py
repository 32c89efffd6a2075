"""What a run asks the brain: the thread's messages as far as they may go in, and what its tools answered so far."""

from __future__ import annotations

from typing import Any

from ..brain import Invocation, Prompt, Tool, Turn
from ..shape import is_object, part
from ..world import World
from .crud import Object
from .prompt_size import tokens_of
from .thread_record import messages, steps


def prompt_of(world: World, run: Object, room: int | None) -> Prompt | None:
    """The prompt of a run's next turn in at most `room` tokens; None when it cannot be made that small."""
    heard, answered = _heard(world, run), list(_answered(world, run))
    shape = part(run, "response_format") if is_object(run["response_format"]) else {}
    while True:
        turns = [Turn("system", run["instructions"]), *heard, *answered]
        prompt = Prompt(
            model=run["model"],
            turns=turns,
            tools=[_tool(tool["function"]) for tool in run["tools"] if tool["type"] == "function"],
            tool_choice="auto" if answered else _choice(run["tool_choice"]),
            parallel=run["parallel_tool_calls"],
            json=shape.get("type") == "json_object",
            schema=shape["json_schema"].get("schema", {}) if shape.get("type") == "json_schema" else None,
        )
        if room is None or tokens_of(prompt) <= room:
            return prompt
        if len(heard) <= 1:
            return None
        del heard[(len(heard) - 1) // 2]  # out of the middle: the beginning and what was said last matter most


def asked(prompt: Prompt) -> str:
    """What the user said last."""
    return next((turn.text for turn in reversed(prompt.turns) if turn.role == "user"), "")


def _heard(world: World, run: Object) -> list[Turn]:
    kept = [message for message in messages(world, run["thread_id"]) if message["run_id"] != run["id"]]
    strategy = run["truncation_strategy"]
    if strategy["type"] == "last_messages" and strategy.get("last_messages"):
        kept = kept[-strategy["last_messages"] :]
    return [_turn(message) for message in kept]


def _turn(message: Object) -> Turn:
    turn, texts = Turn(message["role"], ""), list[str]()
    for piece in message["content"]:
        if piece["type"] == "text":
            texts.append(piece["text"]["value"])
        else:
            turn.images += 1
    turn.text = "\n".join(texts)
    return turn


def _answered(world: World, run: Object) -> list[Turn]:
    """The function calls of this run that were answered, and the answers."""
    turns: list[Turn] = []
    for step in steps(world, run):
        calls = [call for call in step["step_details"].get("tool_calls") or () if call["type"] == "function"]
        if calls and step["status"] == "completed":
            made = tuple(Invocation(c["id"], c["function"]["name"], c["function"]["arguments"]) for c in calls)
            turns.append(Turn("assistant", "", calls=made))
            turns += [Turn("tool", call["function"]["output"], answers=call["id"]) for call in calls]
    return turns


def _tool(function: dict[str, Any]) -> Tool:
    return Tool(function["name"], function.get("description") or "", function.get("parameters") or {})


def _choice(choice: str | dict[str, Any]) -> str:
    """none, auto, required, or `=name`; a built-in tool that is forced leaves the brain no function to call."""
    if isinstance(choice, str):
        return choice
    return f"={choice['function']['name']}" if choice["type"] == "function" else "none"
