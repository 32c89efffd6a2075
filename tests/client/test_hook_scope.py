"""Whose answer it is, where a subclass may still say so: hooks are asked once per attempt, and a cache before that."""

from __future__ import annotations

from typing import Any

import pytest

import antiphon
from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.policies.cache import Cache
from antiphon.policies.chain import Forward
from antiphon.policies.idempotency import Idempotency
from antiphon.policies.retry import Retry
from antiphon.policies.single_flight import SingleFlight
from tests.transports.rude import Peer, Rude

from .answer import ok


class Numbered(Rude):
    """Answers each request with another vector."""

    def __init__(self) -> None:
        self.sent = 0
        super().__init__(self.answer)

    def answer(self, peer: Peer) -> None:
        self.sent += 1
        vector = {"object": "embedding", "index": 0, "embedding": [float(self.sent)]}
        peer.sock.sendall(ok({"object": "list", "data": [vector], "model": "m", "usage": {}}))


def vector(client: Any, **more: Any) -> float:
    found: float = client.embeddings.create(model="m", input="hi", encoding_format="float", **more).data[0].embedding[0]
    return found


class Options(antiphon.OpenAI):
    tenant = "a"

    def _prepare_options(self, options: Any) -> Any:
        options.headers = {**(options.headers or {}), "Authorization": f"Bearer {self.tenant}"}
        return options


class Prepared(antiphon.OpenAI):
    tenant = "a"

    def _prepare_request(self, request: Any) -> None:
        request.headers["Authorization"] = f"Bearer {self.tenant}"


class Fields(antiphon.OpenAI):
    tenant = "a"

    @property
    def auth_headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tenant}"}


class Judging(antiphon.OpenAI):
    def _should_retry(self, response: Any) -> bool:
        return super()._should_retry(response)


@pytest.mark.parametrize("kind", [Options, Prepared, Fields])
@pytest.mark.parametrize("policy", [Cache, SingleFlight])
def test_what_was_answered_to_one_tenant_is_not_given_to_another(kind: Any, policy: Any) -> None:
    with Numbered() as server, kind(api_key="k", base_url=f"{server.url}/v1", policies=[policy(), Retry(1)]) as client:
        assert vector(client) == 1
        client.tenant = "b"
        reply = client.with_raw_response.embeddings.create(model="m", input="hi", encoding_format="float")
        assert (server.sent, server.requests[-1].headers["authorization"]) == (2, "Bearer b")
        bypass = reply.trace.of(policy.__name__)[0]
        assert (bypass.event, bypass.get("reason").partition(",")[0]) == ("bypass", "the key comes later")


def test_a_name_that_was_said_is_heeded() -> None:
    policies = [Cache(scope="all of us"), Retry(1)]
    with Numbered() as server, Options(api_key="k", base_url=f"{server.url}/v1", policies=policies) as client:
        assert [vector(client), vector(client)] == [1, 1]


def test_a_hook_that_changes_nothing_of_it_leaves_each_key_its_own() -> None:
    policies = [Cache(), Retry(1)]
    with Numbered() as server:
        for key, project, expected in (("k1", None, 1), ("k2", None, 2), ("k1", "p", 3), ("k1", None, 1)):
            more: dict[str, Any] = {"base_url": f"{server.url}/v1", "policies": policies}
            with Judging(api_key=key, project=project, **more) as client:
                assert vector(client) == expected


def test_a_ledger_keeps_clients_with_hooks_apart_by_what_they_are_set_to() -> None:
    policies = [Idempotency(), Retry(1)]
    with Numbered() as server:
        for key, expected in (("k1", 1), ("k2", 2), ("k1", 1)):
            with Options(api_key=key, base_url=f"{server.url}/v1", policies=policies) as client:
                assert vector(client, extra_headers={"Idempotency-Key": "once"}) == expected


def test_what_hooks_have_made_goes_by_the_same_clock_and_trace() -> None:
    met: list[tuple[Any, Any]] = []

    async def note(request: Request, forward: Forward) -> Reply:
        met.append((request.now, request.trace))
        return await forward(request)

    with Numbered() as server:
        for kind in (antiphon.OpenAI, Prepared):
            with kind(api_key="k", base_url=f"{server.url}/v1", policies=[Retry(1), note]) as client:
                vector(client)
    assert [(now is None, trace is None) for now, trace in met] == [(False, False)] * 2
