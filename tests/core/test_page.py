"""What follows a page, kind by kind; no client, no colour."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from antiphon.core.call import Call, Operation
from antiphon.core.model import BaseModel
from antiphon.core.omit import omit
from antiphon.core.page import ConversationCursorPage, CursorPage, NextCursorPage, Page, PageInfo, TokenPage

LIST = Operation("things.list", "GET", "/things", page="SyncCursorPage")


class Thing(BaseModel):
    id: str | None = None
    name: str | None = None


def page(kind: type[Page[Any]], data: dict[str, Any], call: Call[Any] | None = None) -> Page[Any]:
    made = kind._view(data)
    made._attach("the client", call or Call(LIST), Thing._view)
    return made


A, B = {"id": "a"}, {"id": "b"}


@pytest.mark.parametrize(
    ("kind", "data", "params", "follows"),
    [
        (Page, {"data": [A]}, None, False),
        (CursorPage, {"data": [A, B]}, {"after": "b"}, True),
        (CursorPage, {"data": [A, B], "has_more": True}, {"after": "b"}, True),
        (CursorPage, {"data": [A, B], "has_more": None}, {"after": "b"}, True),
        (CursorPage, {"data": [A, B], "has_more": False}, {"after": "b"}, False),
        (CursorPage, {"data": [], "has_more": True}, None, False),
        (CursorPage, {"data": None, "has_more": True}, None, False),
        (CursorPage, {}, None, False),
        (CursorPage, {"data": [{"name": "no id"}], "has_more": True}, None, False),
        (ConversationCursorPage, {"data": [A], "last_id": "z", "has_more": True}, {"after": "z"}, True),
        (ConversationCursorPage, {"data": [A], "last_id": "z", "has_more": False}, {"after": "z"}, False),
        (ConversationCursorPage, {"data": [A], "last_id": None, "has_more": True}, None, False),
        (ConversationCursorPage, {"data": [], "last_id": "z", "has_more": True}, {"after": "z"}, False),
        (NextCursorPage, {"data": [A], "next": "n"}, {"after": "n"}, True),
        (NextCursorPage, {"data": [A], "next": ""}, None, False),
        (NextCursorPage, {"data": [A], "next": None, "has_more": True}, None, False),
        (TokenPage, {"data": [A], "next": "n"}, {"page": "n"}, True),
        (TokenPage, {"data": [A], "next": None}, None, False),
    ],
)
def test_what_follows(
    kind: type[Page[Any]], data: dict[str, Any], params: dict[str, Any] | None, follows: bool
) -> None:
    it = page(kind, copy.deepcopy(data))
    assert it.next_page_info() == (None if params is None else PageInfo(params=params))
    assert it.has_next_page() is follows


def test_items_are_models_and_the_data_stays_the_same_data() -> None:
    data = {"data": [dict(A), "odd"], "object": "list", "first_id": "a"}
    it = page(CursorPage, data)
    assert isinstance(it.data[0], Thing)
    assert it.data[0].id == "a"
    assert it.data[1] == "odd"
    assert it.__dict__ is data
    assert it.first_id == "a"
    assert it.model_dump(exclude_unset=True) == {"data": [A, "odd"], "object": "list", "first_id": "a"}
    assert "client" not in repr(it)


def test_the_next_call_replaces_the_cursor_wherever_it_stood() -> None:
    call = Call(
        LIST, path={"x": "y"}, query={"limit": 2, "after": "0", "order": omit}, extra_query={"after": "1", "k": "v"}
    )
    following = page(CursorPage, {"data": [dict(A)]}, call)._next_call()
    assert following is not call
    assert following.operation is LIST
    assert following.path == {"x": "y"}
    assert following.query == {"limit": 2, "after": "a"}
    assert following.extra_query == {"k": "v"}
    assert call.query == {"limit": 2, "after": "0", "order": omit}
    assert page(TokenPage, {"data": [A], "next": "t"})._next_call().query == {"page": "t"}


def test_the_last_page_has_no_next_call() -> None:
    with pytest.raises(RuntimeError, match="no next page"):
        page(Page, {"data": [A]})._next_call()


def test_a_page_that_came_from_no_call_cannot_go_on() -> None:
    for it in (
        CursorPage._view({"data": [Thing(id="a")]}),
        pickle.loads(pickle.dumps(page(CursorPage, {"data": [dict(A)]}))),
        copy.deepcopy(page(CursorPage, {"data": [dict(A)]})),
    ):
        assert it.data[0].id == "a"
        assert it.has_next_page()
        assert it._asked() == set()
        with pytest.raises(RuntimeError, match="came from no call"):
            it._next_call()


def test_a_repeated_cursor_ends_the_iteration() -> None:
    it = page(NextCursorPage, {"data": [A], "next": "n"}, Call(LIST, query={"after": "m"}))
    used = it._asked()
    assert it._goes_on(used)
    assert not it._goes_on(used)
    again = page(NextCursorPage, {"data": [A], "next": "n"}, Call(LIST, extra_query={"after": "n"}))
    assert not again._goes_on(again._asked())
    assert not page(Page, {"data": [A]})._goes_on(set())


def test_page_info() -> None:
    assert repr(PageInfo(params={"after": "a"})) == "PageInfo(params={'after': 'a'})"
    assert PageInfo(params={}) != {}
