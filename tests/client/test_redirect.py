"""Redirects: followed within the origin, refused beyond it, so that no key ever travels."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.errors import APIStatusError, RedirectRefused
from tests.transports.rude import Rude, reply

from .answer import chat, create, ok, retrieve
from .colour import ADMIN_KEY, KEY, Colour, failure_of
from .test_credential import shown


def moved(location: str, status: int = 307) -> bytes:
    """A redirect."""
    return reply(b"{}", status, f"Location: {location}")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("relative", [True, False])
def test_row_32_a_move_within_the_origin_is_followed_with_the_key(colour: Colour, status: int, relative: bool) -> None:
    with Rude() as server, colour.client(server.url) as it:
        server.script = [moved("/v2/there?x=1" if relative else f"{server.url}/v2/there?x=1", status), ok()]
        assert it(create).id == "m"
        first, second = server.requests
    assert second.target == "/v2/there?x=1"
    assert second.headers["authorization"] == f"Bearer {KEY}"
    method = second.line.split(" ")[0]
    if status in (307, 308):
        assert (method, second.body) == ("POST", first.body)
    else:
        assert (method, second.body) == ("GET", b"")
        assert "content-type" not in second.headers


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("do", [create, retrieve, chat], ids=["post", "get", "stream"])
def test_row_32_another_origin_never_sees_a_request(colour: Colour, status: int, do: Any) -> None:
    with Rude(ok()) as thief, Rude(moved(f"{thief.url}/v1/x", status)) as server:
        with colour.client(server.url, admin_api_key=ADMIN_KEY) as it:
            error = failure_of(it, do)
        assert type(error) is RedirectRefused
        assert isinstance(error, APIStatusError)
        assert error.status_code == status
        assert thief.url in str(error)
        assert KEY not in shown(error)
        assert (thief.connections, thief.requests) == (0, [])
        assert len(server.requests) == 1


def test_row_32_the_same_host_on_another_port_or_scheme_is_another_origin(colour: Colour) -> None:
    with Rude(ok()) as other, Rude(ok()) as server, colour.client(server.url) as it:
        for location in (
            f"http://127.0.0.1:{other.port}/",
            f"https://127.0.0.1:{server.port}/",
            f"//localhost:{server.port}/",
        ):
            server.script = [moved(location)]
            server.requests.clear()
            assert type(failure_of(it, retrieve)) is RedirectRefused
        assert other.connections == 0


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd",
        "javascript:alert(1)",
        "ftp://h/x",
        "http://user:pw@127.0.0.1/x",
        "http://[::1/",
        "",
    ],
)
def test_row_32_places_that_are_no_http_url(colour: Colour, location: str) -> None:
    with Rude(moved(location)) as server, colour.client(server.url) as it:
        error = failure_of(it, retrieve)
        assert type(error) is RedirectRefused
        assert len(server.requests) == 1


def test_row_32_no_place_at_all(colour: Colour) -> None:
    with Rude(reply(b"", 302)) as server, colour.client(server.url) as it:
        assert "Location" in str(failure_of(it, retrieve))


def test_row_32_a_circle_ends(colour: Colour) -> None:
    with Rude(moved("/v1/again")) as server, colour.client(server.url) as it:
        error = failure_of(it, retrieve)
        assert type(error) is RedirectRefused
        assert "circle" in str(error)
        assert 2 <= len(server.requests) <= 12


def test_row_32_an_upload_moves_whole_or_not_at_all(colour: Colour) -> None:
    import io

    from .test_retry import OneWay, upload

    with Rude(moved("/v1/there"), ok({"id": "file_1"})) as server, colour.client(server.url) as it:
        assert it(upload(io.BytesIO(b"content"))).id == "file_1"
        assert server.requests[0].body == server.requests[1].body
    with Rude(moved("/v1/there"), ok({"id": "file_1"})) as server, colour.client(server.url) as it:
        assert "a second time" in str(failure_of(it, upload(OneWay())))
        assert len(server.requests) == 1


def test_a_redirect_does_not_cost_a_retry(colour: Colour) -> None:
    with Rude(moved("/v1/there"), ok()) as server, colour.client(server.url, max_retries=0) as it:
        assert it(lambda c: c.models.with_raw_response.retrieve("m")).retries_taken == 0
        assert [r.headers["x-stainless-retry-count"] for r in server.requests] == ["0", "0"]


def test_a_borrowed_client_that_follows_redirects_does_not_follow_ours(colour: Colour) -> None:
    client = colour.http_client(follow_redirects=True)
    with Rude(ok()) as thief, Rude(moved(f"{thief.url}/x")) as server:
        with colour.client(server.url, http_client=client) as it:
            assert type(failure_of(it, retrieve)) is RedirectRefused
        assert thief.connections == 0
