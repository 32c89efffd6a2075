"""Workload identity on the wire: the exchange, the token's life, certificates; side by side with the official package."""

from __future__ import annotations

import asyncio
import json
import pickle
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import openai
import pytest

import antiphon
from antiphon import auth
from antiphon.errors import (
    APIConnectionError,
    APIStatusError,
    AuthenticationError,
    CredentialScopeError,
    InvalidBaseURL,
    OAuthError,
    OpenAIError,
    SubjectTokenProviderError,
)
from antiphon.providers import workload
from tests.client.answer import CHAT, chat, create, ok, retrieve, wrong
from tests.client.colour import KEY, failure_of
from tests.client.test_credential import shown
from tests.transports.rude import Rude, reply, reset
from tests.transports.trust import authority, authority_file, good_tls, mutual_tls

from .beside import Kind, seen
from .test_bedrock import reachable

PROOF = "subject-canary-not-to-be-seen"
TOKEN = "exchanged-canary-not-to-be-seen"
CERTIFIED = auth.x509_workload_identity(identity_provider_id="idp_1", service_account_id="sa_1")


@pytest.fixture(params=["sync", "async"])
def client(request: pytest.FixtureRequest) -> Kind:
    """Each colour of antiphon's client."""
    return Kind("OpenAI", request.param)


def give() -> str:
    return PROOF


def identity(source: Any = give, kind: str = "jwt", **more: Any) -> dict[str, Any]:
    provider = {"token_type": kind, "get_token": source}
    return {"identity_provider_id": "idp_1", "service_account_id": "sa_1", "provider": provider, **more}


def granted(token: str = TOKEN, expires_in: Any = 3600, **more: Any) -> bytes:
    return ok({"access_token": token, "expires_in": expires_in, "token_type": "Bearer", **more})


class Service(Rude):
    """A token service that stands in for OpenAI's."""

    def __init__(self, *script: Any, **options: Any) -> None:
        super().__init__(*(script or [granted()]), **options)

    @property
    def place(self) -> str:
        return f"{self.url}/oauth/token"

    @property
    def forms(self) -> list[dict[str, Any]]:
        return [json.loads(got.body) for got in self.requests]


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Puts a service in the place of OpenAI's."""

    def put(service: Service) -> None:
        monkeypatch.setattr(workload, "SUBJECT_URL", service.place)
        monkeypatch.setattr(workload, "CERTIFICATE_URL", service.place)

    return put


def bearers(server: Rude) -> list[str]:
    return [got.headers["authorization"] for got in server.requests]


# -- the exchange ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["jwt", "id"])
def test_the_exchange_and_the_request_are_the_official_ones(client: Kind, stand_in: Any, kind: str) -> None:
    exchanges, requests = [], []
    for colour in (client, client._replace(official=True)):
        with Service() as service, Rude(ok()) as server:
            stand_in(service)
            options = {"base_url": "{url}/v1", "workload_identity": identity(kind=kind), "organization": "o"}
            with colour.client(server.url, **options) as it:
                if colour.official:
                    it.raw._workload_identity_auth.token_exchange_url = service.place
                it(create)
            exchanges.append(seen(service.requests[0]))
            requests.append(seen(server.requests[0]))
    assert requests[0] == requests[1]
    assert requests[0]["headers"]["authorization"] == f"Bearer {TOKEN}"
    for name in ("verb", "path", "query", "body"):
        assert exchanges[0][name] == exchanges[1][name]
    assert exchanges[0]["headers"]["content-type"] == "application/json"
    assert not {"authorization", "openai-organization", "cookie", "api-key"} & exchanges[0]["headers"].keys()


def test_one_token_serves_calls_streams_and_copies(client: Kind, stand_in: Any) -> None:
    with Service() as service, Rude(ok(), ok(), CHAT) as server:
        stand_in(service)
        with client.client(server.url, base_url="{url}/v1", workload_identity=identity()) as it:
            it(create)
            it(lambda c: retrieve(c.with_options(timeout=3)))
            chunks = it(chat)
            assert it.raw.workload_identity["service_account_id"] == "sa_1"
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "Hello"
    assert len(service.requests) == 1
    assert bearers(server) == [f"Bearer {TOKEN}"] * 3


def test_a_crowd_exchanges_once(client: Kind, stand_in: Any) -> None:
    answer = [lambda _: time.sleep(0.1), granted()]
    with Service(answer) as service, Rude(ok()) as server:
        stand_in(service)
        made = client.make(server.url, base_url="{url}/v1", workload_identity=identity())
        if client.is_async:

            async def all_of_them() -> None:
                async with made:
                    await asyncio.gather(*(retrieve(made) for _ in range(64)))

            asyncio.run(all_of_them())
        else:
            with made, ThreadPoolExecutor(64) as threads:
                gate = threading.Barrier(64)
                calls = [threads.submit(lambda: (gate.wait(), retrieve(made))) for _ in range(64)]
                assert [call.result()[1].id for call in calls] == ["m"] * 64
        assert len(service.requests) == 1
    assert bearers(server) == [f"Bearer {TOKEN}"] * 64


def test_a_token_is_exchanged_anew_before_its_end(client: Kind, stand_in: Any) -> None:
    with Service(granted("one"), granted("two"), granted("three", 100)) as service, Rude(ok()) as server:
        stand_in(service)
        with client.client(
            server.url, base_url="{url}/v1", workload_identity=identity(refresh_buffer_seconds=600)
        ) as it:
            for passed in (0, 2990, 20, 2990, 20, 30, 30):
                it.clock.sleep(passed)
                it(retrieve)
    assert [text.split()[1] for text in bearers(server)] == ["one", "one", "two", "two", "three", "three", "three"]
    assert len(service.requests) == 4, "the last one's token is due at half of its life"


def test_a_service_that_is_down_costs_nothing_while_the_token_lives(client: Kind, stand_in: Any) -> None:
    with Service(granted("one"), wrong(500)) as service, Rude(ok()) as server:
        stand_in(service)
        with client.client(server.url, base_url="{url}/v1", workload_identity=identity()) as it:
            it(retrieve)
            it.clock.sleep(3000)
            it(retrieve)
            assert len(service.requests) == 4, "tried three times"
            it.clock.sleep(600)
            assert type(failure_of(it, retrieve)) is OpenAIError
    assert bearers(server) == ["Bearer one"] * 2


# -- a token that is refused -------------------------------------------------------------------------------------------


def test_a_refused_token_is_exchanged_once_and_the_body_sent_again(client: Kind, stand_in: Any) -> None:
    with Service(granted("one"), granted("two")) as service, Rude(wrong(401), ok(), ok()) as server:
        stand_in(service)
        with client.client(server.url, base_url="{url}/v1", workload_identity=identity()) as it:
            it(create)
            it(create)
    assert bearers(server) == ["Bearer one", "Bearer two", "Bearer two"]
    assert server.requests[0].body == server.requests[1].body != b""
    assert [got.headers["x-stainless-retry-count"] for got in server.requests] == ["0", "0", "0"]
    assert len(service.requests) == 2


def test_a_second_refusal_is_told_and_the_next_call_tries_anew(client: Kind, stand_in: Any) -> None:
    with Service(*(granted(f"t{n}") for n in range(1, 9))) as service, Rude(wrong(401), wrong(401), ok()) as server:
        stand_in(service)
        with client.client(server.url, base_url="{url}/v1", workload_identity=identity()) as it:
            assert isinstance(failure_of(it, create), AuthenticationError)
            it(create)
    assert bearers(server) == ["Bearer t1", "Bearer t2", "Bearer t3"]
    assert len(service.requests) == 3


def test_a_crowd_that_is_refused_exchanges_once_more(client: Kind, stand_in: Any) -> None:
    started = threading.Barrier(16)

    def together(_: Any) -> None:
        started.wait(30)

    first = [[together, wrong(401)]] * 16
    with Service(granted("old"), granted("new")) as service, Rude(*first, ok()) as server:
        stand_in(service)
        made = client.make(server.url, base_url="{url}/v1", workload_identity=identity())
        if client.is_async:

            async def all_of_them() -> None:
                async with made:
                    await asyncio.gather(*(retrieve(made) for _ in range(16)))

            asyncio.run(all_of_them())
        else:
            with made, ThreadPoolExecutor(16) as threads:
                calls = [threads.submit(retrieve, made) for _ in range(16)]
                assert {call.result().id for call in calls} == {"m"}
        assert len(service.requests) == 2
    assert sorted(bearers(server)) == ["Bearer new"] * 16 + ["Bearer old"] * 16


def test_a_body_that_cannot_be_sent_again_is_refused_only_once(client: Kind, stand_in: Any) -> None:
    class Once:
        length = 3

        def __iter__(self) -> Any:
            return iter([b"abc"])

        def rewind(self) -> bool:
            return False

    with Service() as service, Rude(wrong(401), ok()) as server:
        stand_in(service)
        with client.client(server.url, base_url="{url}/v1", workload_identity=identity(), max_retries=0) as it:
            error = failure_of(it, lambda c: c.post("/x", cast_to=object, content=Once()))
            assert isinstance(error, AuthenticationError)
    assert len(server.requests) == 1


def test_an_authorization_of_the_callers_own_is_let_be(client: Kind, stand_in: Any) -> None:
    with Service() as service, Rude(wrong(401), ok()) as server:
        stand_in(service)
        with client.client(server.url, base_url="{url}/v1", workload_identity=identity()) as it:
            own = {"Authorization": "Bearer own"}
            assert isinstance(failure_of(it, lambda c: create(c, extra_headers=own)), AuthenticationError)
            it(lambda c: create(c, extra_headers={"Authorization": antiphon.omit}))
    assert server.requests[0].headers["authorization"] == "Bearer own"
    assert "authorization" not in server.requests[1].headers
    assert not service.requests


# -- what the service may answer ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_refusal_of_the_service_is_an_oauth_error(client: Kind, stand_in: Any, status: int) -> None:
    body = {"error": "invalid_grant", "error_description": "unknown workload", "echo": PROOF}
    with Service(reply(json.dumps(body).encode(), status)) as service, Rude(ok()) as server:
        stand_in(service)
        with client.client(server.url, base_url="{url}/v1", workload_identity=identity()) as it:
            error = failure_of(it, create)
    assert isinstance(error, OAuthError)
    assert (error.error, error.status_code, str(error)) == ("invalid_grant", status, "unknown workload")
    assert len(service.requests) == 1
    assert not server.requests
    assert PROOF not in repr(error.body)
    assert error.response.request.content is None, "what was sent holds the proof"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b'{"error": 7}'])
def test_a_refusal_without_a_reason_is_one_too(client: Kind, stand_in: Any, body: bytes) -> None:
    with Service(reply(body, 401)) as service, Rude(ok()) as server:
        stand_in(service)
        with client.client(server.url, base_url="{url}/v1", workload_identity=identity()) as it:
            error = failure_of(it, create)
    assert isinstance(error, OAuthError)
    assert error.error is None


ANSWERS: dict[str, bytes] = {
    "empty": ok("")[:0] + reply(b""),
    "html": reply(b"<html>"),
    "a list": ok([]),
    "no token": ok({"expires_in": 3600}),
    "empty token": granted(""),
    "number": ok({"access_token": 7, "expires_in": 3600}),
    "line break": granted("a\r\nX-Evil: 1"),
    "blank": granted("a b"),
    "another type": granted(token_type="mac"),
    "no end": ok({"access_token": TOKEN}),
    "text end": granted(expires_in="3600"),
    "nought": granted(expires_in=0),
    "negative": granted(expires_in=-1),
    "true": granted(expires_in=True),
    "status": wrong(404),
    "redirect": reply(b"", 307, "Location: /elsewhere"),
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_that_cannot_be_used_is_told(client: Kind, stand_in: Any, answer: str) -> None:
    with Service(ANSWERS[answer]) as service, Rude(ok()) as server:
        stand_in(service)
        with client.client(server.url, base_url="{url}/v1", workload_identity=identity()) as it:
            error = failure_of(it, create)
        assert isinstance(error, OpenAIError)
        assert not isinstance(error, APIStatusError)
        assert len(service.requests) == 1
    assert not server.requests


@pytest.mark.parametrize("status", [408, 409, 429, 500, 503])
def test_a_service_that_says_later_is_asked_again(client: Kind, stand_in: Any, status: int) -> None:
    with Service(wrong(status), wrong(status, "Retry-After: 7"), granted()) as service, Rude(ok()) as server:
        stand_in(service)
        with client.client(server.url, base_url="{url}/v1", workload_identity=identity()) as it:
            it(create)
            assert 7.0 in it.clock.slept
    assert len(service.requests) == 3
    assert len(server.requests) == 1


def test_a_thin_client_asks_once(client: Kind, stand_in: Any) -> None:
    with Service(wrong(503)) as service, Rude(ok()) as server:
        stand_in(service)
        thin = client._replace(name="Client")
        with thin.client(server.url, base_url="{url}/v1", workload_identity=identity()) as it:
            assert type(failure_of(it, create)) is OpenAIError
    assert len(service.requests) == 1


def test_a_service_that_cannot_be_reached_is_retried_as_connections_are(client: Kind, stand_in: Any) -> None:
    with Service(reset, reset, granted()) as service, Rude(ok()) as server:
        stand_in(service)
        with client.client(server.url, base_url="{url}/v1", workload_identity=identity()) as it:
            it(create)
            assert len(it.clock.slept) == 2
        with client.client(server.url, base_url="{url}/v1", workload_identity=identity(), max_retries=0) as it:
            service.script = [reset]
            error = failure_of(it, create)
    assert isinstance(error, APIConnectionError)
    assert error.request.content is None, "what was sent holds the proof"
    assert str(error.request.url) == service.place
    assert len(server.requests) == 1


# -- where the proof comes from ----------------------------------------------------------------------------------------


def test_the_source_is_asked_for_each_exchange(client: Kind, stand_in: Any) -> None:
    proofs = iter(["p1", "p2"])
    with Service(granted("one", 100), granted("two", 100)) as service, Rude(ok()) as server:
        stand_in(service)
        with client.client(server.url, base_url="{url}/v1", workload_identity=identity(lambda: next(proofs))) as it:
            it(retrieve)
            it.clock.sleep(60)
            it(retrieve)
    assert [form["subject_token"] for form in service.forms] == ["p1", "p2"]


def test_a_slow_source_does_not_hold_up_the_event_loop(stand_in: Any) -> None:
    ticks = 0

    async def main(url: str) -> None:
        nonlocal ticks
        async with antiphon.AsyncOpenAI(base_url=f"{url}/v1", workload_identity=identity(slow)) as made:
            asked = asyncio.create_task(retrieve(made))
            while not asked.done():
                ticks += 1
                await asyncio.sleep(0.01)
            await asked

    def slow() -> str:
        time.sleep(0.3)
        return PROOF

    with Service() as service, Rude(ok()) as server:
        stand_in(service)
        asyncio.run(main(server.url))
    assert ticks > 3, "the loop went on meanwhile"


def test_an_awaitable_source_needs_the_async_client(client: Kind, stand_in: Any) -> None:
    async def later() -> str:
        return PROOF

    with Service() as service, Rude(ok()) as server:
        stand_in(service)
        with client.client(server.url, base_url="{url}/v1", workload_identity=identity(later)) as it:
            if client.is_async:
                it(retrieve)
                assert service.forms[0]["subject_token"] == PROOF
            else:
                assert "async" in str(failure_of(it, retrieve))


@pytest.mark.parametrize("given", ["", None, b"bytes", 7])
def test_a_source_that_gives_nothing_usable_is_told(client: Kind, stand_in: Any, given: Any) -> None:
    with Service() as service, Rude(ok()) as server:
        stand_in(service)
        with client.client(server.url, base_url="{url}/v1", workload_identity=identity(lambda: given)) as it:
            assert "get_token" in str(failure_of(it, retrieve))
    assert not service.requests


def test_a_failing_source_is_told_as_it_is(client: Kind, stand_in: Any) -> None:
    def fail() -> str:
        raise SubjectTokenProviderError("no file")

    with Service() as service, Rude(ok()) as server:
        stand_in(service)
        with client.client(server.url, base_url="{url}/v1", workload_identity=identity(fail)) as it:
            assert str(failure_of(it, retrieve)) == "no file"


WRONG: dict[str, Any] = {
    "no dict": "idp_1",
    "empty": {},
    "no provider": {"identity_provider_id": "i", "service_account_id": "s"},
    "no ids": {"provider": {"token_type": "jwt", "get_token": give}},
    "empty id": identity(identity_provider_id=""),
    "token type": identity(kind="saml"),
    "no function": identity(source="token"),
    "buffer": identity(refresh_buffer_seconds=-1),
    "infinite": identity(refresh_buffer_seconds=float("inf")),
    "x509 with provider": {**CERTIFIED, "provider": identity()["provider"]},
    "x509 with more": {**CERTIFIED, "client_id": "c"},
    "x509 without id": {**CERTIFIED, "service_account_id": ""},
    "x509 buffer": {**CERTIFIED, "refresh_buffer_seconds": "1"},
}


@pytest.mark.parametrize("flaw", WRONG)
def test_an_identity_that_cannot_be_one_is_refused_at_once(client: Kind, flaw: str) -> None:
    with pytest.raises(OpenAIError):
        client.kind(workload_identity=WRONG[flaw])


# -- what goes together ------------------------------------------------------------------------------------------------


def test_a_key_and_an_identity_exclude_each_other(client: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in (client.kind, client._replace(official=True).kind):
        with pytest.raises((OpenAIError, openai.OpenAIError), match="mutually exclusive"):
            kind(api_key=KEY, workload_identity=identity())
    monkeypatch.setenv("OPENAI_API_KEY", KEY)  # is not a contradiction
    assert client.kind(workload_identity=identity()).settings.api_key is None


def test_a_profile_gives_the_place_and_its_key_gives_way(
    client: Kind, stand_in: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    with Service() as service, Rude(ok()) as server:
        stand_in(service)
        path = tmp_path / "config.toml"
        path.write_text(f'[profile.lab]\nbase_url = "{server.url}/lab"\napi_key = "{KEY}"\n')
        path.chmod(0o600)
        monkeypatch.setenv("ANTIPHON_CONFIG", str(path))
        with client.client(server.url, workload_identity=identity(), profile="lab") as it:
            it(retrieve)
    assert server.requests[0].target == "/lab/models/m"
    assert bearers(server) == [f"Bearer {TOKEN}"]


def test_copies_change_how_they_sign_in(client: Kind, stand_in: Any) -> None:
    other = identity(lambda: "other-proof")
    with Service(granted("one"), granted("two")) as service, Rude(ok()) as server:
        stand_in(service)
        with client.client(server.url, base_url="{url}/v1", workload_identity=identity()) as it:
            it(retrieve)
            it(lambda c: retrieve(c.copy(workload_identity=other)))
            it(lambda c: retrieve(c.copy(api_key=KEY)))
            it(lambda c: retrieve(c.copy(api_key=KEY).copy(workload_identity=other).copy(api_key=KEY)))
            assert it.raw.copy(api_key=KEY).workload_identity is None
            with pytest.raises(OpenAIError, match="mutually exclusive"):
                it.raw.copy(api_key=KEY, workload_identity=other)
            with pytest.raises(OpenAIError, match="signs in by"):
                it.raw.api_key = KEY
            assert it.raw.copy(timeout=1).workload_identity == it.raw.workload_identity
    assert bearers(server) == ["Bearer one", "Bearer two", f"Bearer {KEY}", f"Bearer {KEY}"]


def test_no_websocket_is_opened(client: Kind) -> None:
    made = client.kind(workload_identity=identity())
    with pytest.raises(OpenAIError, match="not supported by WebSocket"):
        made.websocket_headers().send(None) if client.is_async else made.websocket_headers()


def test_an_admin_key_serves_admin_calls(client: Kind, stand_in: Any) -> None:
    with Service() as service, Rude(ok({"object": "list", "data": [], "has_more": False})) as server:
        stand_in(service)
        options = {"base_url": "{url}/v1", "workload_identity": identity(), "admin_api_key": "sk-admin-1"}
        with client.client(server.url, **options) as it:
            it.wait(it.raw.admin.organization.projects.list())
    assert bearers(server) == ["Bearer sk-admin-1"]
    assert not service.requests


def test_hooks_and_identities_go_together(client: Kind, stand_in: Any) -> None:
    class Mine(client.kind):  # type: ignore[misc, name-defined]
        @property
        def user_agent(self) -> str:
            return "Mine/1"

    with Service(granted("one"), granted("two")) as service, Rude(wrong(401), ok()) as server:
        stand_in(service)
        with client.client(server.url, base_url="{url}/v1", workload_identity=identity()) as it:
            mine = Mine(base_url=f"{server.url}/v1", workload_identity=identity(), http_client=it.raw._link)
            it(lambda _: create(mine))
    assert bearers(server) == ["Bearer one", "Bearer two"]
    assert server.requests[1].headers["user-agent"] == "Mine/1"


# -- certificates ------------------------------------------------------------------------------------------------------


@pytest.fixture
def wiring(tmp_path: Any) -> dict[str, Any]:
    """A client's certificate, and whom it trusts."""
    path = tmp_path / "client.pem"
    authority().issue_cert("workload.example").private_key_and_cert_chain_pem.write_to_path(path)
    return {"verify": authority_file(tmp_path), "cert": str(path)}


def test_a_certificate_is_exchanged_and_shown(client: Kind, stand_in: Any, wiring: dict[str, Any]) -> None:
    assert "refresh_buffer_seconds" not in CERTIFIED
    patient = auth.x509_workload_identity(
        identity_provider_id="idp_1", service_account_id="sa_1", refresh_buffer_seconds=5
    )
    assert patient == {**CERTIFIED, "refresh_buffer_seconds": 5}
    with Service(granted("one"), granted("two"), tls=mutual_tls()) as service:
        with Rude(ok(), wrong(401), ok(), tls=mutual_tls()) as server:
            stand_in(service)
            options = {"base_url": "{url}/v1", "workload_identity": CERTIFIED, **wiring}
            with client.client(server.url, **options) as it:
                it(create)
                it(create)
                assert "Redirect" not in it.raw.explain()
    assert bearers(server) == ["Bearer one", "Bearer one", "Bearer two"]
    assert service.forms[0] == {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token_type": "urn:openai:params:oauth:token-type:x509",
        "identity_provider_id": "idp_1",
        "service_account_id": "sa_1",
    }


def test_a_certificates_exchange_is_the_official_one(
    client: Kind, stand_in: Any, wiring: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    import ssl

    import httpx2
    from openai.auth import _x509

    context = ssl.create_default_context(cafile=wiring["verify"])
    context.load_cert_chain(wiring["cert"])
    forms, requests = [], []
    for colour in (client, client._replace(official=True)):
        with Service(tls=mutual_tls()) as service, Rude(ok(), tls=mutual_tls()) as server:
            stand_in(service)
            monkeypatch.setattr(_x509, "_X509_TOKEN_EXCHANGE_URL", service.place)
            theirs = (httpx2.AsyncClient if client.is_async else httpx2.Client)(verify=context, trust_env=False)
            more = {"http_client": theirs} if colour.official else wiring
            with colour.client(server.url, base_url="{url}/v1", workload_identity=CERTIFIED, **more) as it:
                it(create)
            it.wait(None)
            forms.append((service.requests[0].line, service.forms[0]))
            requests.append(seen(server.requests[0]))
    assert forms[0] == forms[1]
    assert requests[0] == requests[1]


def test_a_certificate_is_shown_over_tls_and_at_its_own_origin_only(
    client: Kind, stand_in: Any, wiring: dict[str, Any]
) -> None:
    with pytest.raises(InvalidBaseURL, match="https"):
        client.kind(base_url="http://127.0.0.1:1/v1", workload_identity=CERTIFIED)
    with (
        Service(tls=mutual_tls()) as service,
        Rude(ok(), tls=good_tls()) as other,
        Rude(ok(), tls=mutual_tls()) as server,
    ):
        stand_in(service)
        options = {"base_url": "{url}/v1", "workload_identity": CERTIFIED, **wiring}
        with client.client(server.url, **options) as it:
            with pytest.raises(InvalidBaseURL):
                it.raw.base_url = "http://127.0.0.1:1/v1"
            assert isinstance(failure_of(it, lambda c: c.get(f"{other.url}/x", cast_to=object)), CredentialScopeError)
            own = {"Authorization": antiphon.omit}
            bare = failure_of(it, lambda c: c.get(f"{other.url}/x", cast_to=object, options={"headers": own}))
            assert isinstance(bare, CredentialScopeError)
            host = failure_of(it, lambda c: create(c, extra_headers={"Host": "elsewhere.example"}))
            assert isinstance(host, CredentialScopeError)
            for name in ("api-key", "X-Api-Key", "Proxy-Authorization", "API_KEY"):
                assert type(failure_of(it, lambda c, name=name: create(c, extra_headers={name: "x"}))) is OpenAIError
        assert not [*other.requests, *server.requests]


@pytest.mark.parametrize("status", [301, 307, 308])
def test_a_certificate_follows_no_redirect(client: Kind, stand_in: Any, wiring: dict[str, Any], status: int) -> None:
    with (
        Service(tls=mutual_tls()) as service,
        Rude(reply(b"", status, "Location: /v1/other"), tls=mutual_tls()) as server,
    ):
        stand_in(service)
        with client.client(server.url, base_url="{url}/v1", workload_identity=CERTIFIED, **wiring) as it:
            assert isinstance(failure_of(it, retrieve), APIStatusError)
    assert len(server.requests) == 1


HOSTS = {"global": "mtls.api.openai.com", "us": "mtls-us.api.openai.com", "eu": "mtls-eu.api.openai.com"}


@pytest.mark.parametrize("region", [None, *HOSTS])
def test_certificates_have_hosts_of_their_own(client: Kind, region: Any) -> None:
    for kind in (client, client._replace(official=True)):
        made = kind.kind(workload_identity=CERTIFIED, data_residency=region)
        assert str(made.base_url) == f"https://{HOSTS[region or 'global']}/v1/"
        plain = made.copy(api_key=KEY)
        official = "api.openai.com" if region in (None, "global") else f"{region}.api.openai.com"
        assert str(plain.base_url) == f"https://{official}/v1/"
        assert str(plain.copy(workload_identity=CERTIFIED).base_url) == str(made.base_url)


@pytest.mark.parametrize("region", ["ae", "au", "in", "jp"])
def test_regions_without_such_a_host_are_refused(client: Kind, region: Any) -> None:
    for kind in (client, client._replace(official=True)):
        with pytest.raises((OpenAIError, openai.OpenAIError)):
            kind.kind(workload_identity=CERTIFIED, data_residency=region)


def test_places_that_contradict_each_other_are_refused(client: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="data_residency"):
        client.kind(workload_identity=CERTIFIED, data_residency="eu", base_url="https://x/v1")
    monkeypatch.setenv("OPENAI_BASE_URL", "https://gateway.example/v1")
    assert client.kind(workload_identity=CERTIFIED).base_url.host == "gateway.example"
    assert client.kind(workload_identity=CERTIFIED, data_residency="us").base_url.host == HOSTS["us"]


def test_an_ambient_authorization_does_not_go_with_a_certificate(client: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "Authorization: Bearer ambient\nX-Env: 1")
    made = client.kind(workload_identity=CERTIFIED)
    assert made.settings.default_headers == {"X-Env": "1"}
    assert made.copy(timeout=1).settings.default_headers == {"X-Env": "1"}
    given = client.kind(workload_identity=CERTIFIED, default_headers={"Authorization": "Bearer given"})
    assert given.settings.default_headers["Authorization"] == "Bearer given"


# -- no secret leaves its place ----------------------------------------------------------------------------------------


def test_a_redirect_or_an_absolute_url_elsewhere_is_refused(client: Kind, stand_in: Any) -> None:
    with Service() as service, Rude(ok()) as other, Rude(reply(b"", 307, f"Location: {other.url}/x")) as server:
        stand_in(service)
        with client.client(server.url, base_url="{url}/v1", workload_identity=identity()) as it:
            assert "was not followed" in str(failure_of(it, create))
            assert isinstance(failure_of(it, lambda c: c.get(f"{other.url}/x", cast_to=object)), CredentialScopeError)
    assert not other.requests


def test_a_policy_that_moves_a_request_elsewhere_gets_no_token(client: Kind, stand_in: Any) -> None:
    with Service() as service, Rude(ok()) as other, Rude(ok()) as server:
        stand_in(service)

        async def divert(request: Any, forward: Any) -> Any:
            moved = request.replace()
            moved.origin = antiphon.URL(other.url).origin
            return await forward(moved)

        options = {"base_url": "{url}/v1", "workload_identity": identity(), "policies": [divert]}
        with client.client(server.url, **options) as it:
            assert isinstance(failure_of(it, create), CredentialScopeError)
    assert not other.requests


def test_no_secret_in_repr_vars_or_anything_they_hold(client: Kind, stand_in: Any) -> None:
    with Service() as service, Rude(ok()) as server:
        stand_in(service)
        with client.client(server.url, base_url="{url}/v1", workload_identity=identity()) as it:
            it(create)
            text = "\n".join([*reachable(it.raw, set()), repr(it.raw), it.raw.explain(), repr(vars(it.raw))])
    assert "a workload's token" in text
    assert TOKEN not in text
    assert PROOF not in text


def test_no_secret_in_a_traceback_with_locals(client: Kind, stand_in: Any) -> None:
    services = [[reset], [b"nonsense\r\n\r\n"], [wrong(401)], [wrong(500)], [reply(b"<html>")], [granted(expires_in=0)]]
    servers = [[wrong(401)], [reset], [b"nonsense\r\n\r\n"]]
    for answers, replies in [*((each, [ok()]) for each in services), *(([granted()], each) for each in servers)]:
        with Service(*answers) as service, Rude(*replies) as server:
            stand_in(service)
            with client.client(server.url, base_url="{url}/v1", workload_identity=identity(), max_retries=1) as it:
                text = shown(failure_of(it, create))
        assert "exchange" in text or "forward" in text
        assert TOKEN not in text, answers
        assert PROOF not in text, answers


def test_a_client_with_an_identity_does_not_travel(client: Kind) -> None:
    with pytest.raises(TypeError, match="does not pickle"):
        pickle.dumps(client.kind(workload_identity=identity()))
