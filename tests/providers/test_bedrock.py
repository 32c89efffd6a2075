"""The Bedrock clients on the wire: what each attempt carries, that it verifies, and that no credential leaves its place."""

from __future__ import annotations

import datetime
import pickle
import subprocess
import sys
from typing import Any

import botocore.auth
import httpx2
import openai
import pytest

import antiphon
from antiphon.core.secret import Secret
from antiphon.errors import (
    APIStatusError,
    BodyNotReplayable,
    CredentialScopeError,
    InvalidCredential,
    OpenAIError,
)
from antiphon.policies.redirect import Redirect
from tests.client.answer import CHAT, chat, create, ok, retrieve, wrong
from tests.client.colour import failure_of
from tests.client.test_credential import shown
from tests.transports.rude import Rude, reply, reset

from .house import ACCESS, KEYS, SECRET, SESSION, TOKEN, House, assert_signed, signed_names

EAST: dict[str, Any] = {**KEYS, "aws_region": "us-east-1"}
STS: dict[str, Any] = {**EAST, "aws_session_token": SESSION}
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


# -- signatures --------------------------------------------------------------------------------------------------------


CALLS: dict[str, Any] = {
    "post": lambda client: create(client, metadata={"ü": "日本語"}),
    "get": retrieve,
    "query": lambda client: client.responses.retrieve("resp_1", include=["a b", "c&d=é"], extra_query={"~": "/?*'+"}),
    "path": lambda client: client.models.retrieve("ft:gpt-4o:org/x y%é"),
    "delete": lambda client: client.responses.delete("resp_1"),
    "empty post": lambda client: client.responses.cancel("resp_1"),
    "raw": lambda client: client.post("/x//y?b=2&a=1&a=0", cast_to=object, body={"a": 1}),
    "fields": lambda client: client.models.retrieve("m", extra_headers={"X-Odd": "  two   blanks ", "Host": "other.example"}),
    "form": lambda client: client.files.create(file=("a.txt", b"abc"), purpose="batch"),
}  # fmt: skip


@pytest.mark.parametrize("call", CALLS)
def test_every_kind_of_request_verifies(house: House, call: str) -> None:
    with Rude(ok()) as server, house.client(server.url, **EAST) as it:
        it(CALLS[call])
    assert_signed(server.requests[0])


def test_a_session_token_is_sent_and_signed(house: House) -> None:
    with Rude(ok()) as server, house.client(server.url, **STS) as it:
        it(create)
    assert_signed(server.requests[0], session=SESSION)
    assert "x-amz-security-token" in signed_names(server.requests[0])


def test_region_and_endpoint_are_in_the_signature(house: House) -> None:
    with Rude(ok()) as server, house.client(server.url, **KEYS, aws_region="eu-west-1", endpoint="runtime") as it:
        it(create)
        it.raw.aws_region = "ap-south-1"
        it(create)
        it(lambda client: create(client.with_options(aws_region="us-east-1", endpoint="mantle")))
    assert_signed(server.requests[0], region="eu-west-1", service="bedrock")
    assert_signed(server.requests[1], region="ap-south-1", service="bedrock")
    assert_signed(server.requests[2])


def test_each_attempt_is_signed_anew_after_all_else(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter(datetime.datetime(2026, 7, 1, 12, 0, second) for second in range(9))  # noqa: DTZ001
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_: next(moments))
    with (
        Rude(wrong(503), wrong(429), ok()) as server,
        house.client(server.url, **EAST, policies=[antiphon.Retry(3)]) as it,
    ):
        it(create)
    assert [got.headers["x-amz-date"] for got in server.requests] == [f"20260701T12000{n}Z" for n in range(3)]
    assert [got.headers["x-stainless-retry-count"] for got in server.requests] == ["0", "1", "2"]
    assert "x-stainless-retry-count" in signed_names(server.requests[2])
    for got in server.requests:
        assert_signed(got)


def test_a_stream_is_signed_and_read(house: House) -> None:
    with Rude(CHAT) as server, house.client(server.url, **EAST) as it:
        chunks = it(chat)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "Hello"
    assert_signed(server.requests[0])


def test_it_verifies_through_a_borrowed_client(house: House) -> None:
    http_client = (httpx2.AsyncClient if house.is_async else httpx2.Client)(trust_env=False)
    with Rude(ok()) as server, house.client(server.url, **STS, http_client=http_client) as it:
        it(create)
        it(CALLS["query"])
        it.wait(http_client.aclose() if house.is_async else http_client.close())
    for got in server.requests:
        assert_signed(got, session=SESSION)


def test_a_body_that_is_a_stream_is_not_signed(house: House, tmp_path: Any) -> None:
    path = tmp_path / "big.jsonl"
    path.write_bytes(b"x" * 2_000_000)
    with Rude(ok()) as server, house.client(server.url, **EAST) as it:
        error = failure_of(it, lambda client: client.files.create(file=path, purpose="batch"))
        assert isinstance(error, BodyNotReplayable)
        assert "bytes" in str(error)
        assert not server.requests
        it(lambda client: client.with_options(api_key=TOKEN).files.create(file=path, purpose="batch"))
    assert len(server.requests[0].body) > 2_000_000


# -- side by side with the official package ----------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["post", "get", "delete", "query"])
@pytest.mark.parametrize("arguments", [EAST, STS], ids=["keys", "session"])
def test_the_signature_is_the_official_one(
    house: House, call: str, arguments: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.datetime(2026, 7, 1, 12, 0, 0)  # noqa: DTZ001
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_: now)
    # What the two packages say of themselves is made equal; the body, the target and all else must be by themselves.
    ours = {"X-Stainless-Package-Version": openai.__version__, "Accept-Encoding": "gzip, deflate"}
    do = CALLS[call]
    with Rude(ok()) as server:
        with house.client(server.url, **arguments, default_headers=ours) as it:
            it(do)
        theirs = getattr(openai, house.kind.__name__)(base_url=f"{server.url}/openai/v1", **arguments)
        with house.client(server.url, **arguments) as it:
            it.raw = theirs
            it(do)
    mine, other = server.requests
    assert (mine.line, mine.body) == (other.line, other.body)
    assert mine.headers["authorization"] == other.headers["authorization"]
    assert_signed(other, session=arguments.get("aws_session_token"))


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
