"""How a keyed call ends: what is kept of it, what leaves the key open, and who has no time left to wait or look."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.core.effects import Outside
from antiphon.core.headers import Headers
from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.drivers.virtual import Run, VirtualDriver
from antiphon.errors import DeadlineExceeded
from antiphon.errors.policy import CircuitOpen, IdempotencyConflict
from antiphon.policies.chain import fold
from antiphon.policies.idempotency import Idempotency
from antiphon.shared.memory import MemoryStore

from .piecewise import Piecewise
from .stepping import Script, reply
from .test_idempotency import BATCHES, RESPONSES, THREADS, Server, asked, events, result


def test_who_waits_for_another_process_says_so_and_no_longer_than_it_has() -> None:
    server, store = Server(), MemoryStore()
    server.seconds = 3.2
    patient, late = asked(key="k"), asked(key="k")
    late.deadline = 2.0
    runs = [server.start(Idempotency(store), each, at=0.5 * n) for n, each in enumerate([asked(key="k"), patient])]
    third = server.start(Idempotency(store), late, at=1.0)
    server.driver.run()
    assert [result(run) for run in runs] == ["thing_0"] * 2
    assert events(patient) == ["wait"] * 3 + ["known"]
    assert isinstance(third.failure, DeadlineExceeded)
    assert third.ended == 1.0, "it has a second, and would look again after that"


def test_a_refusal_further_in_is_raised() -> None:
    failure = Server(CircuitOpen("e", 1.0)).run(Idempotency(), asked(key="k"))
    assert isinstance(failure, CircuitOpen)


class Answering:
    """A server that gives the same answer each time, and remembers how often."""

    def __init__(self, status: int = 200, content: bytes | None = b"{}", body: Any = None) -> None:
        self.said = (status, content, body)
        self.asked = 0
        self.driver = VirtualDriver(self.answer)

    def answer(self, made: Request, now: float) -> tuple[float, Reply]:
        self.asked += 1
        status, content, body = self.said
        return 0.0, Reply(status, Headers(), made, content, body=body)

    def run(self, policy: Any, operation: Any = THREADS) -> Any:
        run: Run[Reply] = self.driver.start(fold([policy])(asked(operation, key="k")))  # type: ignore[arg-type]
        self.driver.run()
        return run.failure or run.result


@pytest.mark.parametrize(("status", "times"), [(200, 1), (204, 1), (299, 1), (300, 2), (304, 2), (400, 2)])
def test_a_success_is_kept_and_anything_else_leaves_the_key_free(status: int, times: int) -> None:
    server, policy = Answering(status), Idempotency()
    for _ in range(2):
        assert server.run(policy).status_code == status
    assert server.asked == times


@pytest.mark.parametrize("status", [500, 502, 504])
def test_what_may_have_been_done_is_told_as_it_was_and_leaves_the_key_open(status: int) -> None:
    server, policy = Answering(status), Idempotency()
    assert server.run(policy).status_code == status
    assert isinstance(server.run(policy), IdempotencyConflict)
    assert server.asked == 1


def test_a_success_that_is_still_to_be_read_leaves_the_key_open() -> None:
    server, policy = Answering(content=None, body=Piecewise(b"{}")), Idempotency()
    assert server.run(policy).status_code == 200
    assert isinstance(server.run(policy), IdempotencyConflict)


@pytest.mark.parametrize(("size", "kept"), [(20, True), (21, False)])
def test_a_result_of_the_largest_size_is_kept(size: int, kept: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("antiphon.policies.idempotency.LARGEST", 20)
    server, policy = Answering(content=b"x" * size), Idempotency()
    server.run(policy)
    again = server.run(policy)
    assert isinstance(again, Reply if kept else IdempotencyConflict)


def test_a_refusal_after_which_it_is_sent_again_is_closed() -> None:
    bodies = [Piecewise(b"x"), None]
    replies = [Reply(502, Headers(), asked(), body=bodies[0]), reply(200, content=b'{"id": "t"}')]

    def answer(made: Request, now: float) -> tuple[float, Reply]:
        said = replies.pop(0)
        said.request = made
        return 0.0, said

    driver = VirtualDriver(answer)
    made: Any = fold([Idempotency(honoured=True)])(asked(THREADS))
    assert driver.perform(made).json() == {"id": "t"}
    assert bodies[0] is not None
    assert bodies[0].closed


class Again:
    """A body that can be read again."""

    length = 3

    def __iter__(self) -> Any:
        return iter([b"x", b"yz"])

    def rewind(self) -> bool:
        return True


def test_a_body_that_can_be_read_again_has_a_result_to_be_given_again() -> None:
    server, policy = Server(), Idempotency()
    made = [asked(RESPONSES, key="k") for _ in range(2)]
    for each in made:
        each.content = Again()  # type: ignore[assignment]
    driver = VirtualDriver(lambda each, now: (0.0, Reply(200, Headers(), each, b"{}")))
    chain: Any = fold([policy])
    assert [driver.perform(chain(each)).cached for each in made] == [False, True]
    assert server.posts == []


@pytest.mark.parametrize(("size", "outside"), [(100, 0), (1024 * 1024 - 1, 0), (1024 * 1024, 1)])
def test_only_large_bodies_are_hashed_elsewhere(size: int, outside: int) -> None:
    class Counting(Script):
        count = 0

        def answer(self, effect: Any) -> Any:
            if isinstance(effect, Outside):
                self.count += 1
                return effect.function(*effect.arguments)
            return super().answer(effect)

    script, made = Counting([reply()]), asked(RESPONSES, key="k")
    made.content = b"x" * size
    flow: Any = fold([Idempotency()])
    script.run(flow(made))
    assert script.count == outside


def test_who_has_just_the_time_for_a_pause_has_none_to_look() -> None:
    server, made = Server("lost after"), asked(BATCHES)
    made.deadline = 2.0
    server.run(Idempotency(), made)
    assert server.driver.now == 1.0
    assert server.lists == []
