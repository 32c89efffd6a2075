"""Idempotency's smaller promises: how keys look, what a request is marked with, what is told, and how long it pauses."""

from __future__ import annotations

import re
from typing import Any

import pytest

from antiphon.core.headers import Headers
from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.drivers.virtual import VirtualDriver
from antiphon.errors import APIConnectionError, ReadTimeout
from antiphon.policies.chain import fold
from antiphon.policies.idempotency import Idempotency
from antiphon.shared.memory import MemoryStore
from antiphon.shared.store import StoreError

from .stepping import Script, reply
from .test_idempotency import BATCHES, RESPONSES, THREADS, Server, asked, events


def steps(made: Request) -> list[tuple[str, dict[str, Any]]]:
    assert made.trace is not None
    return [
        (step.event, {name: step.get(name) for name in ("executions", "resend", "found", "reason")})
        for step in made.trace.of("Idempotency")
    ]


@pytest.mark.parametrize("dice", [0.0, 0.25, 0.5, 1 - 2**-53])
def test_a_key_is_106_bits_of_chance(dice: float) -> None:
    script = Script([reply()], dice=dice)
    script.run(fold([Idempotency()])(asked(RESPONSES)))
    key = script.sent[0].headers["idempotency-key"]
    assert re.fullmatch(r"antiphon-[0-9a-f]{27}", key)
    assert int(key[9:], 16) == int(dice * 2**53) * 2**53 + int(dice * 2**53)


@pytest.mark.parametrize(
    ("operation", "honoured", "once"),
    [(RESPONSES, False, False), (BATCHES, False, True), (BATCHES, True, False), (THREADS, False, True)],
)
def test_what_must_not_be_sent_twice_is_marked_for_who_stands_inside(
    operation: Any, honoured: bool, once: bool
) -> None:
    for key in (None, "k"):
        seen: list[bool] = []

        async def inner(made: Request, forward: Any, seen: list[bool] = seen) -> Reply:
            seen.append(made.only_once)
            answer: Reply = await forward(made)
            return answer

        driver = VirtualDriver(lambda made, now: (0.0, Reply(200, Headers(), made, b"{}")))
        driver.perform(fold([Idempotency(honoured=honoured), inner])(asked(operation, key)))
        assert seen == [once]


def test_each_attempt_at_a_key_is_counted_and_told() -> None:
    server = Server(400)
    policy = Idempotency(MemoryStore())
    server.run(policy, asked(RESPONSES, "k"))
    server.run(policy, asked(RESPONSES, "k"))
    third = asked(RESPONSES, "k")
    server.run(policy, third)
    assert [(event, figures["executions"]) for event, figures in steps(third)] == [("known", 1)]


def test_an_open_key_counts_what_was_sent_before() -> None:
    server = Server("lost after", "lost after", "lost after")
    policy = Idempotency(MemoryStore(), reconcile=False, honoured=True, resends=1)
    assert isinstance(server.run(policy, asked(THREADS, "k")), APIConnectionError)
    server.run(policy, asked(THREADS, "k"))
    last = asked(THREADS, "k")
    server.run(policy, last)
    assert [(event, figures["executions"]) for event, figures in steps(last)] == [("known", 2)]


def test_whoever_joins_a_running_call_says_so() -> None:
    server, policy = Server(), Idempotency()
    first, second = asked(RESPONSES, "k"), asked(RESPONSES, "k")
    runs = [server.start(policy, first), server.start(policy, second, at=0.5)]
    server.driver.run()
    assert len(server.posts) == 1
    assert [run.failure for run in runs] == [None, None]
    assert events(first) == []
    assert events(second) == ["join", "known"]


def test_pauses_before_a_look_double_and_resends_are_numbered() -> None:
    server = Server("lost before", "lost before", "lost before")
    made = asked(BATCHES)
    failure = server.run(Idempotency(pause=2.0, resends=2), made)
    assert isinstance(failure, ReadTimeout)
    assert len(server.posts) == 3
    told = steps(made)
    assert [figures["found"] for event, figures in told if event == "look"] == [False, False, False]
    assert [figures["resend"] for event, figures in told if event == "again"] == [1, 2]
    assert server.driver.now == pytest.approx(3 * 1.0 + 2.0 + 4.0 + 8.0 + 0.1 * len(server.lists), abs=0.5)


def test_what_was_found_is_told_as_found() -> None:
    server = Server("lost after")
    made = asked(BATCHES)
    assert server.run(Idempotency(), made) == "thing_0"
    assert [figures["found"] for event, figures in steps(made) if event == "look"] == [True]


def test_a_ledger_that_breaks_while_a_call_is_under_way_is_told_and_the_reply_given() -> None:
    class Breaking(MemoryStore):
        swaps = 0

        def swap(self, *args: Any, **options: Any) -> Any:
            self.swaps += 1
            if self.swaps > 1:
                raise StoreError("gone")
            return super().swap(*args, **options)

    server, made = Server(), asked(RESPONSES, "k")
    assert server.run(Idempotency(Breaking()), made) == "thing_0"
    assert events(made) == ["not kept"]
