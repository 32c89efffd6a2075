"""Responses as they are kept: plain objects on one shelf, each with what it added to what it continues.

A response knows its parent by id and holds only its own input and output, so a chain costs what was said and no more. One
that is deleted stays, unseen, as long as another continues it: that one must still know what was said.
"""

from __future__ import annotations

from typing import Any, Final

from ..problem import Problem, not_found
from ..world import World

FAMILY: Final = "responses"
Item = dict[str, Any]
Record = dict[str, Any]
"""`id`, `view` (None: deleted), `items` of its input, `output` where the view is gone, `parent`, how many `children`,
what to `include`, and the `life` of one that works in the background."""


def keep(world: World, record: Record) -> None:
    """Put a new response on the shelf, after the one it continues."""
    shelf = world.shelf(FAMILY)
    parent = shelf.get(record["parent"]) if record["parent"] else None
    if parent is not None:
        parent["children"] += 1
        shelf.put(parent["id"], parent)
    shelf.put(record["id"], record)


def found(world: World, id: str) -> Record:
    """The response with this id; raises 404 when there is none, or no longer."""
    record: Record | None = world.shelf(FAMILY).get(id)
    if record is None or record["view"] is None:
        raise not_found("Response", id)
    return record


def parent_of(world: World, body: dict[str, Any]) -> str | None:
    """The id of the response a request continues; raises 400 when there is no such response."""
    wanted: str | None = body.get("previous_response_id")
    if wanted is None:
        return None
    record = world.shelf(FAMILY).get(wanted)
    if record is None or record["view"] is None:
        message = f"Previous response with id '{wanted}' not found."
        raise Problem(400, message, param="previous_response_id", code="previous_response_not_found")
    return wanted


def remove(world: World, record: Record) -> None:
    """Take a response away, and with it what nobody continues any more."""
    shelf = world.shelf(FAMILY)
    if record["children"] > 0:
        kept = {name: record[name] for name in ("id", "items", "parent", "children")}
        shelf.put(record["id"], kept | {"view": None, "output": output_of(record)})
        return
    gone: Record | None = record
    while gone is not None:
        shelf.pop(gone["id"])
        parent = shelf.get(gone["parent"]) if gone["parent"] else None
        if parent is not None:
            parent["children"] -= 1
            shelf.put(parent["id"], parent)
        gone = parent if parent is not None and parent["view"] is None and parent["children"] < 1 else None


def output_of(record: Record) -> list[Item]:
    """What the response said, so far."""
    output: list[Item] = record["output"] if record["view"] is None else record["view"]["output"]
    return output


def said(world: World, id: str | None) -> list[Item]:
    """All items of a response and of those it continues, the oldest first."""
    shelf, lineage = world.shelf(FAMILY), list[Record]()
    wanted = id
    while wanted is not None and (record := shelf.get(wanted)) is not None:
        lineage.append(record)
        wanted = record["parent"]
    return [item for record in reversed(lineage) for item in (*record["items"], *output_of(record))]


def referred(world: World, id: str) -> Item:
    """The item with this id in any response; raises 404 when there is none."""

    def holds(record: Record) -> bool:
        return record["view"] is not None and any(item["id"] == id for item in (*record["items"], *output_of(record)))

    record = next(iter(world.shelf(FAMILY).page(limit=1, where=holds).data), None)
    if record is None:
        raise not_found("Item", id, "input")
    return next(item for item in (*record["items"], *output_of(record)) if item["id"] == id)
