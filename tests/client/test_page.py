"""Pages: every item of all that follow, fetched when reached, in both colours."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.errors import APIError, InternalServerError, MalformedResponse
from tests.transports.rude import Rude

from .answer import ok, wrong
from .colour import Colour, failure_of


def page(*ids: str, more: bool | None = True, **rest: Any) -> bytes:
    """A page of files."""
    data = {"object": "list", "data": [{"id": name, "object": "file"} for name in ids], **rest}
    return ok(data if more is None else {**data, "has_more": more})


def files(client: Any, **query: Any) -> Any:
    """A list call."""
    return client.files.list(**query)


def targets(server: Rude) -> list[str]:
    return [request.target.removeprefix("/v1") for request in server.requests]


def test_iterating_goes_on_through_all_pages(colour: Colour) -> None:
    with Rude(page("a", "b"), page("c"), page("d", more=False)) as server, colour.client(server.url) as it:
        items = it.items(lambda client: files(client, limit=2, purpose="batch"))
        assert [item.id for item in items] == ["a", "b", "c", "d"]
        assert type(items[0]).__name__ == "FileObject"
        assert targets(server) == [
            "/files?limit=2&purpose=batch",
            "/files?limit=2&purpose=batch&after=b",
            "/files?limit=2&purpose=batch&after=c",
        ]
        assert {request.headers["authorization"] for request in server.requests} == {
            server.requests[0].headers["authorization"]
        }


def test_one_page_at_a_time(colour: Colour) -> None:
    with Rude(page("a"), page("b", more=False)) as server, colour.client(server.url) as it:
        first = it(files)
        assert [item.id for item in first.data] == ["a"]
        assert first.has_next_page()
        assert first.next_page_info().params == {"after": "a"}
        assert len(server.requests) == 1
        second = it.wait(first.get_next_page())
        assert [item.id for item in second.data] == ["b"]
        assert not second.has_next_page()
        assert [len(each.data) for each in it.items(lambda _: first.iter_pages())] == [1, 1]


def test_the_end_has_no_next(colour: Colour) -> None:
    with Rude(ok({"object": "list", "data": []})) as server, colour.client(server.url) as it:
        last = it(files)
        with pytest.raises(RuntimeError, match="has_next_page"):
            it.wait(last.get_next_page())
        assert it.items(lambda _: last) == []


def test_a_list_call_is_made_when_it_is_used() -> None:
    with Rude(page("a", more=False)) as server, Colour("async", "own").client(server.url) as it:
        pager = files(it.raw)
        it.turn()
        assert server.requests == []
        assert it.items(lambda _: pager)[0].id == "a"
        assert it.wait(pager).data[0].id == "a"
        assert len(server.requests) == 2


@pytest.mark.parametrize("more", [True, None])
def test_a_server_that_repeats_itself_is_an_error_not_an_endless_loop(colour: Colour, more: bool | None) -> None:
    with Rude(page("a", more=more)) as server, colour.client(server.url) as it:
        items, error = it.events(files)
        assert [item.id for item in items] == ["a", "a"]
        assert type(error) is MalformedResponse
        assert "repeats itself" in str(error)
        assert len(server.requests) == 2
    with Rude(page("a"), page("b"), page("a"), page("b"), page("a"), page("b")) as server:
        with colour.client(server.url) as it:
            assert type(it.events(files)[1]) is MalformedResponse
            assert len(server.requests) < 6


def test_a_page_after_the_same_cursor_as_was_asked_leads_nowhere(colour: Colour) -> None:
    with Rude(page("z")) as server, colour.client(server.url) as it:
        items, error = it.events(lambda client: files(client, after="z"))
        assert [item.id for item in items] == ["z"]
        assert type(error) is MalformedResponse
        assert len(server.requests) == 1


@pytest.mark.parametrize("data", ["text", {"a": {"id": "x"}}, 7, False])
def test_items_that_are_no_list_are_refused(colour: Colour, data: Any) -> None:
    with Rude(ok({"object": "list", "data": data, "has_more": True})) as server, colour.client(server.url) as it:
        error = failure_of(it, files)
        assert type(error) is MalformedResponse
        assert "`data` must be a list" in str(error)


@pytest.mark.parametrize("more", ["false", "true", 1, 0, "no"])
def test_only_true_means_that_more_follows(colour: Colour, more: Any) -> None:
    with Rude(page("a", more=more), page("b", more=False)) as server, colour.client(server.url) as it:
        assert [item.id for item in it.items(files)] == ["a"]
        assert len(server.requests) == 1


def test_a_failure_on_the_way_keeps_what_came(colour: Colour) -> None:
    with Rude(page("a"), wrong(500)) as server, colour.client(server.url, max_retries=0) as it:
        items, error = it.events(files)
        assert [item.id for item in items] == ["a"]
        assert isinstance(error, InternalServerError)


def test_each_page_is_tried_again_by_itself(colour: Colour) -> None:
    with Rude(page("a"), wrong(500), wrong(503), page("b", more=False)) as server, colour.client(server.url) as it:
        assert [item.id for item in it.items(files)] == ["a", "b"]
        assert [r.headers["x-stainless-retry-count"] for r in server.requests] == ["0", "0", "1", "2"]


def test_options_of_the_call_go_with_every_page(colour: Colour) -> None:
    with Rude(page("a"), page("b", more=False)) as server, colour.client(server.url) as it:
        it.items(lambda c: files(c, extra_headers={"X-Mine": "1"}, extra_query={"q": "7"}, timeout=3))
        for request in server.requests:
            assert request.headers["x-mine"] == "1"
            assert request.headers["x-stainless-read-timeout"] == "3"
            assert "q=7" in request.target


OTHERS: dict[str, tuple[Any, list[dict[str, Any]], str]] = {
    "conversation cursor": (
        lambda c: c.admin.organization.users.list(),
        [{"data": [{"id": "a"}], "has_more": True, "last_id": "L1"}, {"data": [{"id": "b"}], "has_more": False}],
        "after=L1",
    ),
    "next cursor": (
        lambda c: c.admin.organization.groups.list(),
        [
            {"data": [{"id": "a"}], "has_more": True, "next": "N1"},
            {"data": [{"id": "b"}], "has_more": False, "next": None},
        ],
        "after=N1",
    ),
    "no next": (lambda c: c.models.list(), [{"data": [{"id": "a"}, {"id": "b"}], "has_more": True}], ""),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_other_kinds_of_pages(colour: Colour, kind: str) -> None:
    do, answers, cursor = OTHERS[kind]
    with Rude(*map(ok, answers)) as server, colour.client(server.url, admin_api_key="sk-a") as it:
        assert [item.id for item in it.items(do)] == ["a", "b"]
        assert cursor in server.requests[-1].target
        assert len(server.requests) == len(answers)


def test_pages_that_are_none(colour: Colour) -> None:
    answers = [ok([1]), ok({"error": {"message": "x", "code": "k"}}), ok({"data": None}), ok({})]
    with Rude(*answers) as server, colour.client(server.url) as it:
        assert type(failure_of(it, files)) is MalformedResponse
        error = failure_of(it, files)
        assert isinstance(error, APIError)
        assert error.code == "k"
        assert it.items(files) == []
        assert it.items(files) == []
