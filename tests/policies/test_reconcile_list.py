"""How it is looked for what a request may have made: which pages are asked for, how, and when to stop."""

from __future__ import annotations

import json
from typing import Any

import pytest

from antiphon.core.call import Call, Operation
from antiphon.core.effects import Outside
from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.errors import ConnectError
from antiphon.policies import reconcile
from antiphon.policies.chain import send

from .stepping import Script, reply, request

MAKE = Operation("batches.create", "POST", "/batches", body="json")
UPLOAD = Operation("files.create", "POST", "/files", body="multipart")
SINCE = 1_000_000_000.0
MINE = {"id": "mine", "metadata": {"antiphon_key": "k"}}
OTHER = {"id": "other", "metadata": {"antiphon_key": "x"}}


class Looking(Script):
    """Looks at a disk too."""

    def answer(self, effect: Any) -> Any:
        return effect.function(*effect.arguments) if isinstance(effect, Outside) else super().answer(effect)


def page(*items: Any, more: Any = False, **headers: str) -> Reply:
    return reply(200, headers, json.dumps({"data": items, "has_more": more}).encode())


def asked(operation: Operation = MAKE, **body: Any) -> Request:
    call: Call[Any] = Call(operation, body=body)
    made = request(call=call, target=f"/v1{operation.path}?project=p", stream=True, events=True)
    made.headers["Content-Type"] = "application/json"
    made.headers["Idempotency-Key"] = "k"
    made.headers["X-Client-Request-Id"] = "k"
    made.headers["X-Mine"] = "stays"
    return made


def looked(*outcomes: Any, made: Request | None = None) -> tuple[Reply | None, Looking]:
    script = Looking(outcomes)
    return script.run(reconcile.found(made or asked(), send, "k", SINCE)), script


def test_a_list_is_asked_for_as_the_thing_was_without_what_belonged_to_it() -> None:
    _, script = looked(page())
    (sent,) = script.sent
    assert (sent.method, sent.target, sent.content, sent.call) == ("GET", "/v1/batches?project=p&limit=100", None, None)
    assert (sent.stream, sent.events) == (False, False)
    assert sorted(name.lower() for name in sent.headers) == ["authorization", "x-mine", "x-stainless-retry-count"]


def test_what_is_found_is_given_as_the_reply_that_got_lost() -> None:
    found, _ = looked(page(OTHER, MINE, **{"x-request-id": "r"}))
    assert found is not None
    assert (found.status_code, json.loads(found.content), found.headers["x-request-id"]) == (200, MINE, "r")


@pytest.mark.parametrize(
    ("pages", "asked_for"),
    [
        ([page(OTHER)], 1),
        ([page(OTHER, more=True), page(OTHER)], 2),
        ([page(more=True)], 1),
        ([page(OTHER, more=True)] * 9, 5),
        ([page(OTHER, more=True), page(OTHER, MINE)], 2),
        ([page(OTHER, "odd", 3, more=True), page()], 2),
    ],
)
def test_pages_are_read_while_there_are_more_and_five_at_most(pages: list[Reply], asked_for: int) -> None:
    found, script = looked(*pages)
    assert len(script.sent) == asked_for
    assert (found is not None) == (b"mine" in pages[-1].content)


def test_the_next_page_begins_after_the_last_thing_of_this_one() -> None:
    first = [{"id": "one"}, {"id": "two"}, {"id": "three"}]
    _, script = looked(page(*first, more=True), page())
    assert script.sent[1].target == "/v1/batches?project=p&limit=100&after=three"


def test_a_list_that_is_refused_is_closed_and_one_that_breaks_tells_nothing() -> None:
    found, script = looked(reply(403))
    assert found is None
    assert len(script.discarded) == 1
    found, script = looked(ConnectError(phase="connect"))
    assert found is None
    assert script.discarded == []


@pytest.mark.parametrize(
    ("made_at", "date", "is_found"),
    [
        (SINCE - 60, None, True),
        (SINCE - 61, None, False),
        (SINCE + 540, "Sun, 09 Sep 2001 01:56:40 GMT", True),
        (SINCE + 539, "Sun, 09 Sep 2001 01:56:40 GMT", False),
        (SINCE - 660, "Sun, 09 Sep 2001 01:36:40 GMT", True),
    ],
)
def test_a_file_is_not_older_than_its_request_by_the_servers_clock(
    made_at: float, date: str | None, is_found: bool
) -> None:
    body = {"file": ("a.jsonl", b"{}"), "purpose": "batch"}
    there = {"id": "f", "created_at": made_at, "filename": "a.jsonl", "bytes": 2, "purpose": "batch"}
    found, _ = looked(page(there, **({} if date is None else {"date": date})), made=asked(UPLOAD, **body))
    assert (found is not None) is is_found


def test_a_file_that_has_no_name_or_size_is_not_looked_for() -> None:
    class Pipe:
        """Its length is not known."""

        name = "pipe"

        def read(self, size: int = -1) -> bytes:
            return b""

        def seekable(self) -> bool:
            return False

    for file in ((None, b"{}"), ("a.jsonl", Pipe())):
        found, script = looked(made=asked(UPLOAD, file=file, purpose="batch"))
        assert found is None
        assert script.sent == []
