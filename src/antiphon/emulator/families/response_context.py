"""What a response is asked in: its own input, and what was said before it in its chain or its conversation."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..problem import Problem, invalid, missing, not_found
from ..shape import is_array
from ..world import World
from .file import require_files
from .model import require_speaking
from .response_compaction import TRIGGER, since, threshold
from .response_prompt import check_calls, items_of
from .response_record import Item, Record, parent_of, referred, said
from .response_view import conversation_of

INPUT_FROM = ("input", "previous_response_id", "prompt", "conversation")


class Context(NamedTuple):
    """The input's items, all that is heard, and whether nothing but a compaction is wanted."""

    items: list[Item]
    heard: list[Item]
    compacts: bool = False


def refuse_contradictions(body: dict[str, Any]) -> None:
    """Raise 400 for parameters that do not go together."""
    _require_known(body)
    if all(body.get(name) is None for name in INPUT_FROM):
        raise missing("input")
    if body.get("background") and body.get("store") is False:
        raise invalid("background", "'background' needs 'store' to be true.")
    if body.get("stream_options") and not body.get("stream"):
        raise invalid("stream_options", "'stream_options' is only allowed when 'stream' is true.")
    threshold(body)


def _require_known(body: dict[str, Any]) -> None:
    """A prompt template is nothing an emulator's user could have made: whatever its id, there is none."""
    if (prompt := body.get("prompt")) is not None:
        raise not_found("Prompt", prompt["id"], "prompt")
    if body.get("model") is None:
        raise missing("model")
    if body.get("conversation") and body.get("previous_response_id"):
        raise invalid("conversation", "Give 'conversation' or 'previous_response_id', not both.", "mutually_exclusive")


def read(world: World, body: dict[str, Any]) -> Context:
    """The context of a request; raises 404 and 400 for what it names and nobody has made."""
    _require_known(body)
    require_speaking(world, body["model"])
    conversation = conversation_of(body)
    before = _before(world, parent_of(world, body), conversation)
    items = [_resolved(world, item, conversation) for item in items_of(body.get("input"), world.identity)]
    compacts = any(item["type"] == TRIGGER for item in items)
    if compacts and (items.pop()["type"] != TRIGGER or any(item["type"] == TRIGGER for item in items)):
        raise Problem(400, "A compaction trigger must be the last item of the input.", param="input")
    for item in items:
        require_files(world, item.get("content") or item.get("output"), "input")
    return Context(items, _heard(before, items), compacts)


def again(world: World, record: Record, body: dict[str, Any]) -> Context:
    """The context of a response that was kept, when its turn has come."""
    given = body.get("input")
    compacts = is_array(given) and bool(given) and given[-1].get("type") == TRIGGER
    before = _before(world, record["parent"], conversation_of(body))
    return Context(record["items"], _heard(before, record["items"]), compacts)


def _before(world: World, parent: str | None, conversation: str | None) -> list[Item]:
    if conversation is not None:
        from .conversation import items_in

        return items_in(world, conversation)
    return said(world, parent)


def _heard(before: list[Item], items: list[Item]) -> list[Item]:
    heard = since([*before, *items])
    check_calls(heard)
    return heard


def _resolved(world: World, item: Item, conversation: str | None) -> Item:
    """The item, or the one it refers to: in the conversation, or in any response."""
    if item["type"] != "item_reference":
        return item
    known: Item | None = None
    if conversation is not None:
        known = world.shelf(f"conversations.items/{conversation}").get(item["id"])
    return known or referred(world, item["id"])
