"""What raw calls make of redirects, and of page classes that users wrote."""

from __future__ import annotations

from typing import Any, TypeVar

import pytest

import antiphon
from antiphon.errors import APIStatusError, CredentialScopeError, MalformedResponse, RedirectRefused
from antiphon.pagination import BaseAsyncPage, BaseSyncPage, PageInfo
from antiphon.policies.redirect import Redirect
from antiphon.policies.retry import Retry
from tests.client.answer import ok, wrong
from tests.client.colour import Colour, failure_of
from tests.transports.rude import Answer, Rude, reply

T = TypeVar("T")
MOVED = reply(b"{}", 307, "Location: /v1/there")


@pytest.fixture(params=["sync", "async"])
def colour(request: pytest.FixtureRequest) -> Colour:
    """Each colour."""
    return Colour(request.param, "own")


def asked(client: Any, **options: Any) -> Any:
    return client.get("/x", cast_to=object, options=options)


@pytest.mark.parametrize("verb", ["get", "post", "put", "patch", "delete"])
def test_a_redirect_that_is_not_to_be_followed_is_an_error_as_it_came(colour: Colour, verb: str) -> None:
    with Rude(MOVED, ok()) as server, colour.client(server.url) as it:
        error = failure_of(it, lambda c: getattr(c, verb)("/x", cast_to=object, options={"follow_redirects": False}))
        assert type(error) is APIStatusError
        assert (error.status_code, error.response.headers["location"]) == (307, "/v1/there")
        assert len(server.requests) == 1


def test_it_is_followed_where_nothing_is_said_and_retries_stay(colour: Colour) -> None:
    with Rude(MOVED, ok({"a": 1}), wrong(500), wrong(500), ok({"a": 2})) as server, colour.client(server.url) as it:
        assert it(asked) == {"a": 1}
        assert it(lambda c: asked(c, follow_redirects=False)) == {"a": 2}
        assert len(server.requests) == 5


def test_a_client_without_policies_follows_where_a_call_says_so_and_never_elsewhere(colour: Colour) -> None:
    with Rude(MOVED, MOVED, ok({"a": 1}), reply(b"", 307, "Location: http://127.0.0.1:1/")) as server:
        with colour.client(server.url, thin=True) as it:
            refused = failure_of(it, asked)
            assert isinstance(refused, APIStatusError)
            assert refused.status_code == 307
            assert it(lambda c: asked(c, follow_redirects=True)) == {"a": 1}
            assert type(failure_of(it, lambda c: asked(c, follow_redirects=True))) is RedirectRefused


def test_policies_of_ones_own_stay_in_their_order(colour: Colour) -> None:
    first, last = Retry(1), Retry(0)
    client = colour.make("http://h", policies=[first, Redirect(3), last])
    assert client._heeding_redirects(True) is client._heeding_redirects(None) is client
    assert client._heeding_redirects(antiphon.NOT_GIVEN) is client
    assert client._heeding_redirects(False)._policies == [first, last]
    assert [type(each) for each in client._heeding_redirects(False)._heeding_redirects(True)._policies][2:] == [
        Redirect
    ]


@pytest.mark.parametrize("how", ["hook", "request"])
def test_options_of_subclasses_are_heeded_too(colour: Colour, how: str) -> None:
    kind: Any = antiphon.AsyncOpenAI if colour.is_async else antiphon.OpenAI

    def unmoved(_: Any, options: Any) -> Any:
        options.follow_redirects = False
        return options

    async def unmoved_async(_: Any, options: Any) -> Any:
        return unmoved(_, options)

    derived: Any = type("Derived", (kind,), {"_prepare_options": unmoved_async if colour.is_async else unmoved})

    class Options:
        """Options as the official package names them."""

        method, url, follow_redirects = "get", "/x", False

    with Rude(MOVED, ok()) as server, colour.client(server.url) as it:
        if how == "hook":
            made = derived(api_key="sk-1", base_url=f"{server.url}/v1")
            error = failure_of(it, lambda _: made.models.retrieve("m"))
            it.wait(made.close())
        else:
            error = failure_of(it, lambda c: c.request(object, Options()))
        assert type(error) is APIStatusError
        assert len(server.requests) == 1


class Said:
    """What both colours of a page of one's own have in common."""

    items: Any
    next: Any

    def _get_page_items(self) -> Any:
        return self.items

    def next_page_info(self) -> PageInfo | None:
        said = self.next
        return None if said is None else PageInfo(**said)


class Mine(Said, BaseSyncPage[T]):
    """A page of one's own."""


class AsyncMine(Said, BaseAsyncPage[T]):
    """Its async twin."""


def listed(client: Any, verb: str = "get", **more: Any) -> Any:
    page: Any = AsyncMine if client.colour == "async" else Mine
    return client.get_api_list("/x?z=1", model=antiphon.types.Model, page=page, method=verb, **more)


NEXT: dict[str, tuple[str, list[dict[str, Any]], list[tuple[str, bytes]]]] = {
    "params": (
        "get",
        [{"params": {"offset": 1}}, {"params": {"offset": 2}}],
        [("GET /v1/x?z=1", b""), ("GET /v1/x?z=1&offset=1", b""), ("GET /v1/x?z=1&offset=2", b"")],
    ),
    "a path": (
        "get",
        [{"url": "/y?offset=1"}, {"url": "z?offset=2#part"}],
        [("GET /v1/x?z=1", b""), ("GET /v1/y?offset=1", b""), ("GET /v1/z?offset=2", b"")],
    ),
    "json": (
        "post",
        [{"json": {"offset": 1}}, {"json": {"offset": 2}}],
        [
            ("POST /v1/x?z=1", b'{"q":0}'),
            ("POST /v1/x?z=1", b'{"q":0,"offset":1}'),
            ("POST /v1/x?z=1", b'{"q":0,"offset":2}'),
        ],
    ),
}


@pytest.mark.parametrize("name", NEXT)
def test_pages_of_ones_own_are_turned(colour: Colour, name: str) -> None:
    verb, infos, requests = NEXT[name]
    script = [ok({"items": [{"id": str(n)}], "next": said}) for n, said in enumerate([*infos, None])]
    with Rude(*script) as server, colour.client(server.url) as it:
        body = {"q": 0} if verb == "post" else None
        items = it.items(lambda c: listed(c, verb, body=body))
        assert [(type(item), item.id) for item in items] == [(antiphon.types.Model, str(n)) for n in range(3)]
        assert [(r.line.removesuffix(" HTTP/1.1"), r.body) for r in server.requests] == requests


def test_an_absolute_url_is_followed_within_the_origin_alone(colour: Colour) -> None:
    with Rude(ok()) as thief, Rude() as server, colour.client(server.url) as it:
        pages = [(server.url, "a"), (thief.url, "b")]
        answers: list[Answer] = [
            ok({"items": [{"id": last}], "next": {"url": f"{url}/v1/y?after={last}"}}) for url, last in pages
        ]
        server.script = answers
        items, error = it.events(listed)
        assert [item.id for item in items] == ["a", "b"]
        assert isinstance(error, CredentialScopeError)
        assert [r.target for r in server.requests] == ["/v1/x?z=1", "/v1/y?after=a"]
        assert thief.connections == 0


@pytest.mark.parametrize("said", [{"params": {"offset": 1}}, {"url": "/y?offset=1"}, {"json": {"offset": 1}}])
def test_a_server_that_repeats_itself_is_told(colour: Colour, said: dict[str, Any]) -> None:
    with Rude(ok({"items": [{"id": "a"}], "next": said})) as server, colour.client(server.url) as it:
        items, error = it.events(lambda c: listed(c, "post", body={}))
        assert isinstance(error, MalformedResponse)
        assert "repeats itself" in str(error)
        assert len(items) == len(server.requests) == 2


def test_what_cannot_be_turned_is_said(colour: Colour) -> None:
    with Rude(ok({"items": [{"id": "a"}], "next": {"json": {"a": 1}}})) as server, colour.client(server.url) as it:
        page = it(lambda c: listed(c, "post", body=[1]))
        with pytest.raises(TypeError, match="mappings"):
            it.wait(page.get_next_page())
    with pytest.raises(ValueError, match="params, url and json"):
        _ = PageInfo(params=antiphon.NOT_GIVEN).said  # type: ignore[call-overload]


def test_a_reply_that_is_no_page(colour: Colour) -> None:
    with Rude(ok([1])) as server, colour.client(server.url) as it:
        assert isinstance(failure_of(it, listed), MalformedResponse)


def test_a_page_of_the_other_colour_is_refused(colour: Colour) -> None:
    page: Any = Mine if colour.is_async else AsyncMine
    with pytest.raises(TypeError, match=r"derived from Base(Async|Sync)Page"):
        colour.make("http://h").get_api_list("/x", model=dict, page=page)
