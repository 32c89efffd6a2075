"""Vertex: where it is, and Google's credentials, found and refreshed by google-auth against stand-ins of Google's services."""

from __future__ import annotations

import asyncio
import datetime
import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import google.oauth2.credentials
import openai
import openai.providers
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from antiphon.core.timeout import Timeout
from antiphon.errors import APITimeoutError, AuthenticationError, OpenAIError
from antiphon.providers import vertex
from antiphon.providers.google import GoogleCredential, _Transport
from tests.client.answer import create, ok, retrieve, wrong
from tests.client.colour import failure_of
from tests.client.test_credential import shown
from tests.transports.rude import Rude, hang, reply, reset

from .beside import Kind, seen
from .test_bedrock import reachable

REFRESH = "refresh-canary-not-to-be-seen"
CLIENT = "client-canary-not-to-be-seen"
ACCESS = "access-canary-not-to-be-seen"


@pytest.fixture(params=["sync", "async"])
def client(request: pytest.FixtureRequest) -> Kind:
    """Each colour of antiphon's client."""
    return Kind("OpenAI", request.param)


@pytest.fixture(autouse=True)
def no_google_cloud(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of this machine is found by looking for credentials."""
    for name in ("GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_LOCATION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path / "none"))
    monkeypatch.setenv("NO_GCE_CHECK", "true")


def granted(token: str = ACCESS, expires_in: int = 3600) -> bytes:
    return ok({"access_token": token, "expires_in": expires_in, "token_type": "Bearer"})


def user(server: Rude, **more: Any) -> Any:
    """Credentials of a user, refreshed at a server."""
    return google.oauth2.credentials.Credentials(
        None,
        refresh_token=REFRESH,
        token_uri=f"{server.url}/token",
        client_id="c",
        client_secret=CLIENT,
        **more,
    )


@pytest.fixture(scope="module")
def key() -> str:
    """A service account's private key."""
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


# -- where it is -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        ({"project": "p-1", "location": "us-east5"}, {}),
        ({"project": "example.com:p", "location": "global"}, {}),
        ({}, {"GOOGLE_CLOUD_PROJECT": "env", "GOOGLE_CLOUD_LOCATION": "eu-west1"}),
        ({"project": "p"}, {"GOOGLE_CLOUD_PROJECT": "env", "GOOGLE_CLOUD_LOCATION": "eu-west1"}),
        ({"base_url": "http://127.0.0.1:9/a/v1"}, {"GOOGLE_CLOUD_PROJECT": "env"}),
        ({"base_url": "https://aiplatform.googleapis.com/v1"}, {}),
    ],
)
def test_it_is_where_it_officially_is(
    client: Kind, arguments: dict[str, Any], environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    ours = client.kind(provider=vertex(**arguments))
    theirs = client._replace(official=True).kind(provider=openai.providers.vertex(**arguments))
    assert str(ours.base_url) == str(theirs.base_url)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"project": "p"},
        {"location": "global"},
        {"project": "../x", "location": "global"},
        {"project": "p/x", "location": "global"},
        {"project": "p", "location": "EU"},
        {"project": "p", "location": "eu/../x"},
        {"base_url": "ftp://x"},
        {"base_url": "https://u:p@x/v1"},
        {"base_url": "https://x/v1?a=1"},
        {"base_url": "https://x/v1#a"},
        {"base_url": "http://us-east5-aiplatform.googleapis.com/v1"},
        {"base_url": "http://googleapis.com./v1"},
        {"project": "p", "location": "global", "token_provider": str, "credentials": object()},
    ],
)
def test_what_cannot_be_is_refused_as_officially(arguments: dict[str, Any]) -> None:
    for make in (vertex, openai.providers.vertex):
        with pytest.raises((OpenAIError, openai.OpenAIError, ValueError)):
            make(**arguments)


# -- Google's credentials ----------------------------------------------------------------------------------------------


def test_given_credentials_are_refreshed_and_sent_as_officially(client: Kind) -> None:
    exchanges, requests = [], []
    for kind, package in ((client, vertex), (client._replace(official=True), openai.providers.vertex)):
        with Rude(granted()) as tokens, Rude(ok()) as server:
            credentials = user(tokens, quota_project_id="quota-1")
            provider = package(base_url=f"{server.url}/v1", credentials=credentials)
            with kind.client(server.url, provider=provider) as it:
                it(create)
                it(create)
            assert len(tokens.requests) == 1
            got = tokens.requests[0]
            exchanges.append((got.line, parse_qs(got.body.decode())))
            requests.append([seen(each) for each in server.requests])
    assert exchanges[0] == exchanges[1]
    assert requests[0] == requests[1]
    headers = requests[0][0]["headers"]
    assert (headers["authorization"], headers["x-goog-user-project"]) == (f"Bearer {ACCESS}", "quota-1")


def test_the_applications_default_credentials_are_found(
    client: Kind, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Rude(granted()) as tokens, Rude(ok()) as server:
        path = tmp_path / "account.json"
        account = {
            "type": "service_account",
            "project_id": "p",
            "private_key": key,
            "private_key_id": "k",
            "client_email": "a@p.example",
            "token_uri": f"{tokens.url}/token",
        }
        path.write_text(json.dumps(account))
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
        with client.client(server.url, provider=vertex(base_url=f"{server.url}/v1")) as it:
            it(create)
            it(lambda c: retrieve(c.copy(timeout=3)))
        assert len(tokens.requests) == 1
    assert [got.headers["authorization"] for got in server.requests] == [f"Bearer {ACCESS}"] * 2
    assert b"cloud-platform" in _claims(tokens.requests[0].body)


def _claims(body: bytes) -> bytes:
    import base64

    assertion = parse_qs(body.decode())["assertion"][0]
    return base64.urlsafe_b64decode(assertion.split(".")[1] + "==")


def test_without_credentials_the_message_says_what_to_do(client: Kind) -> None:
    with Rude(ok()) as server, client.client(server.url, provider=vertex(base_url=server.url)) as it:
        assert "Google" in str(failure_of(it, create))
        assert not server.requests


def test_without_google_auth_the_message_names_the_extra(client: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("google.auth")]:
        monkeypatch.setitem(sys.modules, name, None)
    with Rude(ok()) as server, client.client(server.url, provider=vertex(base_url=server.url)) as it:
        assert "antiphon[vertex]" in str(failure_of(it, create))


def test_a_crowd_refreshes_once(client: Kind) -> None:
    with Rude([lambda _: time.sleep(0.1), granted()]) as tokens, Rude(ok()) as server:
        made = client.make(server.url, provider=vertex(base_url=f"{server.url}/v1", credentials=user(tokens)))
        if client.is_async:

            async def all_of_them() -> None:
                async with made:
                    await asyncio.gather(*(retrieve(made) for _ in range(64)))

            asyncio.run(all_of_them())
        else:
            with made, ThreadPoolExecutor(64) as threads:
                gate = threading.Barrier(64)
                calls = [threads.submit(lambda: (gate.wait(), retrieve(made))) for _ in range(64)]
                assert {call.result()[1].id for call in calls} == {"m"}
        assert len(tokens.requests) == 1
    assert {got.headers["authorization"] for got in server.requests} == {f"Bearer {ACCESS}"}


def test_a_refused_token_is_refreshed_once(client: Kind) -> None:
    with Rude(granted("one"), granted("two"), granted("three")) as tokens:
        with Rude(wrong(401), ok(), wrong(401), wrong(401)) as server:
            provider = vertex(base_url=f"{server.url}/v1", credentials=user(tokens))
            with client.client(server.url, provider=provider) as it:
                it(create)
                assert isinstance(failure_of(it, create), AuthenticationError)
    sent = [got.headers["authorization"].split()[1] for got in server.requests]
    assert sent == ["one", "two", "two", "three"]


def test_a_token_is_refreshed_before_its_end(client: Kind) -> None:
    with Rude(granted("one"), granted("two")) as tokens, Rude(ok()) as server:
        provider = vertex(base_url=f"{server.url}/v1", credentials=user(tokens))
        with client.client(server.url, provider=provider) as it:
            it(create)
            it.clock.sleep(3300)
            it(create)
            it.clock.sleep(120)
            it(create)
    assert [got.headers["authorization"].split()[1] for got in server.requests] == ["one", "one", "two"]


class Endless:
    """Credentials whose token has no end that they know of."""

    expiry = None
    token = "t"

    def __init__(self) -> None:
        self.count = 0

    def before_request(self, request: Any, method: str, url: str, headers: dict[str, str]) -> None:
        self.count += 1
        headers["authorization"] = f"Bearer endless-{self.count}"


def test_a_token_without_an_end_is_asked_for_each_time(client: Kind) -> None:
    with Rude(ok()) as server:
        with client.client(server.url, provider=vertex(base_url=server.url, credentials=Endless())) as it:
            it(create)
            it(create)
    assert [got.headers["authorization"] for got in server.requests] == ["Bearer endless-1", "Bearer endless-2"]


class NoBearer(Endless):
    def before_request(self, request: Any, method: str, url: str, headers: dict[str, str]) -> None:
        headers["authorization"] = "Basic x"


def test_credentials_that_give_no_bearer_token_are_told(client: Kind) -> None:
    with Rude(ok()) as server:
        with client.client(server.url, provider=vertex(base_url=server.url, credentials=NoBearer())) as it:
            assert "bearer token" in str(failure_of(it, create))
        assert not server.requests


ANSWERS: dict[str, list[Any]] = {
    "refused": [reply(json.dumps({"error": "invalid_grant", "error_description": REFRESH}).encode(), 400)],
    "html": [reply(b"<html>")],
    "reset": [reset],
    "nonsense": [b"nonsense\r\n\r\n"],
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_failed_refresh_is_an_error_without_its_secrets(client: Kind, answer: str) -> None:
    with Rude(*ANSWERS[answer]) as tokens, Rude(ok()) as server:
        provider = vertex(base_url=f"{server.url}/v1", credentials=user(tokens))
        with client.client(server.url, provider=provider, max_retries=0) as it:
            error = failure_of(it, create)
            text = shown(error)
    assert type(error) is OpenAIError
    assert "Google" in str(error)
    assert REFRESH not in text
    assert CLIENT not in text
    assert not server.requests


def test_a_service_that_hangs_is_a_timeout(client: Kind) -> None:
    with Rude(hang) as tokens, Rude(ok()) as server:
        provider = vertex(base_url=f"{server.url}/v1", credentials=user(tokens))
        with client.client(server.url, provider=provider, max_retries=0, timeout=0.2) as it:
            error = failure_of(it, create)
            text = shown(error)
    assert isinstance(error, APITimeoutError)
    assert CLIENT not in text


def test_a_service_of_googles_is_waited_for_as_long_as_both_sides_allow() -> None:
    transport = _Transport(Timeout(connect=1, read=9, write=None, pool=3))
    assert transport._bounded(None) == Timeout(connect=1, read=9, write=None, pool=3)
    assert transport._bounded(5) == Timeout(connect=1, read=5, write=5, pool=3)


def test_no_secret_in_repr_vars_or_anything_they_hold(client: Kind) -> None:
    with Rude(granted()) as tokens, Rude(ok()) as server:
        provider = vertex(base_url=f"{server.url}/v1", credentials=user(tokens))
        with client.client(server.url, provider=provider) as it:
            it(create)
            holders = [it.raw, provider, GoogleCredential(user(tokens))]
            text = "\n".join([each for holder in holders for each in [*reachable(holder, set()), repr(holder)]])
            text += it.raw.explain()
    assert "Google" in text
    for secret in (ACCESS, REFRESH, CLIENT):
        assert secret not in text


def test_an_expiry_with_a_zone_is_understood() -> None:
    from antiphon.providers.google import _left

    now = datetime.datetime.now(datetime.UTC)
    later = now + datetime.timedelta(seconds=100)
    for expiry in (later, later.replace(tzinfo=None), later.astimezone(datetime.timezone(datetime.timedelta(hours=5)))):
        assert 90 < (_left(expiry) or 0) <= 100
    assert _left(now - datetime.timedelta(seconds=5)) == 0
    assert _left(None) is None
