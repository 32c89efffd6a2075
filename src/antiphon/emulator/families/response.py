"""Responses: create (whole, streamed, in the background), retrieve, stream again, cancel, delete, items, token counts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import islice
from typing import Any

from .. import bound
from ..exchange import AnyReply, EventReply, Exchange, Handler, Reply, json_reply, list_reply
from ..problem import Problem, invalid, missing, not_found
from ..shape import part
from ..world import World
from .listing import page
from .model import require_speaking
from .prompt_size import tokens_of
from .response_prompt import Item, check_calls, check_schemas, items_of, prompt_of, turns_of
from .response_record import Record, output_of, spoken, usage_of, view_of
from .response_stream import events

FAMILY = "responses"
INPUT_FROM = ("input", "previous_response_id", "prompt", "conversation")


async def _create(exchange: Exchange) -> AnyReply:
    body, world = exchange.body, exchange.world
    bound.check("responses.create", body)
    _refuse_contradictions(body)
    record = _make(world, body)
    if body.get("store") is not False:
        world.shelf(FAMILY).put(record.id, record)
    if body.get("stream"):
        obfuscated = bool(part(body, "stream_options").get("include_obfuscation"))
        return _stream(world, record, 0, obfuscated)
    return json_reply(record.shown(world.clock()))


def _refuse_contradictions(body: dict[str, Any]) -> None:
    if body.get("model") is None:
        raise missing("prompt" if body.get("prompt") else "model")
    if all(body.get(name) is None for name in INPUT_FROM):
        raise missing("input")
    if body.get("background") and body.get("store") is False:
        raise invalid("background", "'background' needs 'store' to be true.")
    if body.get("conversation") and body.get("previous_response_id"):
        raise invalid("conversation", "Give 'conversation' or 'previous_response_id', not both.", "mutually_exclusive")
    if body.get("stream_options") and not body.get("stream"):
        raise invalid("stream_options", "'stream_options' is only allowed when 'stream' is true.")
    _refuse_absent(body)


def _refuse_absent(body: dict[str, Any]) -> None:
    """Conversations and prompt templates live in other families: an id given here is one nobody has made."""
    if (conversation := body.get("conversation")) is not None:
        raise not_found("Conversation", conversation if isinstance(conversation, str) else conversation["id"])
    if (prompt := body.get("prompt")) is not None:
        raise not_found("Prompt", prompt["id"], "prompt")


def _make(world: World, body: dict[str, Any]) -> Record:
    require_speaking(world, body["model"])
    parent = _parent(world, body)
    items = items_of(body.get("input"), world.identity)
    heard = [*spoken(parent), *_resolved(world, items)]
    check_calls(heard)
    check_schemas(body)
    prompt = prompt_of(body, turns_of(heard))
    answer = world.brain.answer(prompt)
    output, status = output_of(answer, body, world.identity, prompt.reasoning)
    made = world.identity.draw("resp_", 48)
    view = view_of(world, made, body, output, status, usage_of(tokens_of(prompt), output, answer.thought))
    takes = world.setting.background_seconds if body.get("background") else 0.0
    return Record(made, view, items, parent, world.clock(), takes)


def _parent(world: World, body: dict[str, Any]) -> Record | None:
    wanted = body.get("previous_response_id")
    if wanted is None:
        return None
    record: Record | None = world.shelf(FAMILY).get(wanted)
    if record is None:
        message = f"Previous response with id '{wanted}' not found."
        raise Problem(400, message, param="previous_response_id", code="previous_response_not_found")
    return record


def _resolved(world: World, items: list[Item]) -> list[Item]:
    """The items with references replaced by what they name; raises 404 for a name nobody has."""
    if not any(item["type"] == "item_reference" for item in items):
        return items
    return [_referred(world, item["id"]) if item["type"] == "item_reference" else item for item in items]


def _referred(world: World, id: str) -> Item:
    def holds(record: Record) -> bool:
        return any(item["id"] == id for item in (*record.items, *record.view["output"]))

    found = world.shelf(FAMILY).page(limit=1, where=holds).data
    if not found:
        raise not_found("Item", id, "input")
    return next(item for item in (*found[0].items, *found[0].view["output"]) if item["id"] == id)


def _stream(world: World, record: Record, skip: int, obfuscated: bool) -> EventReply:
    if record.takes and record.status(world.clock()) in ("queued", "in_progress"):
        return EventReply(_paced(world, record, skip, obfuscated))
    return EventReply(islice(events(record.view, obfuscated), skip, None))


async def _paced(world: World, record: Record, skip: int, obfuscated: bool) -> AsyncIterator[bytes]:
    """A background response's events spread over the time it takes; ends early when it is cancelled."""
    framed = list(events(record.view, obfuscated))
    for number, frame in enumerate(framed):
        due = record.started + record.takes * number / (len(framed) - 1)
        if (wait := due - world.clock()) > 0:
            await asyncio.sleep(wait)
        if record.cancelled:
            return
        if number >= skip:
            yield frame


def _record(exchange: Exchange) -> Record:
    wanted = exchange.path["response_id"]
    record: Record | None = exchange.world.shelf(FAMILY).get(wanted)
    if record is None:
        raise not_found("Response", wanted)
    return record


async def _retrieve(exchange: Exchange) -> AnyReply:
    record, query = _record(exchange), exchange.query
    if query.get("stream"):
        if not record.view["background"]:
            raise invalid("stream", "Only a response created with 'background' can be streamed again.")
        after = query.get("starting_after")
        return _stream(
            exchange.world, record, 0 if after is None else after + 1, bool(query.get("include_obfuscation"))
        )
    if query.get("starting_after") is not None:
        raise invalid("starting_after", "'starting_after' is only allowed when 'stream' is true.")
    return json_reply(record.shown(exchange.world.clock()))


async def _delete(exchange: Exchange) -> Reply:
    record = _record(exchange)
    exchange.world.shelf(FAMILY).pop(record.id)
    return json_reply({"id": record.id, "object": "response", "deleted": True})


async def _cancel(exchange: Exchange) -> Reply:
    record, now = _record(exchange), exchange.world.clock()
    if not record.view["background"]:
        raise Problem(400, "Cannot cancel a synchronous response: only background ones can be.")
    status = record.status(now)
    if status in ("queued", "in_progress"):
        record.cancelled = True
    elif status != "cancelled":
        raise Problem(400, f"Cannot cancel a response that is {status}.")
    return json_reply(record.shown(now))


async def _input_items(exchange: Exchange) -> Reply:
    found = page(exchange, _record(exchange).items)
    return list_reply(found.data, found.has_more)


async def _input_tokens(exchange: Exchange) -> Reply:
    body, world = exchange.body, exchange.world
    if body.get("model") is None:
        raise missing("model")
    require_speaking(world, body["model"])
    _refuse_absent(body)
    items = items_of(body.get("input"), world.identity)
    heard = [*spoken(_parent(world, body)), *_resolved(world, items)]
    size = tokens_of(prompt_of(body, turns_of(heard)))
    return json_reply({"object": "response.input_tokens", "input_tokens": size})


HANDLERS: dict[str, Handler] = {
    "responses.create": _create,
    "responses.retrieve": _retrieve,
    "responses.delete": _delete,
    "responses.cancel": _cancel,
    "responses.input_items.list": _input_items,
    "responses.input_tokens.count": _input_tokens,
}
