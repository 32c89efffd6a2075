"""Idempotency in both colours against the emulator, which keeps what was made and loses replies when told to."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from antiphon import Redirect, Retry
from antiphon.emulator import Emulator, Setting
from antiphon.errors import APIConnectionError
from antiphon.errors.policy import IdempotencyConflict
from antiphon.policies.idempotency import Idempotency
from antiphon.policies.machines.rule import RELIABLE_RULES
from antiphon.shared.sqlite import SQLiteStore
from tests.transports.rude import Rude, reply, reset

from .answer import RESPONSE, create, ok
from .colour import KEY, Colour, failure_of

_numbers = count()


def lost() -> dict[str, str]:
    """A request that is carried out once more than its replies arrive."""
    return {"X-Antiphon-Fault": f"reset=0;times=1;id=lost{next(_numbers)}"}


def careful(ledger: Any = None, **options: Any) -> dict[str, Any]:
    """A client's policies."""
    return {"policies": [Idempotency(ledger, **options), Retry(rules=RELIABLE_RULES), Redirect()]}


@pytest.fixture(scope="module")
def emulator() -> Any:
    with Emulator() as running:
        yield running.base_url.removesuffix("/v1")


def lines(client: Any) -> Any:
    line = {"custom_id": "1", "method": "POST", "url": "/v1/embeddings", "body": {"model": "m", "input": "x"}}
    return client.files.create(file=("in.jsonl", json.dumps(line).encode()), purpose="batch")


def test_row_5_a_batch_is_made_once(colour: Colour, emulator: str) -> None:
    with colour.client(emulator, **careful()) as it:
        file = it(lines)
        batch = it(
            lambda client: client.batches.create(
                completion_window="24h",
                endpoint="/v1/embeddings",
                input_file_id=file.id,
                metadata={"mine": "1"},
                extra_headers=lost(),
            )
        )
        made = [each for each in it.items(lambda client: client.batches.list()) if each.input_file_id == file.id]
        assert [each.id for each in made] == [batch.id]
        assert batch.metadata["mine"] == "1"
        assert batch.metadata["antiphon_key"].startswith("antiphon-")


def test_row_5_a_vector_store_is_made_once(colour: Colour, emulator: str) -> None:
    name = f"store of {colour}"
    with colour.client(emulator, **careful()) as it:
        store = it(lambda client: client.vector_stores.create(name=name, extra_headers=lost()))
        assert [each.id for each in it.items(lambda client: client.vector_stores.list()) if each.name == name] == [
            store.id
        ]


def test_row_5_a_file_is_uploaded_once(colour: Colour, emulator: str, tmp_path: Path) -> None:
    path = tmp_path / f"{colour.colour}-{colour.transport}.txt"
    path.write_bytes(b"hello" * 50_000)
    with colour.client(emulator, **careful()) as it:
        it(lambda client: client.files.create(file=path, purpose="user_data"))
        file = it(lambda client: client.files.create(file=path, purpose="user_data", extra_headers=lost()))
        names = [each.id for each in it.items(lambda client: client.files.list()) if each.filename == path.name]
        assert file.id in names
        assert len(names) == 2  # one for each time it was asked for


def test_without_it_there_are_two(colour: Colour, emulator: str) -> None:
    name = f"stores of {colour}"
    with colour.client(emulator) as it:
        it(lambda client: client.vector_stores.create(name=name, extra_headers=lost()))
        assert len([each for each in it.items(lambda client: client.vector_stores.list()) if each.name == name]) == 2


def keyed(key: str, text: str = "hi") -> Callable[[Any], Any]:
    return lambda client: client.responses.create(model="m", input=text, extra_headers={"Idempotency-Key": key})


def test_a_key_is_answered_from_a_file_after_the_process_is_gone(colour: Colour, tmp_path: Path) -> None:
    path = tmp_path / "keys.db"
    with Rude(ok(RESPONSE), reply(b"{}", 500)) as server:
        for _ in range(2):
            store = SQLiteStore(path)
            with colour.client(server.url, **careful(store)) as it:
                assert it(keyed("k")).id == "resp_1"
                conflict = failure_of(it, keyed("k", "another"))
                assert isinstance(conflict, IdempotencyConflict)
                assert conflict.key == "k"
            store.close()
        assert len(server.requests) == 1
        assert server.requests[0].headers["idempotency-key"] == server.requests[0].headers["x-client-request-id"] == "k"
    assert KEY.encode() not in path.read_bytes()


def test_row_5_where_keys_are_honoured_all_is_carried_out_once(colour: Colour) -> None:
    with Emulator(Setting(honours_keys=True)) as emulator:
        url = emulator.base_url.removesuffix("/v1")
        with colour.client(url, **careful(honoured=True)) as it:
            with pytest.warns(DeprecationWarning, match="Assistants"):
                it(lambda client: client.beta.threads.create(extra_headers=lost()))
        assert emulator.app.world.repeats.executions == 1
        assert emulator.app.world.faults.ledger.total()["attempts"] == 2


def test_what_cannot_be_found_is_told(colour: Colour) -> None:
    with Rude(reset) as server, colour.client(server.url, **careful()) as it:
        with pytest.warns(DeprecationWarning, match="Assistants"):
            error = failure_of(it, lambda client: client.beta.threads.create())
        assert isinstance(error, APIConnectionError)
        assert len(server.requests) == 1


def test_a_stream_goes_by(colour: Colour) -> None:
    from .answer import CHAT, chat

    with Rude(CHAT) as server, colour.client(server.url, **careful()) as it:
        for _ in range(2):
            assert len(it(lambda client: chat(client, extra_headers={"Idempotency-Key": "k"}))) == 3
        assert len(server.requests) == 2


def test_a_plain_question_costs_one_request(colour: Colour) -> None:
    with Rude(ok(RESPONSE)) as server, colour.client(server.url, **careful()) as it:
        assert it(create).id == "resp_1"
        assert "idempotency-key" in server.requests[0].headers
