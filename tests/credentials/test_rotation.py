"""The new key and the old one: no request fails while a server changes over, in whatever order things happen."""

from __future__ import annotations

import asyncio
import pickle
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import antiphon
from antiphon.core.secret import Secret
from antiphon.credentials import CredentialNotFound, EnvKey, RotatingCredential
from antiphon.errors import AuthenticationError
from tests.client.answer import retrieve
from tests.client.colour import Colour, failure_of

from .gate import Gate

OLD, NEW, THIRD = "sk-old-0123456789", "sk-new-0123456789", "sk-third-0123456789"
LOAD = 1000


def switching(gate: Gate, *, overlap: bool) -> None:
    """Half way through, the server takes the new key: beside the old one at first, or instead of it at once."""
    gate.switch_after = (LOAD // 2, {OLD, NEW} if overlap else {NEW})


@pytest.mark.parametrize("overlap", [False, True])
def test_a_thousand_requests_while_the_server_changes_over(overlap: bool) -> None:
    async def main(gate: Gate) -> int:
        client = antiphon.AsyncOpenAI(
            api_key=RotatingCredential([NEW, OLD]), base_url=f"{gate.url}/v1", max_retries=0, timeout=30
        )
        door = asyncio.Semaphore(64)

        async def one() -> str:
            async with door:
                return str((await client.models.retrieve("m")).id)

        async with client:
            return len(await asyncio.gather(*(one() for _ in range(LOAD))))

    with Gate(OLD) as gate:
        switching(gate, overlap=overlap)
        assert asyncio.run(main(gate)) == LOAD, "none failed"
        served = [key for key, status in gate.seen if status == 200]
    assert len(served) == LOAD
    assert {OLD, NEW} == set(served) or overlap
    refused = len(gate.seen) - LOAD
    assert refused <= 64 * 3, "a changeover costs those who are under way one attempt more, and nobody else"


def test_in_threads_too() -> None:
    with Gate(OLD) as gate:
        switching(gate, overlap=False)
        client = antiphon.OpenAI(
            api_key=RotatingCredential([NEW, OLD]), base_url=f"{gate.url}/v1", max_retries=0, timeout=30
        )
        with client, ThreadPoolExecutor(16) as threads:
            made = [threads.submit(retrieve, client) for _ in range(LOAD * 2 // 3)]
            assert {each.result().id for each in made} == {"m"}


def test_the_same_with_a_variable_that_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROTATED", OLD)
    with Gate(OLD) as gate:
        client = antiphon.OpenAI(api_key=EnvKey("ROTATED"), base_url=f"{gate.url}/v1", max_retries=0, timeout=30)
        with client, ThreadPoolExecutor(16) as threads:
            made = [threads.submit(retrieve, client) for _ in range(LOAD // 8)]
            monkeypatch.setenv("ROTATED", NEW)
            gate.taken = {NEW}
            made += [threads.submit(retrieve, client) for _ in range(LOAD // 8)]
            assert {each.result().id for each in made} == {"m"}


def test_the_one_that_is_taken_is_used_until_it_is_refused(colour: Colour) -> None:
    with Gate(OLD) as gate, colour.client(gate.url, api_key=RotatingCredential([NEW, OLD])) as it:
        for _ in range(3):
            it(retrieve)
        assert [key for key, _ in gate.seen] == [NEW, OLD, OLD, OLD], "the refused one is asked once"
        gate.taken = {NEW}
        it(retrieve)
        it(retrieve)
        assert [key for key, _ in gate.seen[4:]] == [OLD, NEW, NEW]


def test_each_is_tried_once_and_then_the_refusal_stands(colour: Colour) -> None:
    with Gate() as gate, colour.client(gate.url, api_key=RotatingCredential([NEW, OLD, THIRD])) as it:
        assert isinstance(failure_of(it, retrieve), AuthenticationError)
        assert gate.seen == [(NEW, 401), (OLD, 401), (THIRD, 401)]


def test_a_source_among_them_is_read_anew_in_the_end(colour: Colour, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROTATED", NEW)
    source = EnvKey("ROTATED")
    with Gate(NEW, OLD) as gate, colour.client(gate.url, api_key=RotatingCredential([source, OLD])) as it:
        it(retrieve)
        gate.taken = {THIRD}
        monkeypatch.setenv("ROTATED", THIRD)
        it(retrieve)
        it(retrieve)
        assert [key for key, _ in gate.seen] == [NEW, NEW, OLD, THIRD, THIRD]


def test_what_was_read_anew_is_used_from_then_on(own_colour: Colour, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROTATED", OLD)
    source = EnvKey("ROTATED")
    with Gate(NEW) as gate, own_colour.client(gate.url, api_key=RotatingCredential([NEW, source])) as it:
        it(retrieve)
        gate.taken = {THIRD}
        monkeypatch.setenv("ROTATED", THIRD)
        source._kept = Secret(OLD)
        it(retrieve)
        it(retrieve)
        assert [key for key, _ in gate.seen] == [NEW, NEW, OLD, THIRD, THIRD]


def test_sources_without_a_key_are_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    assert RotatingCredential([EnvKey("NOT_SET"), OLD])() == Secret(OLD)
    with pytest.raises(CredentialNotFound, match="none of the sources"):
        RotatingCredential([EnvKey("NOT_SET")])()


@pytest.mark.parametrize(("keys", "kind"), [([], ValueError), ([5], TypeError), ([None], TypeError)])
def test_keys_that_can_be_none(keys: Any, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        RotatingCredential(keys)


def test_it_shows_no_key_and_travels_with_sources_only() -> None:
    credential = RotatingCredential([NEW, OLD])
    assert repr(credential) == "RotatingCredential(2 keys)"
    assert NEW not in repr(vars(credential))
    with pytest.raises(TypeError, match="does not pickle"):
        pickle.dumps(credential)
    assert pickle.loads(pickle.dumps(RotatingCredential([EnvKey("A"), EnvKey("B")]))).sources[1].name == "B"
