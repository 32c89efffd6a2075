"""The thin clients do what is named and nothing else; every client can say what it does."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import antiphon
from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.policies.chain import Forward
from antiphon.policies.redirect import Redirect
from antiphon.policies.retry import Retry
from tests.transports.rude import Rude, reply, reset

from .answer import CHAT, chat, create, ok, retrieve, wrong
from .colour import KEY, Colour, failure_of


@pytest.mark.parametrize("answer", [wrong(503), wrong(429, "Retry-After: 1"), reset, reply(b"", 307, "Location: /x")])
def test_a_thin_client_sends_exactly_one_request(colour: Colour, answer: Any) -> None:
    with Rude(answer) as server, colour.client(server.url, thin=True) as it:
        assert isinstance(failure_of(it, create), antiphon.APIError)
        assert len(server.requests) == 1
        assert it.clock.slept == []


def test_a_thin_client_works_like_any_other(colour: Colour) -> None:
    with Rude(ok(), CHAT, ok({"data": [{"id": "a"}], "has_more": False})) as server:
        with colour.client(server.url, thin=True) as it:
            assert it(retrieve).id == "m"
            assert len(it(chat)) == 3
            assert [item.id for item in it.items(lambda client: client.files.list())] == ["a"]
        assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"


def test_a_thin_client_is_an_official_one_by_class(colour: Colour) -> None:
    client = colour.make("http://h", thin=True)
    assert isinstance(client, antiphon.AsyncOpenAI if colour.is_async else antiphon.OpenAI)
    assert type(client.with_options(timeout=3)) is type(client)


def test_a_key_function_works_on_a_thin_client(colour: Colour) -> None:
    keys = iter(["sk-1", "sk-2"])
    with Rude(ok()) as server, colour.client(server.url, thin=True, api_key=lambda: next(keys)) as it:
        it(retrieve)
        it(retrieve)
        assert [r.headers["authorization"] for r in server.requests] == ["Bearer sk-1", "Bearer sk-2"]


class Marked:
    """A policy that counts and marks."""

    def __init__(self, name: str, seen: list[str]) -> None:
        self.name = name
        self.seen = seen

    def __repr__(self) -> str:
        return f"Marked({self.name})"

    async def __call__(self, request: Request, forward: Forward) -> Reply:
        self.seen.append(self.name)
        request.headers[f"X-{self.name}"] = str(len(self.seen))
        return await forward(request)


def test_policies_named_are_the_policies_run_outermost_first(colour: Colour) -> None:
    seen: list[str] = []
    policies = [Marked("out", seen), Retry(1), Marked("in", seen)]
    with Rude(wrong(500), ok()) as server, colour.client(server.url, thin=True, policies=policies) as it:
        it(retrieve)
        assert seen == ["out", "in", "in"]
        assert len(server.requests) == 2
        assert server.requests[1].headers["x-in"] == "3"
        lines = it.raw.explain().splitlines()
        assert [line.split(". ")[-1] for line in lines] == [
            "Marked(out)",
            "Retry(max_retries=1, initial=0.5 s, longest=8.0 s)",
            "Marked(in)",
            "→ send",
        ]
        assert "Marked, Retry, Marked" in repr(it.raw)


def test_policies_go_with_copies(colour: Colour) -> None:
    seen: list[str] = []
    with Rude(ok()) as server, colour.client(server.url, policies=[Marked("x", seen)]) as it:
        it(lambda _: retrieve(it.raw.with_options(timeout=3)))
        assert seen == ["x"]
        it(lambda _: retrieve(it.raw.with_options(policies=[])))
        assert seen == ["x"]


def test_what_the_clients_say_they_do(colour: Colour) -> None:
    assert colour.make("http://h", thin=True).explain() == "→ send"
    assert colour.make("http://h").explain().splitlines() == [
        "1. Retry(max_retries=2, initial=0.5 s, longest=8.0 s)",
        "2. Redirect(same origin, most=10)",
        "→ send",
    ]
    text = colour.make(
        "http://h", api_key=lambda: KEY, deadline=30, max_retries=0, default_headers={"X": KEY}
    ).explain()
    assert "Deadline(30 s)" in text.splitlines()[0]
    assert "max_retries=0" in text
    assert "Authorize(key from a function" in text
    assert KEY not in text


def test_no_policy_can_be_given_at_all(colour: Colour) -> None:
    with Rude(wrong(500)) as server, colour.client(server.url, policies=[]) as it:
        failure_of(it, retrieve)
        assert len(server.requests) == 1


@pytest.mark.parametrize("flaw", [Retry, "retry", 5, None], ids=repr)
def test_what_is_no_policy_is_named(colour: Colour, flaw: Any) -> None:
    with pytest.raises(TypeError, match="policy"):
        colour.make("http://h", policies=[flaw])


def test_a_policy_that_answers_itself_sends_nothing(colour: Colour) -> None:
    async def cached(request: Request, forward: Forward) -> Reply:
        from antiphon.core.headers import Headers

        return Reply(200, Headers({"content-type": "application/json"}), request=request, content=b'{"id": "cached"}')

    with Rude(ok()) as server, colour.client(server.url, policies=[cached]) as it:
        assert it(retrieve).id == "cached"
        assert server.requests == []


def test_redirects_are_followed_only_where_named(colour: Colour) -> None:
    with Rude(reply(b"", 307, "Location: /x"), ok()) as server:
        with colour.client(server.url, thin=True, policies=[Redirect()]) as it:
            assert it(retrieve).id == "m"
        assert len(server.requests) == 2


def raw(retries: int) -> Callable[[Any], Any]:
    return lambda client: client.get("/models", cast_to=object, options={"max_retries": retries})


def test_retries_of_a_call_that_nobody_makes_are_warned_of(colour: Colour) -> None:
    with Rude(wrong(503)) as server, colour.client(server.url, thin=True) as it:
        with pytest.warns(UserWarning, match=r"max_retries=2 has no effect.*policies=\[Retry\(2\)\]") as caught:
            assert failure_of(it, raw(2)).status_code == 503  # type: ignore[attr-defined]
        assert [Path(each.filename).parent for each in caught] == [Path(__file__).parent]
        failure_of(it, raw(0))
        assert len(server.requests) == 2


def test_retries_of_a_client_that_nobody_makes_are_warned_of(colour: Colour) -> None:
    thin = colour.make("http://h", thin=True)
    for ask in (
        lambda: thin.with_options(max_retries=3),
        lambda: colour.make("http://h", thin=True, max_retries=3),
        lambda: colour.make("http://h", policies=[Redirect()], max_retries=3),
        lambda: setattr(thin, "max_retries", 3),
    ):
        with pytest.warns(UserWarning, match="max_retries=3 has no effect") as caught:
            ask()
        assert [Path(each.filename).parent for each in caught] == [Path(__file__).parent]


def test_retries_that_were_not_asked_for_or_may_be_made_are_not_warned_of(colour: Colour) -> None:
    thin: Any = colour.make("http://h", thin=True)
    assert thin.with_options(max_retries=0).with_options(timeout=3).max_retries == 0
    assert thin.with_options(timeout=3).copy(http_client=colour.http_client()).max_retries == 2
    assert colour.make("http://h", max_retries=5).with_options(policies=[]).max_retries == 5
    assert thin.with_options(policies=[Retry()], max_retries=3).max_retries == 3
    assert thin.with_options(policies=[Marked("own", [])], max_retries=3).max_retries == 3
    if colour.own:
        assert pickle.loads(pickle.dumps(thin.__class__(api_key=None, _enforce_credentials=False))).max_retries == 2
    with Rude(wrong(503), ok()) as server, colour.client(server.url, thin=True, policies=[Retry()]) as it:
        it(raw(1))
        assert len(server.requests) == 2
