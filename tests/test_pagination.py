"""Pages that fetch what follows them, in both colours."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, get_args

import pytest

from antiphon import pagination
from antiphon.core.call import Call, Operation
from antiphon.core.headers import Headers
from antiphon.core.model import BaseModel
from antiphon.core.query import merge_query
from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.core.timeout import Timeout
from antiphon.core.url import Origin
from antiphon.errors import MalformedResponse
from antiphon.pagination import (
    AsyncCursorPage,
    AsyncPage,
    AsyncPaginator,
    SyncConversationCursorPage,
    SyncCursorPage,
    SyncPage,
    SyncTokenPage,
)

LIST = Operation("things.list", "GET", "/things")
ASKED = Request("GET", Origin("https", "example.com", 443), "/things", Headers(), None, Timeout(1))
REPLY = Reply(200, Headers(), request=ASKED, content=b"{}")


class Thing(BaseModel):
    id: str


class Shelf:
    """A client whose only operation lists the things on a shelf, page by page."""

    def __init__(self, answer: Callable[[dict[str, Any]], dict[str, Any]], kind: Any) -> None:
        self.answer = answer
        self.kind = kind
        self.asked: list[dict[str, Any]] = []

    def perform(self, call: Call[Any]) -> Any:
        query = merge_query(None, call.query, call.extra_query)
        self.asked.append(query)
        page = self.kind._view(self.answer(query))
        page._attach(self, call, Thing._view, REPLY)
        return page


class AsyncShelf(Shelf):
    async def perform(self, call: Call[Any]) -> Any:
        await asyncio.sleep(0)
        return super().perform(call)


def by_id(query: dict[str, Any]) -> dict[str, Any]:
    start = int(query.get("after", -1)) + 1
    ids = range(start, min(start + query.get("limit", 2), 5))
    return {"data": [{"id": str(number)} for number in ids], "has_more": ids.stop < 5}


def test_iterating_goes_through_all_pages() -> None:
    shelf = Shelf(by_id, SyncCursorPage)
    page: SyncCursorPage[Thing] = shelf.perform(Call(LIST, query={"limit": 2}))
    assert [thing.id for thing in page] == ["0", "1", "2", "3", "4"]
    assert shelf.asked == [{"limit": 2}, {"limit": 2, "after": "1"}, {"limit": 2, "after": "3"}]
    assert [len(each.data) for each in page.iter_pages()] == [2, 2, 1]
    following = page.get_next_page()
    assert isinstance(following, SyncCursorPage)
    assert [thing.id for thing in following.data] == ["2", "3"]


def test_iterating_goes_through_all_pages_on_asyncio() -> None:
    async def main() -> None:
        shelf = AsyncShelf(by_id, AsyncCursorPage)
        paginator: AsyncPaginator[Thing, AsyncCursorPage[Thing]] = AsyncPaginator(shelf, Call(LIST))
        assert shelf.asked == []
        assert [thing.id async for thing in paginator] == ["0", "1", "2", "3", "4"]
        assert len(shelf.asked) == 3
        page = await paginator
        assert isinstance(page, AsyncCursorPage)
        assert page.has_next_page()
        assert [len(each.data) async for each in page.iter_pages()] == [2, 2, 1]
        assert [thing.id for thing in (await page.get_next_page()).data] == ["2", "3"]
        assert [thing.id async for thing in page] == ["0", "1", "2", "3", "4"]

    asyncio.run(main())


def test_pages_are_fetched_only_when_reached() -> None:
    shelf = Shelf(by_id, SyncCursorPage)
    things = iter(shelf.perform(Call(LIST)))
    assert [next(things).id, next(things).id] == ["0", "1"]
    assert len(shelf.asked) == 1
    assert next(things).id == "2"
    assert len(shelf.asked) == 2


def test_the_end_is_an_error_to_go_past() -> None:
    shelf = Shelf(lambda _: {"data": [], "has_more": False}, SyncCursorPage)
    page = shelf.perform(Call(LIST))
    assert list(page) == []
    with pytest.raises(RuntimeError, match="no next page"):
        page.get_next_page()

    async def main() -> None:
        page = await AsyncPaginator[Any, Any](AsyncShelf(by_id, AsyncPage), Call(LIST))
        assert not page.has_next_page()
        with pytest.raises(RuntimeError, match="no next page"):
            await page.get_next_page()

    asyncio.run(main())


def taken(things: Any) -> list[str]:
    """What comes before the server is found to repeat itself."""
    came: list[str] = []
    with pytest.raises(MalformedResponse, match="repeats itself"):
        came.extend(thing.id for thing in things)
    return came


def test_a_server_that_repeats_its_cursor_is_an_error_rather_than_a_loop() -> None:
    def stuck(_: Any) -> dict[str, Any]:
        return {"data": [{"id": "x"}], "has_more": True, "last_id": "x"}

    assert taken(Shelf(stuck, SyncConversationCursorPage).perform(Call(LIST))) == ["x", "x"]
    turns = iter("ababab")
    shelf = Shelf(lambda _: {"data": [{"id": "x"}], "next": next(turns)}, SyncTokenPage)
    assert taken(shelf.perform(Call(LIST))) == ["x"] * 3
    # By hand as well.
    page = Shelf(stuck, SyncConversationCursorPage).perform(Call(LIST)).get_next_page()
    assert page.has_next_page()
    with pytest.raises(MalformedResponse, match="repeats itself"):
        page.get_next_page()


def test_a_server_that_repeats_its_cursor_on_asyncio() -> None:
    async def main() -> list[str]:
        shelf = AsyncShelf(lambda _: {"data": [{"id": "x"}], "has_more": True}, AsyncCursorPage)
        came: list[str] = []
        with pytest.raises(MalformedResponse, match="repeats itself"):
            async for thing in AsyncPaginator[Any, Any](shelf, Call(LIST)):
                came.append(thing.id)  # noqa: PERF401 - what came before the error counts
        return came

    assert asyncio.run(main()) == ["x", "x"]


def test_a_page_is_a_model() -> None:
    page = Shelf(lambda _: {"data": [{"id": "x"}], "object": "list", "more": 1}, SyncPage).perform(Call(LIST))
    assert page.object == "list"
    assert page.model_dump() == {"data": [{"id": "x"}], "object": "list", "more": 1}
    assert page.model_extra == {"more": 1}
    assert repr(page) == "SyncPage(data=[Thing(id='x')], object='list', more=1)"
    assert not page.has_next_page()


def test_every_kind_has_both_colours() -> None:
    names = set(pagination.__all__)
    for name in names:
        if name.startswith("Sync"):
            assert name.replace("Sync", "Async") in names
    assert get_args(SyncCursorPage[Thing]) == (Thing,)
    for name in names:
        assert getattr(pagination, name).__name__ == name
