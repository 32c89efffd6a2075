"""Idempotency's ledger: shared with other processes, out of order, and with bodies that are read for it; and how it is made."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

from antiphon.errors.policy import IdempotencyConflict
from antiphon.policies.idempotency import Idempotency
from antiphon.shared.memory import MemoryStore
from antiphon.shared.sqlite import SQLiteStore
from antiphon.shared.store import StoreError

from .test_idempotency import Server, asked, events, result


def test_processes_share_a_ledger() -> None:
    server, store = Server(), MemoryStore()
    runs = [server.start(Idempotency(store), asked(key="k"), at=n / 10) for n in range(3)]
    server.driver.run()
    assert [result(run) for run in runs] == ["thing_0"] * 3
    assert len(server.posts) == 1


def test_a_process_that_died_is_not_waited_for_for_ever() -> None:
    server, store = Server(), MemoryStore()
    dead = server.start(Idempotency(store), asked(key="k"))
    server.driver.run(until=0.1)
    dead.cancel()
    alive = server.start(Idempotency(store, lease=30), asked(key="k"), at=0.2)
    server.driver.run()
    assert result(alive) == "thing_0"
    assert alive.ended > 29
    assert len(server.made) == 1


class Broken(MemoryStore):
    """A store that cannot be used."""

    def get(self, key: str) -> bytes | None:
        raise StoreError("no disk")


def test_without_its_ledger_it_goes_on_alone_and_says_so() -> None:
    server, made = Server(), asked(key="k")
    assert server.run(Idempotency(Broken()), made) == "thing_0"
    assert events(made) == ["alone"]


class Stream:
    """A body that can be read once."""

    length = None
    reads = 0

    def __iter__(self) -> Any:
        self.reads += 1
        return iter([b"x"])

    def rewind(self) -> bool:
        return False


def test_a_body_that_can_be_read_once_is_sent_as_it_is() -> None:
    server, made = Server(400), asked(key="k")
    content: Any = Stream()
    made.content = content
    assert server.run(Idempotency(), made) == 400
    assert events(made) == ["bypass"]
    assert content.reads == 0, "that is for who sends it"


def test_large_bodies_are_hashed_too() -> None:
    server, policy = Server(), Idempotency()
    big = "x" * 2_000_000
    assert [server.run(policy, asked(key="k", a=big)) for _ in range(2)] == ["thing_0"] * 2
    assert isinstance(server.run(policy, asked(key="k", a=big + "y")), IdempotencyConflict)


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"ledger": "file.db"}, TypeError),
        ({"keep": 0}, ValueError),
        ({"resends": -1}, ValueError),
        ({"pause": "1"}, TypeError),
        ({"scope": ""}, ValueError),
        ({"keeps": 1}, TypeError),
    ],
)
def test_arguments_that_cannot_be_right(options: dict[str, Any], kind: type[Exception]) -> None:
    with pytest.raises(kind):
        Idempotency(**options)


def test_another_process_has_a_memory_of_its_own_and_the_same_store(tmp_path: Path) -> None:
    policy, server = Idempotency(scope="mine", keep=60, resends=1), Server()
    server.run(policy, asked(key="k"))
    other = pickle.loads(pickle.dumps(policy))
    assert (repr(other), other.scope, other.resends) == (repr(policy), "mine", 1)
    assert server.run(other, asked(key="k")) == "thing_1"
    shared = Idempotency(SQLiteStore(tmp_path / "keys.db"))
    server.run(shared, asked(key="k"))
    assert server.run(pickle.loads(pickle.dumps(shared)), asked(key="k")) == "thing_2"


def test_the_repr_tells_what_it_does() -> None:
    assert repr(Idempotency()) == (
        "Idempotency(memory, kept for 86400 s, a key for each POST, looks before it makes something again)"
    )
    assert repr(Idempotency(automatic=False, reconcile=False, honoured=True, keep=60)) == (
        "Idempotency(memory, kept for 60 s, the server honours keys)"
    )
