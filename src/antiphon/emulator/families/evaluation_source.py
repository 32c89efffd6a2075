"""Where the rows of an eval's run come from: given ones, a file's, stored completions or stored responses.

A row is an `item`, and a `sample` where the answer to be graded is there already.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from ..shape import is_array, is_object, part
from ..world import World
from .grader_template import Context, sample_of

Row = dict[str, Any]
MOST_STORED: Final = 10_000
_DECODER: Final = msgspec.json.Decoder()
_KINDS: Final[dict[str, tuple[type, ...]]] = {
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}


class Unreadable(Exception):
    """The rows cannot be had; says why."""


def rows(world: World, source: Row) -> Iterator[Row]:
    """The rows of a source; raises `Unreadable`."""
    match source["type"]:
        case "file_content":
            yield from source["content"]
        case "file_id":
            yield from _of_file(world.folder() / source["id"])
        case "stored_completions":
            yield from _of_completions(world, source)
        case _:
            yield from _of_responses(world, source)


def _of_file(path: Path) -> Iterator[Row]:
    if not path.is_file():
        raise Unreadable("The file no longer exists.")
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                row = _DECODER.decode(line)
            except (ValueError, RecursionError):
                raise Unreadable(f"Line {number} of the file is no JSON.") from None
            if not is_object(row) or not is_object(row.get("item")):
                raise Unreadable(f"Line {number} of the file has no 'item' that is an object.")
            yield row


def _of_completions(world: World, source: Row) -> Iterator[Row]:
    wanted, found = part(source, "metadata"), 0
    for record in world.shelf("chat.completions"):
        view = record["view"]
        if not _fits(source, view, view["created"]) or not _carries(view, wanted):
            continue
        if found == (source.get("limit") or MOST_STORED):
            return
        found += 1
        message = view["choices"][0]["message"]
        item = {"input": record["messages"], "output": message, "metadata": view["metadata"]}
        yield {"item": item, "sample": _sampled(message["content"] or "", view)}


def _of_responses(world: World, source: Row) -> Iterator[Row]:
    wanted = part(source, "metadata")
    for record in world.shelf("responses"):
        view = record["view"]
        if view is None or view["status"] != "completed" or not _carries(view, wanted):
            continue
        if not _fits(source, view, int(view["created_at"])) or not _answers(source, view):
            continue
        pieces = [piece for item in view["output"] if item["type"] == "message" for piece in item["content"]]
        text = "".join(piece.get("text") or "" for piece in pieces)
        item = {"input": record["items"], "instructions": view["instructions"], "metadata": view["metadata"]}
        yield {"item": item, "sample": _sampled(text, view)}


def _sampled(text: str, view: Row) -> Row:
    return sample_of(text, model=view["model"], choices=view.get("choices") or [])


def _fits(source: Row, view: Row, created: int) -> bool:
    after, before, model = source.get("created_after"), source.get("created_before"), source.get("model")
    return (
        (after is None or created > after)
        and (before is None or created < before)
        and (model is None or view["model"] == model)
    )


def _carries(view: Row, wanted: Row) -> bool:
    carried = part(view, "metadata")
    return all(carried.get(name) == value for name, value in wanted.items())


def _answers(source: Row, view: Row) -> bool:
    """Whether a response was asked for as the source wants it."""
    search, users, tools = source.get("instructions_search"), source.get("users"), source.get("tools")
    effort = source.get("reasoning_effort")
    return (
        (search is None or search in str(view["instructions"] or ""))
        and (users is None or view.get("user") in users)
        and (tools is None or {tool.get("name", tool["type"]) for tool in view["tools"]} >= set(tools))
        and (effort is None or part(view, "reasoning").get("effort") == effort)
        and all(source.get(name) is None or view.get(name) == source[name] for name in ("temperature", "top_p"))
    )


def misfit(schema: Any, value: Any, where: str = "item") -> str | None:
    """The first thing by which a value is not what a schema of the eval says: types, enums, and what is required."""
    if not is_object(schema):
        return None
    named = schema.get("type")
    names: list[Any] = named if is_array(named) else [named]
    kinds = tuple(kind for name in names for kind in _KINDS.get(str(name), ()))
    if kinds and (not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds)):
        return f"'{where}' is not of the type {named!r}."
    if is_array(schema.get("enum")) and value not in schema["enum"]:
        return f"'{where}' is none of {schema['enum']}."
    if is_object(value):
        for name in schema.get("required") or ():
            if name not in value:
                return f"'{where}' has no '{name}'."
        inner = ((f"{where}.{n}", s, value[n]) for n, s in part(schema, "properties").items() if n in value)
    else:
        each: list[Any] = value if is_array(value) else []
        inner = ((f"{where}[{n}]", schema.get("items"), element) for n, element in enumerate(each))
    return next((wrong for place, under, found in inner if (wrong := misfit(under, found, place))), None)


def context_of(row: Row) -> Context:
    """What templates may name of a row."""
    return {"item": row["item"], "sample": row.get("sample") or {}}
