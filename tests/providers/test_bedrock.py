"""The Bedrock clients on the wire: bearer keys, and that no credential leaves its place or is shown."""

from __future__ import annotations

import pickle
import subprocess
import sys
from typing import Any

import pytest

import antiphon
from antiphon.core.secret import Secret
from antiphon.errors import APIStatusError, CredentialScopeError, InvalidCredential, OpenAIError
from antiphon.policies.redirect import Redirect
from tests.client.answer import create, ok, retrieve, wrong
from tests.client.colour import failure_of
from tests.client.test_credential import shown
from tests.transports.rude import Rude, reply, reset

from .house import ACCESS, KEYS, SECRET, SESSION, TOKEN, House, assert_signed
from .signer_setting import EAST, STS

SECRETS = (ACCESS, SECRET, SESSION, TOKEN)


# -- bearer ------------------------------------------------------------------------------------------------------------


def test_a_bearer_key_is_sent_as_one(house: House) -> None:
    with Rude(ok()) as server, house.client(server.url, api_key=TOKEN, organization="o", project="p") as it:
        it(create)
    got = server.requests[0]
    assert got.line == "POST /openai/v1/responses HTTP/1.1"
    assert got.headers["authorization"] == f"Bearer {TOKEN}"
    assert got.headers["user-agent"].startswith(f"{house.kind.__name__}/Python ")
    assert (got.headers["openai-organization"], got.headers["openai-project"]) == ("o", "p")
    assert not {name for name in got.headers if name.startswith("x-amz-")}


@pytest.mark.parametrize("awaitable", [False, True])
def test_a_token_is_asked_for_before_each_attempt(house: House, awaitable: bool) -> None:
    tokens = iter(["one", "two", "three"])

    async def later() -> str:
        return next(tokens)

    provider = later if awaitable else lambda: next(tokens)
    if awaitable and not house.is_async:
        with Rude(ok()) as server, house.client(server.url, bedrock_token_provider=provider) as it:
            assert "AsyncBedrockOpenAI" in str(failure_of(it, retrieve))
            assert not server.requests
        return
    with Rude(wrong(503), ok()) as server, house.client(server.url, bedrock_token_provider=provider) as it:
        it(retrieve)
        it(lambda client: retrieve(client.with_options(timeout=5)))
    assert [got.headers["authorization"] for got in server.requests] == ["Bearer one", "Bearer two", "Bearer three"]


@pytest.mark.parametrize("token", ["", " ", "a\nb", None, b"bytes"])
def test_a_token_that_cannot_be_one_is_not_sent(house: House, token: Any) -> None:
    with Rude(ok()) as server, house.client(server.url, bedrock_token_provider=lambda: token) as it:
        assert isinstance(failure_of(it, retrieve), InvalidCredential)
        assert not server.requests


def test_a_failing_token_provider_is_an_error_of_ours_with_its_cause(house: House) -> None:
    def fail() -> str:
        raise KeyError("vault")

    def refuse() -> str:
        raise InvalidCredential("as it is")

    with Rude(ok()) as server, house.client(server.url, bedrock_token_provider=fail) as it:
        error = failure_of(it, retrieve)
        assert type(error) is OpenAIError
        assert isinstance(error.__cause__, KeyError)
        assert str(failure_of(it, lambda client: retrieve(client.copy(bedrock_token_provider=refuse)))) == "as it is"
        assert not server.requests


# -- no credential leaves its place ------------------------------------------------------------------------------------


MODES: dict[str, dict[str, Any]] = {
    "bearer": {"api_key": TOKEN},
    "token": {"bedrock_token_provider": lambda: TOKEN},
    "signature": STS,
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(house: House, mode: str, status: int) -> None:
    with Rude(ok()) as other:
        with Rude(reply(b"", status, f"Location: {other.url}/openai/v1/models/m")) as server:
            with house.client(server.url, **MODES[mode]) as it:
                assert "Redirect" not in it.raw.explain()
                error = failure_of(it, retrieve)
            assert isinstance(error, APIStatusError)
            assert error.status_code == status
            assert len(server.requests) == 1
        with Rude(reply(b"", status, "Location: /elsewhere")) as server:
            with house.client(server.url, **MODES[mode], policies=[Redirect()]) as it:
                assert isinstance(failure_of(it, retrieve), APIStatusError)
            assert len(server.requests) == 1
    assert not other.requests


@pytest.mark.parametrize("mode", MODES)
def test_a_borrowed_client_that_follows_redirects_does_not_here(house: House, mode: str) -> None:
    kind = antiphon.DefaultAsyncHttpxClient if house.is_async else antiphon.DefaultHttpxClient
    http_client = kind(trust_env=False)
    with (
        Rude(ok()) as other,
        Rude(reply(b"", 307, f"Location: {other.url}/x")) as server,
        house.client(server.url, **MODES[mode], http_client=http_client) as it,
    ):
        assert isinstance(failure_of(it, retrieve), APIStatusError)
        it.wait(http_client.aclose() if house.is_async else http_client.close())
    assert not other.requests


@pytest.mark.parametrize("mode", MODES)
def test_an_absolute_url_to_another_origin_is_refused(house: House, mode: str) -> None:
    with Rude(ok()) as other, Rude(ok()) as server, house.client(server.url, **MODES[mode]) as it:
        error = failure_of(it, lambda client: client.get(f"{other.url}/x", cast_to=object))
        assert isinstance(error, CredentialScopeError)
        it(lambda client: client.get(f"{server.url}/x", cast_to=object))
    assert not other.requests
    assert len(server.requests) == 1


@pytest.mark.parametrize("mode", MODES)
def test_a_policy_that_moves_a_request_elsewhere_is_refused(house: House, mode: str) -> None:
    with Rude(ok()) as other, Rude(ok()) as server:

        async def divert(request: Any, forward: Any) -> Any:
            moved = request.replace()
            moved.origin = antiphon.URL(other.url).origin
            return await forward(moved)

        with house.client(server.url, **MODES[mode], policies=[divert]) as it:
            assert isinstance(failure_of(it, retrieve), CredentialScopeError)
    assert not other.requests


@pytest.mark.parametrize("mode", MODES)
def test_an_authorization_of_the_callers_own_is_refused(house: House, mode: str) -> None:
    with Rude(ok()) as server, house.client(server.url, **MODES[mode]) as it:
        own = {"authorization": "Bearer sk-of-openai"}
        assert "sets `Authorization` itself" in str(
            failure_of(it, lambda client: client.models.retrieve("m", extra_headers=own))
        )
        assert type(failure_of(it, lambda client: retrieve(client.copy(default_headers=own)))) is OpenAIError
        assert not server.requests
        it(lambda client: client.models.retrieve("m", extra_headers={"authorization": antiphon.omit}))
    assert not {"authorization", "x-amz-date"} & server.requests[0].headers.keys()


def test_a_new_base_url_takes_the_binding_along(house: House) -> None:
    with Rude(ok()) as first, Rude(ok()) as second, house.client(first.url, **EAST) as it:
        it.raw.base_url = f"{second.url}/openai/v1/responses/x"
        it(create)
        assert isinstance(
            failure_of(it, lambda client: client.get(f"{first.url}/x", cast_to=object)), CredentialScopeError
        )
    assert not first.requests
    assert second.requests[0].line.startswith("POST /openai/v1/responses ")
    assert_signed(second.requests[0])


# -- secrets -----------------------------------------------------------------------------------------------------------


def reachable(value: Any, seen: set[int], depth: int = 0) -> list[str]:
    """Every text in an object's attributes, slots and containers, as a debugger's view shows them."""
    if (
        id(value) in seen
        or depth > 12
        or isinstance(value, (type, Secret))
        or (type(value).__module__ == "builtins" and callable(value))
    ):
        return []
    seen.add(id(value))
    if isinstance(value, (str, bytes)):
        return [value if isinstance(value, str) else value.decode("latin-1")]
    inner: list[Any] = list(getattr(value, "__dict__", {}).values())
    for kind in type(value).__mro__:
        slots = getattr(kind, "__slots__", ())
        inner += [
            getattr(value, name, None)
            for name in ([slots] if isinstance(slots, str) else slots)
            if not name.startswith("__")
        ]
    if isinstance(value, dict):
        inner += [*value.keys(), *value.values()]
    elif isinstance(value, (list, tuple, set, frozenset)):
        inner += list(value)
    return [text for each in inner for text in reachable(each, seen, depth + 1)]


def test_no_secret_in_repr_vars_or_anything_they_hold(house: House) -> None:
    for mode in ("token", "signature"):
        with Rude(ok()) as server, house.client(server.url, **MODES[mode]) as it:
            it(create)
            client = it.raw
            for holder in (client, client._bedrock, client._policies, client.copy(timeout=1)):
                assert not [
                    secret for secret in SECRETS if secret in repr(holder) + repr(getattr(holder, "__dict__", ""))
                ]
            texts = "\n".join(reachable(client, set()))
            assert server.url in texts or "openai/v1" in texts
            assert not [secret for secret in SECRETS if secret in texts]


@pytest.mark.parametrize("mode", MODES)
def test_no_secret_in_a_traceback_with_locals(house: House, mode: str) -> None:
    for answer in ([wrong(401)], [reset], [b"nonsense\r\n\r\n"]):
        with Rude(*answer) as server, house.client(server.url, **MODES[mode], max_retries=1) as it:
            text = shown(failure_of(it, create))
        assert "policies" in text
        assert not [secret for secret in SECRETS if secret in text]


BROKEN: dict[str, dict[str, Any]] = {
    "no region": KEYS,
    "two": {**KEYS, "api_key": TOKEN, "aws_region": "us-east-1"},
    "bad key": {"api_key": f"{TOKEN}\n", "aws_region": "us-east-1"},
    "bad region": {**STS, "aws_region": "nowhere"},
    "half": {"aws_secret_access_key": SECRET},
    "retries": {**STS, "max_retries": -1},
}


@pytest.mark.parametrize("flaw", BROKEN)
def test_no_secret_in_a_traceback_of_a_client_that_was_not_made(house: House, flaw: str) -> None:
    with pytest.raises((OpenAIError, ValueError)) as caught:
        house.kind(**BROKEN[flaw])
    text = shown(caught.value).split("bedrock_client.py", 1)[-1]
    assert not [secret for secret in SECRETS if secret in text], text
    client = house.kind(api_key="x", aws_region="us-east-1")
    if flaw == "two":
        with pytest.raises(OpenAIError) as caught:
            client.copy(**BROKEN[flaw])
        assert not [secret for secret in SECRETS if secret in shown(caught.value).split("bedrock_client.py", 1)[-1]]


def give() -> str:
    return TOKEN


def test_a_client_travels_without_its_secrets(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for arguments in (EAST, {"api_key": TOKEN, "aws_region": "us-east-1"}):
        with pytest.raises(TypeError, match="does not pickle"):
            pickle.dumps(house.kind(**arguments))
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", TOKEN)
    for arguments in (
        {"aws_region": "us-east-1"},
        {"base_url": "http://localhost:1/openai/v1", "endpoint": "runtime"},
        {"aws_profile": "work", "aws_region": "eu-west-1"},
        {"bedrock_token_provider": give, "aws_region": "eu-west-1", "max_retries": 7},
    ):
        client = house.kind(**arguments)
        data = pickle.dumps(client)
        assert TOKEN.encode() not in data
        again = pickle.loads(data)
        assert type(again) is type(client)
        assert again.explain() == client.explain()
        assert again.base_url == client.base_url
        assert again._bedrock._replace(credential=None) == client._bedrock._replace(credential=None)


# -- websockets, weight ------------------------------------------------------------------------------------------------


def test_a_signature_does_not_open_a_websocket(house: House) -> None:
    client = house.kind(**EAST)
    with pytest.raises(OpenAIError, match="not supported by WebSocket"):
        headers = client.websocket_headers()
        if house.is_async:
            headers.send(None)


def test_the_signer_is_loaded_when_it_is_needed() -> None:
    code = (
        "import sys, antiphon\n"
        "client = antiphon.BedrockOpenAI(aws_region='us-east-1', aws_access_key_id='a', aws_secret_access_key='s')\n"
        "assert 'botocore' not in sys.modules\n"
        "assert 'asyncio' not in sys.modules, 'a blocking client needs none'\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_belongs_to_other_clients_is_refused(house: House) -> None:
    client = house.kind(**EAST)
    for given in ({"provider": None}, {"workload_identity": {}}):
        with pytest.raises(OpenAIError, match="signs in to Bedrock"):
            client.copy(**given)
