"""1.7: lists of every kind are read in the same steps, ask for the same next page, and end alike."""

from __future__ import annotations

from typing import Any

import pytest

from tests.client.answer import ok, wrong
from tests.transports.rude import Answer

from .duet import Row, check_known, compare, each, every, got, plain
from .known.page import KNOWN


def page(*ids: Any, **more: Any) -> bytes:
    """A page of items with these ids."""
    return ok(
        {"object": "list", "data": [{"id": i, "type": "message"} if isinstance(i, str) else i for i in ids], **more}
    )


async def facts(client: Any, lists: Any) -> Any:
    """What a page knows of the next, and the next."""
    first = await got(lists(client))
    info = first.next_page_info()
    found = [type(first).__name__.partition("[")[0], first.has_next_page(), plain(first.to_dict(warnings=False))]
    found += [None if info is None else plain(info.params)]
    try:
        second = await got(first.get_next_page())
    except Exception as problem:
        return [*found, plain(problem)]
    return [*found, type(second).__name__.partition("[")[0], plain(second.to_dict(warnings=False))]


async def pages(client: Any, lists: Any) -> Any:
    """All pages by `iter_pages`."""
    first = await got(lists(client))
    return [plain(each_page.to_dict()) async for each_page in each(first.iter_pages())]


def walked(lists: Any) -> Any:
    """All items."""

    async def do(client: Any, _: Any) -> Any:
        return await every(lists(client))

    return do


async def awaited(client: Any, lists: Any) -> Any:
    """All items, from a page that was awaited first."""
    return await every(await got(lists(client)))


LISTS: dict[str, Any] = {
    "cursor": lambda c: c.files.list(limit=2, purpose="x"),
    "plain": lambda c: c.models.list(),
    "conversation": lambda c: c.conversations.items.list("conv", limit=2),
    "next cursor": lambda c: c.admin.organization.groups.list(limit=2),
    "batches": lambda c: c.batches.list(),
    "vector stores": lambda c: c.vector_stores.list(order="asc", after="z"),
    "beta": lambda c: c.beta.assistants.list(before="b"),
    "with a query": lambda c: c.files.list(extra_query={"x": [1, 2], "limit": 9}),
    "with fields": lambda c: c.files.list(extra_headers={"X-Mine": "1"}, timeout=3),
    "of input items": lambda c: c.responses.input_items.list("r", include=["a", "b"]),
    "of checkpoints": lambda c: c.fine_tuning.jobs.checkpoints.list("j"),
    "of usage": lambda c: c.admin.organization.projects.list(include_archived=True),
}
SCRIPTS: dict[str, list[Answer]] = {
    "two pages": [
        page("a", "b", has_more=True, last_id="b", next="n"),
        page("c", has_more=False, last_id="c", next=None),
    ],
    "one page": [page("a", has_more=False)],
    "no items": [page(has_more=True, last_id="x", next="n")],
    "no has_more": [page("a"), page()],
    "has_more of None": [page("a", has_more=None), page(has_more=False)],
    "no last id": [page("a", has_more=True), page(has_more=False)],
    "items without ids": [page({"x": 1, "type": "message"}, has_more=True), page(has_more=False)],
    "an id of None": [page({"id": None, "type": "message"}, has_more=True), page(has_more=False)],
    "an empty next": [page("a", has_more=True, next=""), page(has_more=False)],
    "data of None": [ok({"object": "list", "data": None, "has_more": True})],
    "no data": [ok({"object": "list", "has_more": True})],
    "data that is an object": [ok({"object": "list", "data": {"id": "a"}})],
    "not an object": [ok([{"id": "a"}])],
    "second fails": [page("a", has_more=True, last_id="a", next="n"), wrong(404)],
    "second after a retry": [page("a", has_more=True, last_id="a", next="n"), wrong(500), page("b", has_more=False)],
    "odd ids": [page("a b&c/é", has_more=True, last_id="a b&c/é", next="a b&c/é"), page(has_more=False)],
    "extra members": [page({"id": "a", "more": {"b": 1}}, has_more=False, extra=[1])],
}


async def numbered(client: Any, package: Any) -> Any:
    """Pages read by hand, the way programs written long ago do it."""
    found = []
    page = await got(client.files.list())
    while True:
        found += [item.id for item in page.data]
        if not page.has_next_page():
            return found
        page = await got(page.get_next_page())


async def next_json(client: Any, _: Any) -> Any:
    info = (await got(client.files.list())).next_page_info()
    return plain(info.json)


async def raw(client: Any, _: Any) -> Any:
    response = await got(client.files.with_raw_response.list())
    first = response.parse()
    return [plain(first.to_dict()), await every(first)]


async def generic(client: Any, package: Any) -> Any:
    from importlib import import_module

    pagination = import_module(f"{package.__name__}.pagination")
    kind = pagination.AsyncCursorPage if hasattr(client, "__aenter__") else pagination.SyncCursorPage
    return await every(client.get_api_list("/files", model=package.types.FileObject, page=kind))


ROWS: dict[str, Row] = {
    f"{name}: {how}": Row(SCRIPTS["two pages"], do)
    for name, lists in LISTS.items()
    for how, do in {
        "items": walked(lists),
        "facts": lambda c, p, lists=lists: facts(c, lists),
        "pages": lambda c, p, lists=lists: pages(c, lists),
        "awaited": lambda c, p, lists=lists: awaited(c, lists),
    }.items()
}
ROWS |= {
    f"{script}: {name} {how}": Row(answers, do)
    for script, answers in SCRIPTS.items()
    for name in ("cursor", "plain", "conversation", "next cursor")
    for how, do in {
        "items": walked(LISTS[name]),
        "facts": lambda c, p, lists=LISTS[name]: facts(c, lists),
    }.items()
}
ROWS |= {
    "by hand": Row(SCRIPTS["two pages"], numbered),
    "raw": Row(SCRIPTS["two pages"], raw),
    "generic": Row(SCRIPTS["two pages"], generic),
    "an item of no kind": Row([page({"id": "a"})], walked(LISTS["conversation"])),
    "json of the next page": Row([page("a", has_more=True)], next_json),
    "a page itself": Row([page("a", has_more=False)], lambda c, p: c.files.list()),
}


@pytest.mark.parametrize("name", ROWS)
def test_pages(name: str, colour: str) -> None:
    compare(name, ROWS[name], colour, KNOWN)


def test_known_differences_are_of_rows() -> None:
    check_known(KNOWN, ROWS)
