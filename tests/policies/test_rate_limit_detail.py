"""The limiter's smaller promises: what it shows, what it reads of a reply and when, whose limit is whose, and what it forgets."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.core.headers import Headers
from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.drivers.virtual import VirtualDriver
from antiphon.errors import RequestTooLarge
from antiphon.policies.chain import fold
from antiphon.policies.machines.lane import Lane
from antiphon.policies.rate_limit import RateLimit
from antiphon.shared import Lease, MemoryStore, StoreError

from .piecewise import Piecewise
from .throttle import ask

HOST = "https://api.openai.com"


def told(limit: int, spent: int = 1, reset: str = "100ms") -> dict[str, str]:
    """What a server says of its requests a minute."""
    fields = {"limit": str(limit), "remaining": str(limit - spent), "reset": reset}
    return {f"x-ratelimit-{name}-requests": value for name, value in fields.items()}


def replies(*answers: tuple[int, dict[str, str], bytes] | Piecewise) -> VirtualDriver:
    """A server that gives these one after the other, at once, and the last for ever; bodies in pieces are refusals."""
    left = list(answers)

    def send(request: Request, now: float) -> tuple[float, Reply]:
        said = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(said, Piecewise):
            return 0.0, Reply(429, Headers(), request, body=said)
        status, headers, content = said
        return 0.0, Reply(status, Headers(headers), request, content)

    return VirtualDriver(send)


def call(driver: VirtualDriver, limiter: RateLimit, request: Request | None = None, at: float | None = None) -> Any:
    run = driver.start(fold([limiter])(request or ask()), at)
    driver.run()
    return run.failure or run.result


def only_lane(limiter: RateLimit) -> Lane:
    (lane,) = limiter._lanes.values()
    return lane


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ({"burst_seconds": (2, 7)}, (2.0, 7.0)),
        ({"burst_seconds": 3}, (3.0, 3.0)),
        ({"strict": True}, (1.0, 1.0)),
        ({}, (5.0, 10.0)),
    ],
)
def test_how_many_seconds_worth_may_go_at_once(said: dict[str, Any], seconds: tuple[float, float]) -> None:
    terms = RateLimit(rpm=1e15, **said).terms
    assert (terms.request_burst, terms.burst) == seconds


def test_a_limit_may_be_less_than_one_a_minute() -> None:
    assert RateLimit(rpm=0.5).limits == {"rpm": 0.5}


def test_what_it_knows_is_told() -> None:
    limiter = RateLimit(rpm=60, tpm=6000, source="config", burst_seconds=10)
    assert limiter.health(0.0) == {}
    driver = replies((200, {}, b'{"usage": {"total_tokens": 475}}'))
    call(driver, limiter)
    call(driver, limiter, ask(model="gpt-4o-mini").replace(server="eu"))
    health = limiter.health(0.0)
    assert list(health) == [f"{HOST} gpt-4o", "eu gpt-4o-mini"]
    assert health["eu gpt-4o-mini"] == {
        "queued": 0,
        "free": pytest.approx(0.5),  # half of 950 tokens, of nine and a half requests nearly all
        "limits": {"requests": 60, "tokens": 6000},
    }


def test_a_limit_of_all_models_is_told_without_one() -> None:
    limiter = RateLimit(rpm=60, source="config", per="all")
    call(replies((200, {}, b"{}")), limiter)
    assert list(limiter.health(0.0)) == [HOST]


def test_targets_have_limits_of_their_own() -> None:
    limiter = RateLimit(rpm=60, source="config", burst_seconds=1, safety=1)
    call(replies((200, {}, b"{}")), limiter, ask().replace(server="one"))
    assert limiter.wait_for(ask().replace(server="one"), 0.0) == pytest.approx(1.0)
    assert limiter.wait_for(ask().replace(server="two"), 0.0) == 0.0
    assert limiter.wait_for(ask(), 0.0) == 0.0


def test_how_long_a_request_would_wait_goes_by_its_size() -> None:
    limiter = RateLimit(tpm=6000, source="config", safety=1)
    call(replies((200, {}, b'{"usage": {"total_tokens": 1000}}')), limiter)
    assert limiter.wait_for(ask(487), 0.0) == pytest.approx(5.0)
    assert limiter.wait_for(ask(87), 0.0) == pytest.approx(1.0)


def test_how_long_it_waited_is_noted_whatever_the_time_is() -> None:
    limiter = RateLimit(rpm=70, source="config", burst_seconds=6 / 7, safety=1)
    driver = replies((200, {}, b"{}"))
    runs = [driver.start(fold([limiter])(ask()), 50.0) for _ in range(2)]
    driver.run()
    assert runs[1].result is not None
    trace = runs[1].result.request.trace
    assert trace is not None
    assert [str(step) for step in trace.of("RateLimit")] == ["RateLimit: waited seconds=0.857"]


def test_heads_are_looked_at_fifty_times_a_second_and_no_more() -> None:
    limiter = RateLimit()
    driver = replies((200, told(600), b"{}"), (200, told(6000), b"{}"), (200, told(900), b"{}"))
    most = []
    for at in (1.0, 1.01, 1.02):
        call(driver, limiter, at=at)
        most.append(only_lane(limiter).gates[0].most)  # type: ignore[attr-defined]
    assert most == [600, 600, 900]


def test_only_what_the_server_took_makes_a_learnt_rate_grow() -> None:
    limiter = RateLimit()
    driver = replies(*[(200, {}, b"{}")] * 20, (429, {}, b"{}"), (400, {}, b"{}"), (200, {}, b"{}"))
    for n in range(21):
        call(driver, limiter, at=n * 0.5)
    (pace,) = only_lane(limiter).gates
    rate = pace.rate
    assert rate == pytest.approx(1.4, rel=0.1)
    call(driver, limiter, at=12.0)
    assert pace.rate == rate
    call(driver, limiter, at=12.5)
    assert pace.rate > rate


def test_who_listens_to_nobody_learns_a_rate_and_no_limit() -> None:
    limiter = RateLimit(rpm=6000, source="config", safety=1)
    driver = replies((429, {}, b"{}"), (200, told(60), b"{}"))
    for at in (0.0, 10.0):
        call(driver, limiter, at=at)
    assert only_lane(limiter).learns
    assert limiter.health(10.0)[f"{HOST} gpt-4o"]["limits"] == {"requests": 6000}


def test_a_refusal_that_is_still_open_is_read() -> None:
    limiter = RateLimit()
    body = Piecewise(b'{"error": {"code": "insuffi', b'cient_quota"}}')
    reply = call(replies(body), limiter)
    assert b"insufficient_quota" in reply.content
    assert not only_lane(limiter).learns


def test_a_refusal_that_is_too_large_for_any_wait_leaves_its_connection_free() -> None:
    said = b'{"error": {"message": "Request too large for gpt-4o on TPM: Limit 30000, Requested 52000."}}'
    body = Piecewise(said)
    assert isinstance(call(replies(body), RateLimit()), RequestTooLarge)
    assert body.closed


@pytest.mark.parametrize(("source", "heads"), [("headers+config", 1), ("config", 0)])
def test_what_a_refusal_tells_is_heeded_where_the_server_is_listened_to(source: Any, heads: int) -> None:
    limiter = RateLimit(rpm=6000, source=source)
    reply = call(replies((429, told(600, 600, "60s"), b"{}")), limiter)
    (step,) = reply.request.trace.of("RateLimit")
    assert (step.event, step.get("told"), step.get("status")) == ("too much", heads, 429)
    assert (limiter.health(0.0)[f"{HOST} gpt-4o"]["limits"]["requests"] == 600) == bool(heads)
    assert only_lane(limiter).learns == (not heads), "a rate is looked for only where none is told"
    assert (step.get("rate") is None) == bool(heads)


def test_what_a_refused_request_says_it_used_is_not_believed() -> None:
    limiter = RateLimit(tpm=6000, source="config", safety=1)
    call(replies((400, {}, b'{"usage": {"total_tokens": 0}}')), limiter, ask(487))
    assert limiter.headroom(ask(), 0.0) == pytest.approx(0.5)


def test_where_tokens_do_not_matter_none_are_counted() -> None:
    limiter = RateLimit(rpm=60, source="config")
    call(replies((200, {}, b'{"usage": {"total_tokens": 10000}}')), limiter)
    assert only_lane(limiter).usual == 512.0


def test_an_answer_without_a_token_counts_as_none() -> None:
    limiter = RateLimit(tpm=6000, source="config")
    call(replies((200, {}, b'{"usage": {"total_tokens": 13}}')), limiter)
    assert only_lane(limiter).usual == pytest.approx(512.0 * 0.9)


def test_lines_in_use_and_the_latest_idle_ones_are_kept_past_a_thousand() -> None:
    limiter = RateLimit(rpm=60, source="config", burst_seconds=1)
    first = limiter._lane(ask(key="sk-0"))
    assert limiter._lane(ask(key="sk-1")) is not first
    assert limiter._lane(ask(key="sk-0")) is first, "two are no reason to forget any"
    driver = replies((200, {}, b"{}"))
    for _ in range(2):
        driver.start(fold([limiter])(ask(key="sk-0")))
    driver.run(0.1)
    for n in range(2, 1025):
        limiter._lane(ask(key=f"sk-{n}"))
    assert len(limiter._lanes) == 1024 - 256 + 1
    assert limiter._lane(ask(key="sk-0")) is first
    assert first.queue.length == 1


class Ledger:
    """A store that notes what is asked of it, and may fail."""

    def __init__(self, failure: StoreError | None = None) -> None:
        self.failure = failure
        self.asked: list[tuple[str, float, float]] = []
        self._store = MemoryStore(clock=lambda: 0.0)

    def lease(self, key: str, quotas: Any, patience: float, span: float) -> Lease:
        self.asked.append((key, patience, span))
        if self.failure is not None:
            raise self.failure
        return self._store.lease(key, quotas, patience, span, worker="me")


@pytest.mark.parametrize(
    ("per", "model"),
    [("family", "gpt-4o"), ("model", "gpt-4o-2024-08-06"), ("all", "")],
    ids=["family", "model", "all"],
)
def test_a_shared_limit_has_a_name_that_tells_whose_it_is(per: Any, model: str) -> None:
    store: Any = Ledger()
    limiter = RateLimit(rpm=60, source="config", per=per, store=store, max_wait=7)
    driver = replies((200, {}, b"{}"))
    call(driver, limiter, ask(model="gpt-4o-2024-08-06", deadline=105.0), at=100.0)
    call(driver, limiter, ask(model="gpt-4o-2024-08-06", key="sk-2").replace(server="eu"), at=200.0)
    (first, patience, _), (second, longer, _) = store.asked
    assert (patience, longer) == (5.0, 7.0)
    assert first.startswith("rate:api.openai.com:")
    assert second.startswith("rate:eu:")
    assert first.rsplit(":", 1)[1] == second.rsplit(":", 1)[1] == model
    assert first.split(":")[-2] != second.split(":")[-2], "each credential has its own"
    assert "sk-" not in first + second


def test_why_the_store_cannot_be_used_is_noted() -> None:
    away = StoreError("away")
    away.__cause__ = TimeoutError()
    reasons = []
    for failure in (StoreError("away"), away):
        store: Any = Ledger(failure)
        reply = call(replies((200, {}, b"{}")), RateLimit(rpm=6000, source="config", store=store))
        reasons.append(reply.request.trace.of("RateLimit")[0].get("reason"))
    assert reasons == ["StoreError", "TimeoutError"]
