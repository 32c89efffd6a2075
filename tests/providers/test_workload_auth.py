"""A workload's token outside of clients."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from antiphon.auth import WorkloadIdentityAuth
from antiphon.errors import OAuthError, OpenAIError
from tests.client.answer import wrong

from .workload_service import CERTIFIED, PROOF, Service, granted, identity


def test_a_token_is_kept_and_forgotten() -> None:
    with Service(granted("one"), granted("two"), granted("three")) as service:
        auth = WorkloadIdentityAuth(workload_identity=identity(), token_exchange_url=service.place)
        auth.invalidate_token()
        assert [auth.get_token(), auth.get_token(), asyncio.run(auth.get_token_async())] == ["one"] * 3
        auth.invalidate_token("another")
        assert auth.get_token() == "one"
        auth.invalidate_token("one")
        assert auth.get_token() == "two"
        auth.invalidate_token()
        assert auth.get_token() == "three"
    assert [form["subject_token"] for form in service.forms] == [PROOF] * 3


def test_a_crowd_exchanges_once() -> None:
    with Service([lambda _: time.sleep(0.1), granted("one")]) as service:
        auth = WorkloadIdentityAuth(workload_identity=identity(), token_exchange_url=service.place)
        with ThreadPoolExecutor(16) as threads:
            assert {each.result() for each in [threads.submit(auth.get_token) for _ in range(16)]} == {"one"}
    assert len(service.requests) == 1


def test_a_refusal_is_told_and_a_certificate_needs_a_client() -> None:
    with Service(wrong(401)) as service:
        auth = WorkloadIdentityAuth(workload_identity=identity(), token_exchange_url=service.place)
        with pytest.raises(OAuthError):
            auth.get_token()
        assert PROOF not in repr(vars(auth)) + repr(auth)
    with pytest.raises(OpenAIError, match="client"):
        WorkloadIdentityAuth(workload_identity=CERTIFIED)
