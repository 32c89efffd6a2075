"""Chat completions: create (whole or streamed), and the stored ones: list, retrieve, update, delete, messages."""

from __future__ import annotations

from typing import Any

from .. import bound, token
from ..brain import Prompt
from ..exchange import AnyReply, EventReply, Exchange, Handler, Reply, json_reply, list_reply
from ..problem import invalid, not_found
from ..shape import is_array, part, rows
from ..world import World
from . import chat_stream
from .chat_choice import Choice, logprob, settle
from .chat_moderation import judged
from .chat_prompt import check_schemas, prompt_of
from .file import require_files
from .listing import page
from .model import require_speaking
from .prompt_cache import cached
from .prompt_size import aside, is_large, require_room, tokens_of, weighs_much

FAMILY = "chat.completions"


async def _create(exchange: Exchange) -> AnyReply:
    """Answers, whole or in chunks, and keeps the completion when `store` says so."""
    body, world = exchange.body, exchange.world
    bound.check("chat.completions.create", body)
    require_speaking(world, body["model"])
    _refuse_contradictions(body)
    if "tools" in body or "response_format" in body:
        await aside(weighs_much(body.get("tools"), body.get("response_format")), check_schemas, body)
    prompt = prompt_of(body)
    if any(turn.files for turn in prompt.turns):
        for message in body["messages"]:
            require_files(world, message.get("content"), "messages")
    large = is_large(prompt)
    tokens = await aside(large, tokens_of, prompt)
    require_room(body["model"], tokens, "messages")
    choices: list[Choice] = []
    for number in range(body.get("n") or 1):
        prompt.choice = number
        choices.append(settle(await aside(large, world.brain.answer, prompt), body, world.identity))
    saved = await cached(world, exchange.caller.project, prompt, tokens, body)
    told = await _moderated(world, body, prompt, choices) if body.get("moderation") else {}
    usage = _usage(tokens, saved, choices, body)
    completion = _completion(world, body, choices, usage) | told
    exchange.usage = _bill(completion)
    if body.get("store"):
        _keep(world, completion, body)
    if body.get("stream"):
        head = {key: completion[key] for key in ("id", "created", "model", "service_tier", "system_fingerprint")}
        head["object"] = "chat.completion.chunk"
        return EventReply(chat_stream.events(head, choices, body, usage, told))
    return json_reply(completion)


async def _moderated(world: World, body: dict[str, Any], prompt: Prompt, choices: list[Choice]) -> dict[str, Any]:
    """What moderation says; choices that it withholds say nothing."""
    found = await judged(world, body["moderation"], prompt, [choice.content or "" for choice in choices])
    for choice, withheld in zip(choices, found.withheld, strict=True):
        if withheld:
            choice.withhold()
    return {"moderation": found.listed()}


def _refuse_contradictions(body: dict[str, Any]) -> None:
    if body.get("top_logprobs") is not None and not body.get("logprobs"):
        raise invalid("top_logprobs", "'top_logprobs' needs 'logprobs' to be true.")
    if "audio" in rows(body, "modalities"):
        raise invalid(
            "modalities", "This emulator answers in text: 'modalities' must be ['text'].", "unsupported_value"
        )
    if body.get("stream_options") and not body.get("stream"):
        raise invalid("stream_options", "'stream_options' is only allowed when 'stream' is true.")
    if body.get("tool_choice") not in (None, "none") and not body.get("tools"):
        raise invalid("tool_choice", "'tool_choice' is only allowed when 'tools' are given.")
    if part(body, "response_format").get("type") == "json_object":
        texts = " ".join(str(message.get("content")) for message in body["messages"])
        if "json" not in texts.lower():
            raise invalid("messages", "'messages' must contain the word 'json' for 'response_format' 'json_object'.")


def _completion(world: World, body: dict[str, Any], choices: list[Choice], usage: dict[str, Any]) -> dict[str, Any]:
    tier = body.get("service_tier")
    return {
        "id": world.identity.draw("chatcmpl-", 28),
        "object": "chat.completion",
        "created": world.now(),
        "model": body["model"],
        "choices": [_choice(index, choice, body) for index, choice in enumerate(choices)],
        "usage": usage,
        "service_tier": "default" if tier in (None, "auto") else tier,
        "system_fingerprint": f"fp_{world.setting.seed & 0xFFFFFFFF:08x}",
    }


def _choice(index: int, choice: Choice, body: dict[str, Any]) -> dict[str, Any]:
    found = None
    if body.get("logprobs"):
        alternatives = body.get("top_logprobs") or 0
        found = {"content": [logprob(piece, alternatives) for piece in choice.pieces], "refusal": None}
    return {"index": index, "message": choice.message(), "logprobs": found, "finish_reason": choice.finish}


def _usage(prompt_tokens: int, cached_tokens: int, choices: list[Choice], body: dict[str, Any]) -> dict[str, Any]:
    accepted, rejected = _predicted(body, choices) if body.get("prediction") else (0, 0)
    spent = sum(choice.tokens for choice in choices) + rejected
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": spent,
        "total_tokens": prompt_tokens + spent,
        "prompt_tokens_details": {"cached_tokens": cached_tokens, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": accepted,
            "rejected_prediction_tokens": rejected,
        },
    }


def _predicted(body: dict[str, Any], choices: list[Choice]) -> tuple[int, int]:
    """How many tokens of the prediction came true, from either end, and how many did not."""
    content = body["prediction"]["content"]
    foretold = token.pieces(content if isinstance(content, str) else "".join(piece["text"] for piece in content))
    accepted = sum(_agreeing(foretold, choice.pieces) for choice in choices)
    return accepted, len(foretold) * len(choices) - accepted


def _agreeing(foretold: list[str], told: list[str]) -> int:
    most = min(len(foretold), len(told))
    first = next((n for n in range(most) if foretold[n] != told[n]), most)
    last = next((n for n in range(most - first) if foretold[-1 - n] != told[-1 - n]), most - first)
    return first + last


def _bill(completion: dict[str, Any]) -> dict[str, Any]:
    usage = completion["usage"]
    return {
        "kind": "completions",
        "model": completion["model"],
        "service_tier": completion["service_tier"],
        "input_tokens": usage["prompt_tokens"],
        "input_cached_tokens": usage["prompt_tokens_details"]["cached_tokens"],
        "output_tokens": usage["completion_tokens"],
    }


def _keep(world: World, completion: dict[str, Any], body: dict[str, Any]) -> None:
    asked = ("temperature", "top_p", "seed", "presence_penalty", "frequency_penalty", "tools", "tool_choice")
    stored = completion | {name: body[name] for name in asked if name in body}
    stored["metadata"] = body.get("metadata") or {}
    world.shelf(FAMILY).put(completion["id"], {"id": completion["id"], "view": stored, "messages": body["messages"]})


def _stored(exchange: Exchange) -> dict[str, Any]:
    wanted = exchange.path["completion_id"]
    record: dict[str, Any] | None = exchange.world.shelf(FAMILY).get(wanted)
    if record is None:
        raise not_found("Completion", wanted, "completion_id")
    return record


async def _list(exchange: Exchange) -> Reply:
    """Lists the stored completions, the oldest first, those of a model and with all of the metadata asked for."""
    model, metadata = exchange.query.get("model"), part(exchange.query, "metadata")

    def wanted(record: dict[str, Any]) -> bool:
        view = record["view"]
        same = all(view["metadata"].get(key) == value for key, value in metadata.items())
        return same and (model is None or view["model"] == model)

    found = page(exchange, FAMILY, default_order="asc", where=wanted)
    return list_reply([record["view"] for record in found.data], found.has_more)


async def _retrieve(exchange: Exchange) -> Reply:
    """Shows a stored completion as it was answered, with its metadata; 404 for one that was not stored."""
    return json_reply(_stored(exchange)["view"])


async def _update(exchange: Exchange) -> Reply:
    """Replaces the metadata of a stored completion; 404 when there is none."""
    record, metadata = _stored(exchange), exchange.body["metadata"]
    record = record | {"view": record["view"] | {"metadata": metadata or {}}}
    exchange.world.shelf(FAMILY).put(record["id"], record)
    return json_reply(record["view"])


async def _delete(exchange: Exchange) -> Reply:
    """Removes a stored completion and its messages; 404 from then on."""
    record = _stored(exchange)
    exchange.world.shelf(FAMILY).pop(record["id"])
    return json_reply({"object": "chat.completion.deleted", "id": record["id"], "deleted": True})


async def _messages(exchange: Exchange) -> Reply:
    """Lists the messages a stored completion was asked with, in their order."""
    record = _stored(exchange)
    items = [_message(record["id"], index, message) for index, message in enumerate(record["messages"])]
    found = page(exchange, items, default_order="asc")
    return list_reply(found.data, found.has_more)


def _message(id: str, index: int, message: dict[str, Any]) -> dict[str, Any]:
    content = message.get("content")
    text = content if isinstance(content, str) else None
    parts = content if is_array(content) else None
    return {"id": f"{id}-{index}", "refusal": None, **message, "content": text, "content_parts": parts}


HANDLERS: dict[str, Handler] = {
    "chat.completions.create": _create,
    "chat.completions.list": _list,
    "chat.completions.retrieve": _retrieve,
    "chat.completions.update": _update,
    "chat.completions.delete": _delete,
    "chat.completions.messages.list": _messages,
}
