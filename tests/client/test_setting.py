"""What a client is told: argument, then environment, then default; and arguments that cannot be right."""

from __future__ import annotations

from typing import Any

import pytest

import antiphon
from antiphon.core.timeout import Timeout
from antiphon.errors import InvalidBaseURL
from tests.transports.rude import Rude

from .answer import ok, retrieve
from .colour import KEY, Colour

ENVIRONMENT = {
    "OPENAI_API_KEY": "sk-env",
    "OPENAI_ADMIN_KEY": "sk-admin-env",
    "OPENAI_ORG_ID": "org-env",
    "OPENAI_PROJECT_ID": "proj-env",
    "OPENAI_WEBHOOK_SECRET": "whsec_env",
    "OPENAI_CUSTOM_HEADERS": "X-One: 1\nX-Two:  b: c \nnonsense\n: empty\nX-Three: env",
}


def test_the_environment_speaks_where_arguments_are_silent(colour: Colour, monkeypatch: pytest.MonkeyPatch) -> None:
    with Rude(ok()) as server:
        for name, value in {**ENVIRONMENT, "OPENAI_BASE_URL": f"{server.url}/env"}.items():
            monkeypatch.setenv(name, value)
        with colour.client("", api_key=None) as it:
            it(retrieve)
            client = it.raw
            assert (client.api_key, client.admin_api_key, client.webhook_secret) == (
                "sk-env",
                "sk-admin-env",
                "whsec_env",
            )
            assert (client.organization, client.project) == ("org-env", "proj-env")
    (request,) = server.requests
    assert request.target == "/env/models/m"
    fields = request.headers
    assert fields["authorization"] == "Bearer sk-env"
    assert (fields["openai-organization"], fields["openai-project"]) == ("org-env", "proj-env")
    assert (fields["x-one"], fields["x-two"]) == ("1", "b: c")


def test_arguments_come_before_the_environment(colour: Colour, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**ENVIRONMENT, "OPENAI_BASE_URL": "http://127.0.0.1:1/env"}.items():
        monkeypatch.setenv(name, value)
    with (
        Rude(ok()) as server,
        colour.client(
            server.url,
            admin_api_key="sk-admin-arg",
            organization="org-arg",
            project="proj-arg",
            webhook_secret="whsec_arg",
            default_headers={"x-three": "arg"},
        ) as it,
    ):
        it(retrieve)
        assert (it.raw.admin_api_key, it.raw.webhook_secret) == ("sk-admin-arg", "whsec_arg")
    fields = server.requests[0].headers
    assert fields["authorization"] == f"Bearer {KEY}"
    assert (fields["openai-organization"], fields["openai-project"]) == ("org-arg", "proj-arg")
    assert (fields["x-one"], fields["x-three"]) == ("1", "arg")


def test_empty_environment_variables_are_absent(colour: Colour, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*ENVIRONMENT, "OPENAI_BASE_URL"):
        monkeypatch.setenv(name, "")
    client = colour.make("")
    assert str(client.base_url) == "https://api.openai.com/v1/"
    assert client.admin_api_key is None
    assert client.webhook_secret is None


def test_the_admin_key_alone_makes_a_client(colour: Colour, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ADMIN_KEY", "sk-admin-env")
    assert colour.make("", api_key=None).api_key == ""


REFUSED_URLS = [
    "api.openai.com/v1",
    "/v1",
    "localhost:8000",
    "https://",
    "ftp://h/v1",
    "ws://h/v1",
    "javascript:alert(1)",
    "file:///etc/passwd",
    "https://user:pw@h/v1",
    "https://h@evil.example/v1",
    "https://h\\@evil.example/v1",
    "https://h\\v1",
    "https://h/v1\r\nX: 1",
    "https://h /v1",
    "https://h/a/../v1",
    "https://h/%2e%2e/v1",
    "https://h:99999/v1",
    "https://h:x/v1",
    "https://[::1/v1",
    5,
]


@pytest.mark.parametrize("url", REFUSED_URLS, ids=repr)
def test_row_57_base_urls_that_cannot_be_right(colour: Colour, url: Any) -> None:
    with pytest.raises(InvalidBaseURL) as caught:
        colour.make("", base_url=url)
    assert isinstance(caught.value, ValueError)
    assert "pw" not in str(caught.value)
    client = colour.make("http://127.0.0.1:1")
    with pytest.raises(InvalidBaseURL):
        client.base_url = url
    assert str(client.base_url) == "http://127.0.0.1:1/v1/"


def test_base_urls_end_in_a_slash_and_keep_their_query(colour: Colour) -> None:
    assert str(colour.make("", base_url="https://h/v1").base_url) == "https://h/v1/"
    assert str(colour.make("", base_url="https://H:443/v1/").base_url) == "https://h/v1/"
    with Rude(ok()) as server, colour.client("", base_url=f"{server.url}/v1?tenant=7") as it:
        it(retrieve)
        it(lambda client: client.models.retrieve("m", extra_query={"a": "b"}))
        assert [r.target for r in server.requests] == ["/v1/models/m?tenant=7", "/v1/models/m?tenant=7&a=b"]


@pytest.mark.parametrize(("region", "host"), [("global", "api"), ("us", "us.api"), ("eu", "eu.api"), ("jp", "jp.api")])
def test_data_residency_names_the_host(colour: Colour, region: Any, host: str) -> None:
    client = colour.make("", data_residency=region)
    assert str(client.base_url) == f"https://{host}.openai.com/v1/"
    assert str(client.copy().base_url) == f"https://{host}.openai.com/v1/"


def test_data_residency_goes_with_no_other_address(colour: Colour) -> None:
    for arguments in ({"base_url": "https://h/v1"}, {"websocket_base_url": "wss://h/v1"}, {"data_residency": "mars"}):
        with pytest.raises(ValueError, match="data_residency"):
            colour.make("", **{"data_residency": "eu", **arguments})
    client = colour.make("", data_residency="eu")
    client.base_url = "https://h/v1"
    assert str(client.copy().base_url) == "https://h/v1/"


def test_data_residency_comes_before_the_environments_address(colour: Colour, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "https://h/v1")
    assert str(colour.make("", data_residency="eu").base_url) == "https://eu.api.openai.com/v1/"


@pytest.mark.parametrize(
    ("value", "error"),
    [(None, TypeError), ("2", TypeError), (1.5, TypeError), (-1, ValueError), (-10, ValueError)],
    ids=repr,
)
def test_max_retries_that_cannot_be_right(colour: Colour, value: Any, error: type[Exception]) -> None:
    client = colour.make("http://127.0.0.1:1")
    with pytest.raises(error, match="max_retries"):
        colour.make("http://127.0.0.1:1", max_retries=value)
    with pytest.raises(error, match="max_retries"):
        client.with_options(max_retries=value)
    with pytest.raises(error, match="max_retries"):
        client.max_retries = value
    assert client.max_retries == 2


@pytest.mark.parametrize("value", ["2", -1], ids=repr)
def test_max_retries_of_one_call_that_cannot_be_right(colour: Colour, value: Any) -> None:
    with Rude(ok()) as server, colour.client(server.url) as it:
        with pytest.raises((TypeError, ValueError), match="max_retries"):
            it(lambda client: client.get("/x", cast_to=dict, options={"max_retries": value}))
        assert server.requests == []


def test_timeouts(colour: Colour) -> None:
    assert colour.make("http://h").timeout == Timeout(600, connect=5.0)
    for given in (7, 7.5, None, Timeout(9, read=1)):
        client = colour.make("http://h", timeout=given)
        assert client.timeout == given
        assert client.with_options(max_retries=1).timeout == given
        assert client.with_options(timeout=3).timeout == 3
    for flaw in (-1, "7", [1]):
        with pytest.raises((ValueError, TypeError), match="timeout"):
            colour.make("http://h", timeout=flaw)
        with pytest.raises((ValueError, TypeError), match="timeout"):
            client.timeout = flaw
    assert client.timeout == Timeout(9, read=1)


def test_a_timeout_is_told_to_the_server(colour: Colour) -> None:
    with Rude(ok()) as server, colour.client(server.url) as it:
        it(retrieve)
        for value in (7, 2.5, Timeout(9, read=4), None):
            it(lambda client, value=value: client.models.retrieve("m", timeout=value))
        it.raw.timeout = 11
        it(retrieve)
        told = [request.headers.get("x-stainless-read-timeout") for request in server.requests]
    assert told == ["600", "7", "2.5", "4", None, "11"]


@pytest.mark.parametrize("flaw", [-1, "x", [1]], ids=repr)
def test_a_calls_timeout_that_cannot_be_right(colour: Colour, flaw: Any) -> None:
    with Rude(ok()) as server, colour.client(server.url) as it:
        with pytest.raises((ValueError, TypeError), match="timeout"):
            it(lambda client: client.models.retrieve("m", timeout=flaw))
        assert server.requests == []


@pytest.mark.parametrize("flaw", [0, -1, "x"], ids=repr)
def test_a_deadline_that_cannot_be_right(colour: Colour, flaw: Any) -> None:
    with pytest.raises((ValueError, TypeError), match="deadline"):
        colour.make("http://h", deadline=flaw)


@pytest.mark.parametrize(
    ("wrong", "nearest"), [("api_keys", "api_key"), ("baseurl", "base_url"), ("max_retry", "max_retries")]
)
def test_an_unknown_argument_names_the_nearest_known_one(colour: Colour, wrong: str, nearest: str) -> None:
    options: dict[str, Any] = {wrong: "x"}
    with pytest.raises(TypeError, match=f"{wrong}.*{nearest}"):
        colour.make("http://h", **options)
    with pytest.raises(TypeError, match=f"{wrong}.*{nearest}"):
        colour.make("http://h").with_options(**options)


def test_a_client_takes_no_positional_arguments(colour: Colour) -> None:
    kind: Any = antiphon.AsyncOpenAI if colour.is_async else antiphon.OpenAI
    with pytest.raises(TypeError):
        kind(KEY)


def test_an_http_client_of_another_kind_or_colour(colour: Colour) -> None:
    other = Colour("sync" if colour.is_async else "async", "httpx2").http_client()
    for flaw in (other, type(other), object(), "http://proxy:1", 5):
        with pytest.raises(TypeError, match="http_client"):
            colour.make("http://h", http_client=flaw)


def test_a_timeout_chosen_on_a_borrowed_client_wins_over_the_default(colour: Colour) -> None:
    client = colour.make("http://h", http_client=colour.http_client(timeout=7.0))
    assert client.timeout == Timeout(7.0)
    assert client.with_options(max_retries=0).timeout == Timeout(7.0)
    client = colour.make("http://h", http_client=colour.http_client(timeout=7.0), timeout=3)
    assert client.timeout == 3
