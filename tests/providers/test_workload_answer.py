"""What the token service may answer, and where the proof it is shown comes from."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest

import antiphon
from antiphon.errors import APIConnectionError, APIStatusError, OAuthError, OpenAIError, SubjectTokenProviderError
from tests.client.answer import create, ok, retrieve, wrong
from tests.client.colour import failure_of
from tests.transports.rude import Rude, reply, reset

from .beside import Kind
from .workload_service import CERTIFIED, PROOF, TOKEN, Service, give, granted, identity


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
