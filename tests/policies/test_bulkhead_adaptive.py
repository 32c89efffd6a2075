"""A bulkhead whose limit moves: what moves it, and where it comes to with servers that bear so much and no more."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.core.headers import Headers
from antiphon.core.reply import Reply
from antiphon.errors import DeadlineExceeded, PoolTimeout, ReadTimeout
from antiphon.policies.bulkhead import Bulkhead
from antiphon.policies.machines.bulkhead import Permit

from .backend import EMBED, JSON, Backend, Outcome, ask, refused
from .piecewise import Piecewise
from .test_bulkhead import only


@pytest.mark.parametrize(
    ("outcome", "limit"),
    [
        (429, 18),
        (503, 18),
        (529, 18),
        (refused(), 18),
        (ReadTimeout(), 18),
        (500, 20),
        (400, 20),
        (DeadlineExceeded(), 20),
    ],
    ids=str,
)
def test_what_takes_a_tenth_of_an_adaptive_limit(outcome: Outcome, limit: int) -> None:
    backend, bulkhead = Backend(outcome), Bulkhead(64, adaptive="aimd")
    backend.call(bulkhead)
    assert only(bulkhead).limit == limit


@pytest.mark.parametrize(("status", "limit"), [(200, 21), (400, 20), (500, 20)])
def test_a_success_alone_makes_it_grow(status: int, limit: int) -> None:
    backend, bulkhead = Backend(status), Bulkhead(64, adaptive="aimd")
    for _ in range(15):
        bulkhead._made(ask().origin, ask()).enter(Permit())
    backend.call(bulkhead)
    assert only(bulkhead).limit == limit


def test_a_pool_that_is_too_small_is_a_reason_to_send_less() -> None:
    backend, bulkhead = Backend(PoolTimeout()), Bulkhead(64, adaptive="aimd")
    backend.call(bulkhead)
    assert only(bulkhead).limit == 18


def test_aimd_finds_what_a_server_bears() -> None:
    """A server that refuses the thirty-first."""
    bulkhead = Bulkhead(1000, adaptive="aimd", queue=100_000, queue_timeout=1000)
    backend = Backend(seconds=1.0)
    backend.outcome = lambda now, request: 503 if backend.under_way >= 30 else 200
    runs = [backend.start(bulkhead, at=tick / 50) for tick in range(2500)]
    backend.driver.run()
    refused_late = sum(run.result.status_code == 503 for run in runs[500:])
    assert 26 <= only(bulkhead).limit <= 31
    assert refused_late <= 0.05 * 2000


def test_the_gradient_keeps_the_queue_at_the_server_short() -> None:
    """A server with forty places; what is more waits there, and in our queue instead once we know."""
    bulkhead = Bulkhead(1000, adaptive="gradient", queue=100_000, queue_timeout=10_000)
    backend = Backend(seconds=1.0)

    def outcome(now: float, request: Any) -> Outcome:
        backend.seconds = max(1.0, (backend.under_way + 1) / 40)
        return Reply(200, Headers(JSON), request, b"{}", elapsed=backend.seconds)

    backend.outcome = outcome
    for tick in range(1500):
        backend.start(bulkhead, ask(operation=EMBED), at=tick / 30)
    backend.driver.run(until=60.0)
    for tick in range(1000):
        backend.start(bulkhead, ask(operation=EMBED), at=60 + tick / 200)
    backend.driver.run()
    assert 40 <= backend.most <= 250, "and not a thousand"


def test_the_time_of_a_reply_that_comes_whole_tells_how_long_it_is() -> None:
    bulkhead, backend = Bulkhead(64, adaptive="gradient"), Backend(seconds=40.0)
    backend.call(bulkhead)
    rule: Any = only(bulkhead)._adaptive
    assert rule.usual == 0.0
    backend.call(bulkhead, ask(operation=EMBED))
    assert rule.usual == 40.0
    backend.outcome = Reply(200, Headers(JSON), ask(), body=Piecewise(b"a"), elapsed=0.5)
    stream = backend.call(bulkhead)
    assert rule.usual == pytest.approx((40.0 + 0.5) / 2 * 0.95)
    stream.body.close()
