"""What follows a page, kind by kind; no client, no colour."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from antiphon.core.call import Call, Operation
from antiphon.core.headers import Headers
from antiphon.core.mismatch import ValidationError
from antiphon.core.model import BaseModel
from antiphon.core.omit import omit
from antiphon.core.page import ConversationCursorPage, CursorPage, NextCursorPage, Page, PageInfo, TokenPage
from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.core.timeout import Timeout
from antiphon.core.url import Origin
from antiphon.errors import MalformedResponse

ASKED = Request("GET", Origin("https", "example.com", 443), "/things", Headers(), None, Timeout(1))
REPLY = Reply(200, Headers({"x-request-id": "req_1"}), request=ASKED, content=b"{}")
LIST = Operation("things.list", "GET", "/things", page="SyncCursorPage")


class Thing(BaseModel):
    id: str | None = None
    name: str | None = None


def page(kind: type[Page[Any]], data: dict[str, Any], call: Call[Any] | None = None) -> Page[Any]:
    made = kind._view(data)
    made._attach("the client", call or Call(LIST), Thing._view, REPLY)
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
        (CursorPage, {"data": [A, B], "has_more": "false"}, {"after": "b"}, False),
        (CursorPage, {"data": [A, B], "has_more": "true"}, {"after": "b"}, False),
        (CursorPage, {"data": [A, B], "has_more": 1}, {"after": "b"}, False),
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
        with pytest.raises(RuntimeError, match="came from no call"):
            it._next_call()


@pytest.mark.parametrize("call", [Call(LIST, query={"after": "n"}), Call(LIST, extra_query={"after": "n"})])
def test_a_cursor_that_was_just_asked_for_leads_nowhere(call: Call[Any]) -> None:
    it = page(NextCursorPage, {"data": [A], "next": "n"}, call)
    assert it.has_next_page()
    with pytest.raises(MalformedResponse, match=r"repeats itself: it says to go on at \{'after': 'n'\}") as raised:
        it._next_call()
    assert raised.value.response.headers["x-request-id"] == "req_1"
    assert raised.value.body == {"data": [A], "next": "n"}


@pytest.mark.parametrize("lead", [0, 1, 2, 5, 30])
@pytest.mark.parametrize("circle", [1, 2, 3, 7, 40])
def test_a_circle_of_cursors_is_noticed_however_long(lead: int, circle: int) -> None:
    it, fetched = page(NextCursorPage, {"data": [A], "next": "0"}), 1
    with pytest.raises(MalformedResponse, match="repeats itself"):
        while it.has_next_page():
            call = it._next_call()
            number = int(call.query["after"]) + 1 if call.query else 0
            number = number if number < lead + circle else lead
            following = page(NextCursorPage, {"data": [A], "next": str(number)}, call)
            following._follow(it)
            it, fetched = following, fetched + 1
            assert fetched <= 3 * (lead + circle) + 3
    assert fetched > lead + circle


def test_a_long_list_is_no_circle() -> None:
    it = page(NextCursorPage, {"data": [A], "next": "0"})
    for number in range(1, 1000):
        for _ in range(2):  # A page may be fetched again.
            following = page(NextCursorPage, {"data": [A], "next": str(number)}, it._next_call())
            following._follow(it)
        it = following
    assert it.next_page_info() == PageInfo(params={"after": "999"})


@pytest.mark.parametrize("data", ["text", {"a": 1}, 7, True, 0, ""])
def test_items_that_are_no_list(data: Any) -> None:
    with pytest.raises(MalformedResponse, match="`data` must be a list; got " + type(data).__name__):
        page(CursorPage, {"data": data})
    with pytest.raises(ValidationError, match="data: expected list"):
        CursorPage._view({"data": data})._get_page_items()


def test_page_info() -> None:
    assert repr(PageInfo(params={"after": "a"})) == "PageInfo(params={'after': 'a'})"
    assert PageInfo(params={}) != {}
