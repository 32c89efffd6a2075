"""Erasure over the emulator, in both colours: what is found, what is deleted, and what could not be."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from antiphon.errors import NotFoundError
from antiphon.helpers.erasure import KINDS, erase, held
from antiphon.testing import TestServer
from tests.client.answer import ok, wrong
from tests.client.colour import Colour, Driven
from tests.transports.rude import Rude, hang_up

COLOURS = [Colour("sync", "own"), Colour("async", "own")]
DAY = 86_400.0


@pytest.fixture(params=COLOURS, ids=lambda colour: colour.colour)
def colour(request: pytest.FixtureRequest) -> Colour:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def it(colour: Colour) -> Iterator[Driven]:
    with TestServer() as server, colour.client(server.base_url.removesuffix("/v1"), api_key=server.api_key) as driven:
        driven.clock.epoch = time.time() + 10 * DAY  # ten days later than the emulator
        yield driven


def file(it: Driven, name: str = "a.txt") -> str:
    made: str = it(lambda c: c.files.create(file=(name, b"hi"), purpose="user_data")).id
    return made


def test_what_is_old_enough_is_deleted_and_the_rest_is_not(it: Driven) -> None:
    files = {file(it) for _ in range(3)}
    store = it(lambda c: c.vector_stores.create(name="s")).id
    young = it(lambda c: erase(c, older_than=timedelta(days=11)))
    assert (young.complete, young.kinds["files"].kept, young.kinds["files"].found) == (True, 3, ())
    done = it(lambda c: erase(c, older_than=9 * DAY))
    assert set(done.kinds["files"].deleted) == files
    assert done.kinds["vector_stores"].deleted == (store,)
    assert done.complete
    assert done.unlisted == ("responses", "conversations", "threads")
    for name in files:
        with pytest.raises(NotFoundError):
            it(lambda c: c.files.retrieve(name))  # noqa: B023


def test_looking_deletes_nothing(it: Driven) -> None:
    name = file(it)
    seen = it(lambda c: held(c, kinds=["files"]))
    assert (seen.kinds["files"].found, seen.kinds["files"].deleted, seen.complete) == ((name,), (), False)
    assert it(lambda c: c.files.retrieve(name)).id == name


def test_what_cannot_be_listed_is_named(it: Driven) -> None:
    response = it(lambda c: c.responses.create(model="gpt-4.1", input="hi")).id
    conversation = it(lambda c: c.conversations.create()).id
    name = file(it)
    ids = {"responses": [response, "resp_never"], "conversations": [conversation]}
    done = it(lambda c: erase(c, older_than=None, ids=ids))
    assert done.kinds["responses"].deleted == (response, "resp_never")  # what is not there is gone
    assert done.kinds["conversations"].deleted == (conversation,)
    assert set(done.kinds) == {"responses", "conversations"}  # who gives ids has not asked for the rest
    assert it(lambda c: c.files.retrieve(name)).id == name
    with pytest.raises(NotFoundError):
        it(lambda c: c.responses.retrieve(response))


def test_all_pages_are_listed(it: Driven) -> None:
    files = {file(it, f"{n}.txt") for n in range(105)}
    done = it(lambda c: erase(c, older_than=None, kinds=["files"]))
    assert set(done.kinds["files"].deleted) == files


def test_some_may_be_kept(it: Driven) -> None:
    file(it, "mine.txt")
    other = file(it, "other.txt")
    done = it(lambda c: erase(c, older_than=None, kinds=["files"], keep=lambda kind, item: item.filename == "mine.txt"))
    assert (done.kinds["files"].deleted, done.kinds["files"].kept) == ((other,), 1)


@pytest.mark.parametrize("kind", [name for name, kind in KINDS.items() if kind.listed is not None])
def test_every_kind_that_can_be_listed_is(it: Driven, kind: str) -> None:
    done = it(lambda c: erase(c, older_than=None, kinds=[kind]))
    assert (list(done.kinds), done.complete, done.unlisted) == ([kind], True, ())


LIST: dict[str, Any] = {
    "object": "list",
    "data": [{"id": "f1", "created_at": 1}, {"id": "f2", "created_at": 1}, {"id": "f3"}],
    "has_more": False,
}


def test_what_could_not_be_deleted_is_told_with_the_reason(colour: Colour) -> None:
    with Rude(ok(LIST), wrong(403, code="no_right"), hang_up) as server:
        with colour.client(server.url, max_retries=0) as it:
            done = it(lambda c: erase(c, older_than=60.0, kinds=["files"]))
    result = done.kinds["files"]
    assert (result.found, result.deleted, result.kept) == (("f1", "f2"), (), 1)  # of no known age is f3
    assert not done.complete
    assert "403 no_right" in result.failed.values()
    assert len(result.failed) == 2
    shown = str(done)
    assert shown.startswith("files: 2 found, 0 deleted, 1 kept\n  not f")


def test_a_list_that_fails_is_told_too(colour: Colour) -> None:
    with Rude(wrong(404)) as server, colour.client(server.url, max_retries=0) as it:
        done = it(lambda c: erase(c, older_than=None, kinds=["videos"]))
    assert dict(done.kinds["videos"].failed) == {"list": "404 NotFoundError"}
    assert not done.complete


@pytest.mark.parametrize(
    ("wrong_", "kind"),
    [
        ({"older_than": "30 days"}, TypeError),
        ({"older_than": True}, TypeError),
        ({"older_than": -1}, ValueError),
        ({"older_than": float("inf")}, ValueError),
        ({"older_than": None, "kinds": "files"}, TypeError),
        ({"older_than": None, "kinds": ["file"]}, ValueError),
        ({"older_than": None, "ids": {"responses": "resp_1"}}, TypeError),
        ({"older_than": None, "ids": {"response": ["resp_1"]}}, ValueError),
    ],
)
def test_arguments_that_cannot_be_right(wrong_: dict[str, Any], kind: type[Exception]) -> None:
    with pytest.raises(kind):
        erase(None, **wrong_)
