"""Responses: create (whole, streamed, in the background), retrieve, stream again, cancel, delete, compact, count, items."""

from __future__ import annotations

from typing import Any, Final

from .. import bound
from ..exchange import AnyReply, EventReply, Exchange, Handler, Reply, json_reply, list_reply
from ..problem import invalid, missing
from ..shape import part, rows
from . import response_background as background
from .listing import page
from .prompt_cache import cached
from .prompt_size import aside, is_large, require_room, tokens_of, weighs_much
from .response_answer import answered
from .response_compaction import compacted, digest
from .response_context import Context, read, refuse_contradictions
from .response_output import bill_of, usage_of
from .response_prompt import check_schemas, prompt_of, turns_of
from .response_record import Record, found, keep, remove
from .response_stream import events
from .response_view import conversation_of, finished, shown, shown_items, view_of

INPUT_FROM: Final = ("input", "previous_response_id")


async def _create(exchange: Exchange) -> AnyReply:
    """Answers, keeps the response unless `store` is false, and adds to its conversation; may work in the background."""
    body, world = exchange.body, exchange.world
    bound.check("responses.create", body)
    refuse_contradictions(body)
    await aside(weighs_much(body.get("tools"), body.get("text")), check_schemas, body)
    context = read(world, body)
    record = _record(exchange, context)
    if body.get("background"):
        return _queue(exchange, record)
    done = await answered(world, body, context, exchange.caller)
    record["view"] = finished(record["view"], done.output, done.status, done.usage, world.now()) | done.told
    exchange.usage = bill_of(record["view"], done.usage)
    if body.get("store") is not False:
        keep(world, record)
    if (conversation := conversation_of(body)) is not None:
        from .conversation import append

        append(world, conversation, [*context.items, *done.output])
    if body.get("stream"):
        return EventReply(events(shown(record), _obfuscated(part(body, "stream_options")), done.partials))
    return json_reply(shown(record))


def _record(exchange: Exchange, context: Context) -> Record:
    body, world = exchange.body, exchange.world
    made = world.identity.draw("resp_", 48)
    return {
        "id": made,
        "view": view_of(made, body, world.now()),
        "items": context.items,
        "parent": body.get("previous_response_id"),
        "children": 0,
        "include": body.get("include") or [],
    }


def _queue(exchange: Exchange, record: Record) -> AnyReply:
    """Keep a response that is worked out later; its stream follows it."""
    body, world = exchange.body, exchange.world
    record["view"]["status"] = "queued"
    background.begin_later(world, record, body, exchange.caller)
    keep(world, record)
    if body.get("stream"):
        obfuscated = _obfuscated(part(body, "stream_options"))
        return EventReply(background.stream(world, record["id"], 0, obfuscated))
    return json_reply(shown(record))


def _obfuscated(options: dict[str, Any]) -> bool:
    """Unless it is refused, events are padded."""
    return options.get("include_obfuscation") is not False


async def _retrieve(exchange: Exchange) -> AnyReply:
    """Shows a response as it is now, with what `include` names; streams a background one again from any event on."""
    world, query = exchange.world, exchange.query
    record = found(world, exchange.path["response_id"])
    after = query.get("starting_after")
    if not query.get("stream"):
        if after is not None:
            raise invalid("starting_after", "'starting_after' is only allowed when 'stream' is true.")
        return json_reply(shown(record, rows(query, "include")))
    if not record["view"]["background"]:
        raise invalid("stream", "Only a response created with 'background' can be streamed again.")
    skip = 0 if after is None else after + 1
    return EventReply(background.stream(world, record["id"], skip, _obfuscated(query)))


async def _delete(exchange: Exchange) -> Reply:
    """Removes a response, 404 from then on; those that continue it still know what was said."""
    record = found(exchange.world, exchange.path["response_id"])
    remove(exchange.world, record)
    return json_reply({"id": record["id"], "object": "response", "deleted": True})


async def _cancel(exchange: Exchange) -> Reply:
    """Ends a background response that is queued or in progress, and its streams; 400 for any other."""
    record = found(exchange.world, exchange.path["response_id"])
    background.cancel(exchange.world, record)
    return json_reply(shown(record))


async def _input_items(exchange: Exchange) -> Reply:
    """Lists what a response was asked with, the newest first unless asked otherwise."""
    record = found(exchange.world, exchange.path["response_id"])
    listed = page(exchange, record["items"])
    return list_reply(shown_items(listed.data, rows(exchange.query, "include")), listed.has_more)


async def _input_tokens(exchange: Exchange) -> Reply:
    """Counts the tokens a response of this input would read, with what was said before it."""
    body, world = exchange.body, exchange.world
    context = read(world, body)
    prompt = prompt_of(body, turns_of(context.heard))
    size = await aside(is_large(prompt), tokens_of, prompt)
    return json_reply({"object": "response.input_tokens", "input_tokens": size})


async def _compact(exchange: Exchange) -> Reply:
    """Answers the user's messages and one sealed item that stands for all else; sent back, both are understood."""
    body, world = exchange.body, exchange.world
    if all(body.get(name) is None for name in INPUT_FROM):
        raise missing("input")
    context = read(world, body)
    heard = context.heard
    prompt = prompt_of(body, turns_of(heard))
    tokens = await aside(is_large(prompt), tokens_of, prompt)
    require_room(body["model"], tokens, "input")
    asked = [item for item in heard if item["type"] == "message" and item["role"] == "user"]
    rest = [item for item in heard if item["type"] != "message" or item["role"] != "user"]
    output = [*asked, compacted(await aside(is_large(prompt), digest, turns_of(rest)), world.identity, whole=False)]
    saved = await cached(world, exchange.caller.project, prompt, tokens, body)
    usage = usage_of(tokens, saved, output[-1:], 0)
    exchange.usage = bill_of(body, usage)
    made = world.identity.draw("resp_", 48)
    known = {"id": made, "object": "response.compaction", "created_at": world.now(), "output": output, "usage": usage}
    return json_reply(known)


HANDLERS: dict[str, Handler] = {
    "responses.create": _create,
    "responses.retrieve": _retrieve,
    "responses.delete": _delete,
    "responses.cancel": _cancel,
    "responses.compact": _compact,
    "responses.input_items.list": _input_items,
    "responses.input_tokens.count": _input_tokens,
}
