"""Behaviour that is no request and no type: what constructors take and what their clients send, side by side.

Each test asks the official package and antiphon the same on local servers and compares; `docs/reference/drop-in.md` names them.
"""

from __future__ import annotations

import asyncio
import inspect
import re
from typing import Any

import httpx2
import pytest

import antiphon
from tests.client.answer import MODEL, chat, create, ok, retrieve, wrong
from tests.client.colour import ADMIN_KEY, KEY, Colour
from tests.transports.rude import Rude

from .official import openai
from .pair import BOTH, colour, kind_of, omitted, outcome, quiet_environment

__all__ = ["colour", "quiet_environment"]


def test_constructors_take_the_official_arguments(colour: Colour) -> None:
    theirs = set(inspect.signature(kind_of(openai, colour).__init__).parameters)
    ours = set(inspect.signature(kind_of(antiphon, colour).__init__).parameters)
    assert theirs - ours == set()


def test_copies_take_the_official_arguments(colour: Colour) -> None:
    theirs = set(inspect.signature(kind_of(openai, colour).copy).parameters)
    ours = set(inspect.signature(kind_of(antiphon, colour).copy).parameters)
    assert theirs - ours == set()
    assert kind_of(antiphon, colour).with_options is kind_of(antiphon, colour).copy


def test_subclass_hooks_and_methods_are_there(colour: Colour) -> None:
    names = (
        *("_prepare_options", "_prepare_request", "_make_status_error", "_should_retry", "_calculate_retry_timeout"),
        *(
            "_validate_headers",
            "auth_headers",
            "qs",
            "user_agent",
            "platform_headers",
            "default_headers",
            "default_query",
        ),
        *(
            "get",
            "post",
            "patch",
            "put",
            "delete",
            "get_api_list",
            "request",
            "copy",
            "with_options",
            "close",
            "is_closed",
        ),
    )
    for name in names:
        assert hasattr(kind_of(openai, colour), name), name
        assert hasattr(kind_of(antiphon, colour), name), name


@pytest.mark.parametrize("region", ["global", "us", "eu", "ae", "au", "in", "jp"])
def test_regions_lead_to_the_same_host(region: Any, colour: Colour) -> None:
    theirs, ours = (kind_of(package, colour)(api_key=KEY, data_residency=region) for package in BOTH)
    assert str(ours.base_url) == str(theirs.base_url)
    for package in BOTH:
        with pytest.raises(ValueError):
            kind_of(package, colour)(api_key=KEY, data_residency=region, base_url="http://x")


REFUSED: dict[str, tuple[type[Exception], dict[str, Any]]] = {
    "retries that are none": (TypeError, {"max_retries": None}),
    "retries that are text": (TypeError, {"max_retries": "2"}),
    "retries below nought": (ValueError, {"max_retries": -1}),
    "an http client that is none": (TypeError, {"http_client": object(), "timeout": 1}),
    "both kinds of headers": (ValueError, {"copy": {"default_headers": {}, "set_default_headers": {}}}),
    "both kinds of query": (ValueError, {"copy": {"default_query": {}, "set_default_query": {}}}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_refused_alike(name: str, colour: Colour) -> None:
    error, options = REFUSED[name]
    for package in BOTH:
        with pytest.raises(error):
            client = kind_of(package, colour)(api_key=KEY, **{k: v for k, v in options.items() if k != "copy"})
            client.copy(**options["copy"])


def test_a_missing_key_is_the_same_error(colour: Colour) -> None:
    for package in BOTH:
        with pytest.raises(package.OpenAIError, match="Missing credentials"):
            kind_of(package, colour)()
        with Rude(ok()) as server:
            (error,) = outcome(package, colour, server.url, retrieve, api_key=None, _enforce_credentials=False)
            assert type(error) is TypeError
            assert "Could not resolve authentication method" in str(error)
            assert not server.requests


def said(headers: dict[str, str]) -> dict[str, str]:
    """Header fields without what names the library, its version or the transport's own."""
    own = {
        "host",
        "connection",
        "accept-encoding",
        "content-length",
        "x-stainless-package-version",
        "transfer-encoding",
    }
    kept = {name: value for name, value in headers.items() if name not in own}
    kept["user-agent"] = re.sub(r"[\d.]+$", "", kept["user-agent"])
    # Seconds are written with or without their decimals.
    return {name: value.removesuffix(".0") if "timeout" in name else value for name, value in kept.items()}


HEADERS: dict[str, Any] = {
    "a plain post": create,
    "a plain get": retrieve,
    "a stream": chat,
    "a timeout of its own": lambda client: client.models.retrieve("m", timeout=7),
    "fields of its own": lambda client: client.models.retrieve("m", extra_headers={"X-Mine": "1", "accept": "a/b"}),
    "fields removed": lambda client: client.models.retrieve("m", extra_headers={"X-Stainless-Retry-Count": omitted(client), "X-Stainless-Read-Timeout": omitted(client)}),
    "vector stores": lambda client: client.vector_stores.retrieve("v"),
    "assistants": lambda client: client.beta.threads.retrieve("t"),
    "agents": lambda client: client.beta.agents.list(),
    "chatkit": lambda client: client.beta.chatkit.sessions.create(user="u", workflow={"id": "w"}),
    "a form": lambda client: client.files.create(file=("a", b"x"), purpose="batch"),
    "a raw verb": lambda client: client.post("/x", cast_to=object, body={"a": 1}),
    "a raw response": lambda client: client.models.with_raw_response.retrieve("m"),
    "an admin's call": lambda client: client.admin.organization.projects.list(),
    "parse": lambda client: client.chat.completions.parse(model="m", messages=[]),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", HEADERS)
def test_the_header_fields_are_the_same(name: str, colour: Colour) -> None:
    options = {
        "organization": "org",
        "project": "proj",
        "admin_api_key": ADMIN_KEY,
        "default_headers": {"X-Default": "d"},
    }
    with Rude(ok({"data": [], "id": "x", "object": "list"})) as server:
        for package in BOTH:
            outcome(package, colour, server.url, HEADERS[name], **options)
        theirs, ours = (said(request.headers) for request in server.requests)
    if name == "a form":
        theirs["content-type"] = ours["content-type"] = ""
    if name == "a raw response":  # a note to themselves that they send along
        assert theirs.pop("x-stainless-raw-response") == "true"
    assert ours == theirs


ENVIRONMENT: dict[str, dict[str, str]] = {
    "a key": {"OPENAI_API_KEY": "sk-env"},
    "an admin's key alone": {"OPENAI_ADMIN_KEY": "sk-admin"},
    "who pays": {"OPENAI_API_KEY": "sk-env", "OPENAI_ORG_ID": "org", "OPENAI_PROJECT_ID": "proj"},
    "fields": {"OPENAI_API_KEY": "sk-env", "OPENAI_CUSTOM_HEADERS": "X-One: 1\nX-Two: a: b\n\nnonsense"},
}


@pytest.mark.parametrize("name", ENVIRONMENT)
def test_the_environment_says_the_same(name: str, colour: Colour, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, value in ENVIRONMENT[name].items():
        monkeypatch.setenv(variable, value)
    with Rude(ok({"data": []})) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{server.url}/elsewhere")
        call = (lambda client: client.admin.organization.projects.list()) if "admin" in name else retrieve
        for package in BOTH:
            outcome(package, colour, "", call, api_key=None, base_url=None)
        theirs, ours = server.requests
    assert ours.line == theirs.line
    assert said(ours.headers) == said(theirs.headers)


def test_no_idempotency_key_is_sent_and_retries_are_counted(colour: Colour) -> None:
    with Rude(wrong(500, "retry-after-ms: 1"), wrong(500, "retry-after-ms: 1"), ok()) as server:
        outcome(antiphon, colour, server.url, create, max_retries=2)
        assert [request.headers["x-stainless-retry-count"] for request in server.requests] == ["0", "1", "2"]
        assert not any("idempotency-key" in request.headers for request in server.requests)


def test_constants_are_the_same() -> None:
    for name in ("connect", "read", "write", "pool"):
        assert getattr(antiphon.DEFAULT_TIMEOUT, name) == getattr(openai.DEFAULT_TIMEOUT, name)
    assert antiphon.DEFAULT_MAX_RETRIES == openai.DEFAULT_MAX_RETRIES
    for name in ("max_connections", "max_keepalive_connections"):
        assert getattr(antiphon.DEFAULT_CONNECTION_LIMITS, name) == getattr(openai.DEFAULT_CONNECTION_LIMITS, name)
    assert antiphon.NoneType is openai.NoneType
    for name in ("omit", "not_given", "NOT_GIVEN"):
        ours, theirs = getattr(antiphon, name), getattr(openai, name)
        assert not ours
        assert type(ours).__name__ == type(theirs).__name__
    assert repr(antiphon.NOT_GIVEN) == repr(openai.NOT_GIVEN) == "NOT_GIVEN"
    assert antiphon.__version__ == antiphon.VERSION


def test_two_clients_may_share_a_borrowed_one(colour: Colour) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, json=MODEL)

    async def aanswer(request: httpx2.Request) -> httpx2.Response:
        return answer(request)

    async def twice(package: Any) -> None:
        http = httpx2.AsyncClient(transport=httpx2.MockTransport(aanswer))
        for timeout in (1, 2):
            assert (
                await package.AsyncOpenAI(api_key=KEY, http_client=http, timeout=timeout).models.retrieve("m")
            ).id == "m"
        assert not http.is_closed
        await http.aclose()

    for package in BOTH:
        if colour.is_async:
            asyncio.run(twice(package))
            continue
        http = httpx2.Client(transport=httpx2.MockTransport(answer))
        for timeout in (1, 2):
            assert package.OpenAI(api_key=KEY, http_client=http, timeout=timeout).models.retrieve("m").id == "m"
        assert not http.is_closed
        http.close()
