"""Completions, the old way: prompts without messages, several at once, whole or streamed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from .. import bound, event, token
from ..brain import Prompt, Turn
from ..brain.embedding import token_text
from ..exchange import AnyReply, EventReply, Exchange, Handler, json_reply
from ..problem import invalid
from ..shape import is_array, part
from .chat_choice import cut, logprob
from .model import require_speaking
from .prompt_size import LARGE, aside, count, require_room

DEFAULT_TOKENS: Final = 16
Told = tuple[str, str]


async def _create(exchange: Exchange) -> AnyReply:
    """Answers each prompt `n` times, whole or in pieces; keeps nothing."""
    body, world = exchange.body, exchange.world
    bound.check("completions.create", body)
    require_speaking(world, body["model"])
    prompts = _prompts(body.get("prompt"))
    number = body.get("n") or 1
    if (body.get("best_of") or number) < number:
        raise invalid("best_of", "'best_of' must not be smaller than 'n'.")
    large = sum(map(len, prompts)) > LARGE
    require_room(body["model"], max([await aside(large, count, text) for text in prompts]), "prompt")
    told = [await aside(large, _told, exchange, text, choice) for text in prompts for choice in range(number)]
    head = {
        "id": world.identity.draw("cmpl-", 28),
        "object": "text_completion",
        "created": world.now(),
        "model": body["model"],
    }
    usage = _usage(prompts, told, bool(body.get("echo")))
    spent = {"input_tokens": usage["prompt_tokens"], "output_tokens": usage["completion_tokens"]}
    exchange.usage = {"kind": "completions", "model": body["model"], **spent}
    if body.get("stream"):
        return EventReply(_events(head, told, body, usage))
    choices = [_choice(index, text, finish, body) for index, (text, finish) in enumerate(told)]
    return json_reply({**head, "choices": choices, "usage": usage})


def _prompts(given: Any) -> list[str]:
    match given:
        case None:
            return [""]
        case str():
            return [given]
        case [] | [[], *_]:
            raise invalid("prompt", "Invalid 'prompt': it must not be empty.", "empty_array")
        case _:
            items: list[Any] = [given] if isinstance(given[0], int) else given
            return [token_text(item) if is_array(item) else item for item in items]


def _told(exchange: Exchange, text: str, choice: int) -> Told:
    body = exchange.body
    prompt = Prompt(body["model"], [Turn("user", text)], seed=body.get("seed") or 0, choice=choice)
    limit = body.get("max_tokens")
    answer, finish = cut(
        exchange.world.brain.answer(prompt).text, body.get("stop"), DEFAULT_TOKENS if limit is None else limit
    )
    return (text + answer if body.get("echo") else answer) + (body.get("suffix") or ""), finish


def _choice(index: int, text: str, finish: str | None, body: dict[str, Any]) -> dict[str, Any]:
    return {"text": text, "index": index, "logprobs": _logprobs(text, body.get("logprobs")), "finish_reason": finish}


def _logprobs(text: str, alternatives: int | None) -> dict[str, Any] | None:
    if alternatives is None:
        return None
    found = [logprob(piece, alternatives) for piece in token.pieces(text)]
    offsets = [0]
    for one in found:
        offsets.append(offsets[-1] + len(one["token"]))
    return {
        "tokens": [one["token"] for one in found],
        "token_logprobs": [one["logprob"] for one in found],
        "top_logprobs": [{top["token"]: top["logprob"] for top in one["top_logprobs"]} for one in found],
        "text_offset": offsets[:-1],
    }


def _usage(prompts: list[str], told: list[Told], echoed: bool) -> dict[str, Any]:
    asked = token.total(prompts)
    spent = token.total(text for text, _ in told) - (asked * len(told) // len(prompts) if echoed else 0)
    return {"prompt_tokens": asked, "completion_tokens": spent, "total_tokens": asked + spent}


def _events(head: dict[str, Any], told: list[Told], body: dict[str, Any], usage: dict[str, Any]) -> Iterator[bytes]:
    asked = bool(part(body, "stream_options").get("include_usage"))
    tail = {"usage": None} if asked else {}
    for index, (text, finish) in enumerate(told):
        for piece in token.pieces(text):
            yield event.data({**head, "choices": [_choice(index, piece, None, body)], **tail})
        yield event.data({**head, "choices": [_choice(index, "", finish, body)], **tail})
    if asked:
        yield event.data({**head, "choices": [], "usage": usage})
    yield event.DONE


HANDLERS: dict[str, Handler] = {"completions.create": _create}
