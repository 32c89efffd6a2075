"""Keys that come another way than `api_key`, reprs of what was never made, and replies that are larger or odder than most."""

from __future__ import annotations

import gc
import pickle
import traceback
from typing import Any

import pytest

import antiphon
from antiphon.errors import NotFoundError
from tests.transports.rude import Rude, reply

from .answer import MODEL, chat, delta, ok, retrieve, sse, wrong
from .colour import Colour, failure_of

KEY = "very-secret"


def shown(client: Any) -> str:
    """What a debugger that lists attributes sees."""
    return " ".join(map(repr, (client, vars(client), client.settings, client.default_headers)))


@pytest.mark.parametrize("name", ["api-key", "Authorization", "X-API-Key"])
def test_a_key_among_the_default_headers_is_sent_but_not_shown_nor_pickled(colour: Colour, name: str) -> None:
    with Rude(ok(MODEL)) as server, colour.client(server.url, default_headers={name: KEY}) as it:
        assert KEY not in shown(it.raw)
        it(retrieve)
        assert server.requests[0].headers[name.lower()] == KEY
    own = antiphon.OpenAI(api_key=None, default_headers={name: KEY}, _enforce_credentials=False)
    with pytest.raises(TypeError, match="default_headers"):
        pickle.dumps(own)


def test_a_proxys_password_is_not_shown_nor_pickled() -> None:
    client = antiphon.OpenAI(api_key=None, proxy=f"http://user:{KEY}@127.0.0.1:1", _enforce_credentials=False)
    assert KEY not in shown(client)
    with pytest.raises(TypeError, match="Secret"):
        pickle.dumps(client)
    assert KEY not in shown(client.copy(timeout=3))


def test_a_key_in_the_query_is_not_in_the_repr_nor_in_a_pickled_error(colour: Colour) -> None:
    with Rude(wrong(404)) as server, colour.client(f"{server.url}/v1?key={KEY}") as it:
        error = failure_of(it, retrieve)
        assert isinstance(error, NotFoundError)
        assert KEY not in repr(it.raw)
        assert KEY.encode() not in pickle.dumps(error)
        assert f"key={KEY}" in server.requests[0].line


@pytest.mark.parametrize(
    "arguments",
    [{"base_url": "nope"}, {"base_url": f"user:{KEY}@host/"}, {"timeout": "soon"}, {"api_key": KEY.encode()}, {"api_key": [KEY]},
     {"proxy": f"http://user:{KEY}@host:bad"}, {"proxy": f"socks5://user:{KEY}@host"}, {"proxy": f"http://u:{KEY}://x@h:bad"},
     {"proxy": f"http://user:{KEY}@host", "timeout": "soon"}, {"apikey": KEY}],
    ids=["url", "userinfo", "timeout", "bytes", "list", "proxy", "socks", "odd proxy", "beside a proxy", "misspelt"],
)  # fmt: skip
@pytest.mark.parametrize("kind", [antiphon.OpenAI, antiphon.AsyncOpenAI])
def test_a_traceback_with_locals_of_what_was_never_made(kind: Any, arguments: dict[str, Any]) -> None:
    try:
        kind(**{"api_key": "sk-fine", **arguments})
    except (TypeError, ValueError) as error:
        seen = error
    frames = traceback.TracebackException.from_exception(seen, capture_locals=True)
    ours = [
        line
        for frame in frames.stack
        if "antiphon" in frame.filename and "tests" not in frame.filename
        for line in (frame.locals or {}).values()
    ]
    assert ours
    if "base_url" not in arguments:  # which is no secret, and stands in the caller's own line
        assert not [line for line in ours if KEY in line]
    assert KEY not in str(seen)


def test_a_download_may_be_larger_than_any_other_body(own_colour: Colour) -> None:
    size = antiphon.WireLimits().body + 1
    with (
        Rude(reply(bytes(size), 200, "Content-Type: application/octet-stream")) as server,
        own_colour.client(server.url) as it,
    ):
        assert len(it(lambda client: client.files.content("file_1")).content) == size
    gc.collect()


def test_a_header_in_bytes_is_sent_as_its_text(colour: Colour) -> None:
    with Rude(ok(MODEL)) as server, colour.client(server.url) as it:
        it(lambda client: client.models.retrieve("m", extra_headers={"X-Raw": b"v"}))
        assert server.requests[0].headers["x-raw"] == "v"


def test_events_that_are_labelled_json_are_events(colour: Colour) -> None:
    events = sse(delta("a"), delta("b", "stop"))
    with Rude(events.replace(b"text/event-stream", b"application/json")) as server, colour.client(server.url) as it:
        items, failure = it.events(chat)
        assert failure is None
        assert [event.choices[0].delta.content for event in items] == ["a", "b"]


def test_a_reply_raises_for_its_status_like_one_of_httpx(colour: Colour) -> None:
    with Rude(ok(MODEL), wrong(404)) as server, colour.client(server.url) as it:
        fine = it(lambda client: client.models.with_raw_response.retrieve("m")).http_response
        assert fine.raise_for_status() is fine
        assert not fine.is_error
        error = failure_of(it, retrieve)
        assert isinstance(error, NotFoundError)
        assert error.response.is_error
        with pytest.raises(NotFoundError):
            error.response.raise_for_status()
