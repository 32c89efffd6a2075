"""No proof and no token of a workload leaves its place."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

import antiphon
from antiphon.errors import CredentialScopeError
from tests.client.answer import create, ok, wrong
from tests.client.colour import failure_of
from tests.client.test_credential import shown
from tests.transports.rude import Rude, reply, reset

from .beside import Kind
from .test_bedrock import reachable
from .workload_service import PROOF, TOKEN, Service, granted, identity


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
