"""What is known to differ in pages."""

from __future__ import annotations

from typing import Any

from ..difference import Known, asked, each, place, raised, result

NO_PAGE = (
    "what holds no list is no page; theirs hands out the keys of the object, or fails inside with an AttributeError"
)
TOO_LITTLE = (
    "the item says too little to be any of the union's classes: theirs takes the one that is listed last for its type, or the "
    "first of all, ours the one that lacks the fewest required fields; real items are the same class in both"
)
OBJECT = {"object": "list", "data": {"id": "a"}}


def unfit(body: Any) -> dict[str, Any]:
    """How ours refuses a page."""
    return raised("APIResponseValidationError", status_code=200, body=body)


def end(kind: str) -> list[Any]:
    """What theirs knows of a page whose data is an object."""
    return [kind, False, OBJECT, None, raised("RuntimeError")]


ITEMS: dict[str, Any] = {
    "cursor": ["id", {"raises": ["KeyError"]}],
    "plain": ["id"],
    "conversation": ["id"],
    "next cursor": ["id"],
}
FACTS: dict[str, Any] = {
    "plain": "Page",
    "conversation": "ConversationCursorPage",
    "next cursor": "NextCursorPage",
}


def files(*ids: str) -> list[dict[str, Any]]:
    """Items of a list of files."""
    return [{"class": "FileObject", "id": i, "type": "message"} for i in ids]


def classes(*kinds: str) -> dict[str, str]:
    """The classes of the first items."""
    return {f"result.{position}.class": kind for position, kind in enumerate(kinds)}


NOT_EVEN = result(NO_PAGE, raised("AttributeError"), unfit([{"id": "a"}]))

KNOWN: dict[str, Known] = {
    **{
        f"of input items: {how}": Known(
            TOO_LITTLE, classes(*["ResponseOutputMessage"] * 3), classes(*["ResponseInputMessageItem"] * 3)
        )
        for how in ("items", "awaited")
    },
    **{
        name: place(TOO_LITTLE, "result.0.class", "Message", "ResponseConfigurationUpdateItem")
        for name in ("extra members: conversation items", "an item of no kind")
    },
    **{
        f"data that is an object: {name} items @sync": result(NO_PAGE, theirs, unfit(OBJECT))
        for name, theirs in ITEMS.items()
    },
    **{
        f"data that is an object: {name} items @async": result(NO_PAGE, theirs, [unfit(OBJECT)])
        for name, theirs in ITEMS.items()
    },
    **{
        f"data that is an object: {name} facts @{colour}": result(NO_PAGE, end(f"{mark}{kind}"), unfit(OBJECT))
        for name, kind in FACTS.items()
        for colour, mark in (("sync", "Sync"), ("async", "Async"))
    },
    "data that is an object: cursor facts": result(NO_PAGE, raised("KeyError"), unfit(OBJECT)),
    **each([f"not an object: {name} {how}" for name in ITEMS for how in ("items @sync", "facts")], NOT_EVEN),
    **each(
        [f"not an object: {name} items @async" for name in ITEMS],
        result(NO_PAGE, [raised("AttributeError")], [unfit([{"id": "a"}])]),
    ),
    "generic": Known(
        "theirs makes no models of items, and does not go on, where the page was named without its items' type",
        {
            "result": [{"id": "a", "type": "message"}, {"id": "b", "type": "message"}],
            "requests": asked("GET /v1/files"),
        },
        {"result": files("a", "b", "c"), "requests": asked("GET /v1/files", "GET /v1/files?after=b")},
    ),
}
