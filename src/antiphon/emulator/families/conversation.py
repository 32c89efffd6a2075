"""Conversations: items in the order they were said, which responses made in a conversation read first and add to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from ..exchange import Exchange, Handler, Reply, json_reply, list_reply
from ..problem import invalid, not_found
from ..shape import part, rows
from ..store import Shelf
from ..world import World
from .crud import Kind, crud
from .file import require_files
from .listing import page
from .response_prompt import items_of
from .response_record import Item, referred
from .response_view import shown_item

MOST_AT_ONCE: Final = 20


CONVERSATION: Final = Kind(
    home="conversations",
    param="conversation_id",
    noun="conversation",
    prefix="conv_",
    digits=48,
)
ITEM: Final = Kind(home="conversations.items", param="item_id", noun="conversation item", owner=CONVERSATION)


def items_in(world: World, id: str) -> list[Item]:
    """All that was said in a conversation; raises 404 when there is none."""
    if world.shelf(CONVERSATION.home).get(id) is None:
        raise not_found("Conversation", id)
    return list(_shelf(world, id))


def append(world: World, id: str, items: Sequence[Item]) -> list[Item]:
    """Add items at the end, if the conversation is still there; an id that is taken is replaced by a fresh one."""
    if world.shelf(CONVERSATION.home).get(id) is None:
        return []
    shelf, added = _shelf(world, id), list[Item]()
    for item in items:
        known = item
        if shelf.get(item["id"]) is not None:
            known = item | {"id": world.identity.draw(item["id"].partition("_")[0] + "_", 48)}
        shelf.put(known["id"], known)
        added.append(known)
    return added


def _shelf(world: World, id: str) -> Shelf[Item]:
    return world.shelf(f"{ITEM.home}/{id}")


async def _create(exchange: Exchange) -> Reply:
    """Starts a conversation, with up to 20 items said already."""
    items = _given(exchange)
    made = CONVERSATION.made(exchange, object="conversation", metadata=part(exchange.body, "metadata"))
    append(exchange.world, made["id"], items)
    return json_reply(made)


async def _update(exchange: Exchange) -> Reply:
    """Replaces the metadata; 404 when there is no such conversation."""
    metadata = part(exchange.body, "metadata")
    return json_reply(CONVERSATION.change(exchange, CONVERSATION.found(exchange), metadata=metadata))


async def _add(exchange: Exchange) -> Reply:
    """Adds up to 20 items at the end, each with an id; later responses in the conversation know them."""
    known = CONVERSATION.found(exchange)
    added = append(exchange.world, known["id"], _given(exchange))
    return list_reply([shown_item(item, _included(exchange)) for item in added], has_more=False)


def _given(exchange: Exchange) -> list[Item]:
    world, given = exchange.world, rows(exchange.body, "items")
    if len(given) > MOST_AT_ONCE:
        message = f"Invalid 'items': at most {MOST_AT_ONCE} items are taken at once, but got {len(given)}."
        raise invalid("items", message, "array_above_max_length")
    items = items_of(given, world.identity)
    for item in items:
        require_files(world, item.get("content") or item.get("output"), "items")
    return [referred(world, item["id"]) if item["type"] == "item_reference" else item for item in items]


def _included(exchange: Exchange) -> list[Any]:
    return rows(exchange.query, "include")


async def _list(exchange: Exchange) -> Reply:
    """Lists what was said, the newest first unless asked otherwise, with what `include` names."""
    found = page(exchange, ITEM.kept(exchange))
    return list_reply([shown_item(item, _included(exchange)) for item in found.data], found.has_more)


async def _retrieve(exchange: Exchange) -> Reply:
    """Shows one item of a conversation; 404 when either is not there."""
    return json_reply(shown_item(ITEM.found(exchange), _included(exchange)))


async def _delete_item(exchange: Exchange) -> Reply:
    """Takes one item out of a conversation and answers the conversation; later responses do not know it."""
    ITEM.remove(exchange, ITEM.found(exchange))
    return json_reply(CONVERSATION.found(exchange))


HANDLERS: dict[str, Handler] = crud(CONVERSATION) | {
    "conversations.create": _create,
    "conversations.update": _update,
    "conversations.items.create": _add,
    "conversations.items.list": _list,
    "conversations.items.retrieve": _retrieve,
    "conversations.items.delete": _delete_item,
}
