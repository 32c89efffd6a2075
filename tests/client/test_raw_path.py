"""Raw paths reach the request line as the official client writes them, or are refused before a byte is sent."""

from __future__ import annotations

from typing import Any

import httpx2
import openai
import pytest

from antiphon import pagination
from antiphon.errors import CredentialScopeError, InvalidBaseURL, InvalidBody, OpenAIError
from tests.transports.rude import Rude

from .answer import ok
from .colour import Colour, failure_of

SAME = [
    "/x",
    "x",
    "",
    "/x y",
    "/x#y",
    "#y",
    "/ä/ö",
    "/x?a=b c",
    "/x?a=ä&b[]=1",
    "/x?a=1#f?b=2",
    "/x?a=1?b=2",
    "/x%20y%2Fz",
    "/100%",
    '/"<>`{}|^',
    "/{id}",
    "/x;y,z=@:!'()*+$&",
    "/x/../y",
    "/x/..",
    "/./x/.",
    "/../other?q=../z",
    "/../../../up",
    "/%2e%2e/y",
    "/.../x",
    "?a=1",
    "/http://elsewhere/x",
    "http://h/absolute path?ä#f",
    "http://h/v1/a/../b",
    "HTTP://H/v1/x",
]


def official(path: str, verb: str = "get") -> str:
    """The request target of the official client."""
    seen: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.url.raw_path.decode("ascii"))
        return httpx2.Response(200, json={})

    transport = httpx2.Client(transport=httpx2.MockTransport(answer))
    client = openai.OpenAI(api_key="k", base_url="http://h/v1", http_client=transport)
    getattr(client, verb)(path, cast_to=object)
    return seen[0]


@pytest.mark.parametrize("verb", ["get", "post", "put", "patch", "delete"])
@pytest.mark.parametrize("path", ["/x y?ö#z", "/a/../b"])
def test_every_verb_writes_it_so(own_colour: Colour, verb: str, path: str) -> None:
    with Rude(ok({})) as server, own_colour.client(server.url) as it:
        it(lambda client: getattr(client, verb)(path, cast_to=object))
    assert server.requests[0].target == official(path, verb)


@pytest.mark.parametrize("path", SAME)
def test_it_is_written_as_the_official_client_writes_it(own_colour: Colour, path: str) -> None:
    with Rude(ok({})) as server, own_colour.client(server.url) as it:
        place = path.lower().replace("http://h", server.url, 1) if path.lower().startswith("http://h/") else path
        it(lambda client: client.get(place, cast_to=object))
    assert server.requests[0].target == official(path)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/x\ty", InvalidBody),
        ("/x\r\nHost: evil", InvalidBody),
        ("/x\x7f", InvalidBody),
        ("/\ud800", InvalidBody),
        ("http://user:canary@h/x", InvalidBaseURL),
        ("https://other.test/x", CredentialScopeError),
        ("http://[::1/x", InvalidBaseURL),
    ],
)
def test_what_cannot_be_sent_is_refused(own_colour: Colour, path: str, kind: type[OpenAIError]) -> None:
    with Rude(ok({})) as server, own_colour.client(server.url) as it:
        error = failure_of(it, lambda client: client.get(path, cast_to=object))
        assert type(error) is kind
        assert "canary" not in str(error)
        assert server.requests == []


def test_a_list_of_a_raw_path_is_written_so_too(own_colour: Colour) -> None:
    page: Any = pagination.AsyncPage if own_colour.is_async else pagination.SyncPage
    with Rude(ok({"object": "list", "data": []})) as server, own_colour.client(server.url) as it:
        it.wait(it.raw.get_api_list("/x y", model=object, page=page))
    assert server.requests[0].target == "/v1/x%20y"
