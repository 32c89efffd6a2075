"""How a response is worked out: compaction, room, hosted tools, the brain, and the items that come of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .. import token
from ..brain import Answer, Prompt, Turn
from ..exchange import Caller
from ..shape import part
from ..world import World
from .prompt_cache import cached
from .prompt_size import aside, is_large, require_room, tokens_of, window
from .response_compaction import compacted, digest, threshold
from .response_context import Context
from .response_output import output_of, usage_of
from .response_prompt import prompt_of, turns_of
from .response_record import Item
from .response_tool import cited, offered, told, use


@dataclass(slots=True)
class Done:
    """What came of a response."""

    output: list[Item]
    status: str
    usage: dict[str, Any]
    partials: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    told: dict[str, Any] = field(default_factory=dict[str, Any])
    """What else the view says."""


async def answered(world: World, body: dict[str, Any], context: Context, caller: Caller) -> Done:
    """Work a response out; raises 400 where the input is too long and may not be cut."""
    prompt = prompt_of(body, turns_of(context.heard))
    large = is_large(prompt)
    tokens = await aside(large, tokens_of, prompt)
    if context.compacts:
        output = [compacted(await aside(large, digest, prompt.turns), world.identity, whole=True)]
        saved = await cached(world, caller.project, prompt, tokens, body)
        return Done(output, "completed", usage_of(tokens, saved, output, 0))
    output, read = list[Item](), tokens
    if (most := threshold(body)) is not None and tokens >= most:
        output.append(await _compact(world, prompt, large=large))
        tokens = await aside(large, tokens_of, prompt)
    if body.get("truncation") == "auto":
        tokens = read = shortened(prompt, tokens)
    require_room(prompt.model, tokens, "input")
    saved = await cached(world, caller.project, prompt, tokens, body)
    if part(body, "multi_agent").get("enabled"):
        from .response_agent import delegated, signed

        output += delegated(world, prompt)
        done = await _spoken(world, body, prompt, context.heard, caller, large=large)
        signed(done.output)
    else:
        done = await _spoken(world, body, prompt, context.heard, caller, large=large)
    output += done.output
    thinking = done.usage["reasoning_tokens"]
    ended = Done(output, done.status, usage_of(read, saved, output, thinking), done.partials)
    if body.get("moderation"):
        await _moderate(world, body, prompt, ended)
    return ended


async def _moderate(world: World, body: dict[str, Any], prompt: Prompt, done: Done) -> None:
    """Have both sides judged; what is withheld was never said."""
    from .chat_moderation import judged

    messages = [item for item in done.output if item["type"] == "message"]
    said = " ".join(piece["text"] for item in messages for piece in item["content"])
    found = await judged(world, body["moderation"], prompt, [said])
    done.told = {"moderation": found.single()}
    if found.withheld[0]:
        done.output, done.status, done.partials = [], "incomplete", {}
        done.told["incomplete_details"] = {"reason": "content_filter"}


async def _spoken(
    world: World, body: dict[str, Any], prompt: Prompt, heard: list[Item], caller: Caller, *, large: bool
) -> Done:
    """The answer itself, and what its tools did before."""
    tools = offered(body, prompt) if body.get("tools") else []
    if not tools:
        answer = await aside(large, world.brain.answer, prompt)
        return _done(world, body, prompt, answer, [])
    used = await use(world, tools, body, prompt, heard)
    for cost in used.costs:
        world.meter.add(caller, cost, world.clock())
    told(prompt, used)
    answer, citations = await aside(large, world.brain.answer, prompt), list[Item]()
    if used.hits and answer.text and not (prompt.json or prompt.schema):
        answer.text, citations = cited(answer.text, used)
    if used.partials and not answer.requests:  # the picture is the answer
        return Done(used.items, "completed", {"reasoning_tokens": 0}, used.partials)
    done = _done(world, body, prompt, answer, citations)
    return Done([*used.items, *done.output], done.status, done.usage)


def _done(world: World, body: dict[str, Any], prompt: Prompt, answer: Answer, citations: list[Item]) -> Done:
    output, status = output_of(answer, body, world.identity, reasoning=prompt.reasoning, citations=citations)
    thinking = token.count(answer.thought) if prompt.reasoning else 0
    return Done(output, status, {"reasoning_tokens": thinking})


async def _compact(world: World, prompt: Prompt, *, large: bool) -> Item:
    """The item that stands for all that was said; the prompt from now on holds it in place of what it is about."""
    instructions = [turn for turn in prompt.turns[:1] if turn.role == "system"]
    turns = prompt.turns[len(instructions) :]
    last = max((n for n, turn in enumerate(turns) if turn.role == "user"), default=len(turns))
    item = compacted(await aside(large, digest, turns), world.identity, whole=True)
    prompt.turns = [*instructions, *await aside(large, digest, turns[:last]), *turns[last:]]
    return item


def shortened(prompt: Prompt, tokens: int) -> int:
    """Leave the oldest turns out until the rest fits the model's window; gives the tokens that are left."""
    most = window(prompt.model)
    if tokens <= most:
        return tokens
    kept = [turn for turn in prompt.turns[:1] if turn.role == "system"]
    turns = prompt.turns[len(kept) :]
    while tokens > most and len(turns) > 1:
        gone = turns.pop(0)
        tokens -= tokens_of(Prompt(prompt.model, [gone])) - 3
        while turns and turns[0].role == "tool":
            tokens -= tokens_of(Prompt(prompt.model, [turns.pop(0)])) - 3
    if tokens > most and turns:
        tokens = _cut(prompt, kept, turns, most)
    prompt.turns = [*kept, *turns]
    return tokens


def _cut(prompt: Prompt, kept: list[Turn], turns: list[Turn], most: int) -> int:
    """The last turn alone is too long: its end is what fits."""
    room = most - tokens_of(Prompt(prompt.model, kept, prompt.tools)) - token.PER_MESSAGE
    turns[-1] = Turn(turns[-1].role, "".join(token.pieces(turns[-1].text)[-max(room, 1) :]))
    return tokens_of(Prompt(prompt.model, [*kept, *turns], prompt.tools))
