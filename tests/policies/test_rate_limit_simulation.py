"""Hours of traffic in virtual time, against a provider that keeps its own count."""

from __future__ import annotations

import pytest

from antiphon.policies.rate_limit import RateLimit

from .throttle import Provider, ask


def late(provider: Provider) -> int:
    """Refusals after the first five seconds."""
    return sum(at > 5 for at in provider.refused)


@pytest.mark.parametrize(("tokens", "kind", "minutes"), [(200, 1, 2), (20, 0, 0.3)])
def test_ten_clients_that_do_not_know_each_other_use_the_limit_and_are_not_refused(
    tokens: int, kind: int, minutes: float
) -> None:
    provider = Provider(5000, 160_000)
    for _ in range(10):
        provider.press(RateLimit(), 40, minutes * 60, lambda: ask(tokens))
    provider.driver.run(minutes * 60)
    assert provider.used(kind, minutes * 60) >= 0.95
    assert late(provider) <= 0.001 * len(provider.served)


def test_a_limit_that_is_halved_costs_next_to_nothing() -> None:
    provider = Provider(5000, 160_000)
    provider.changes.append((120.0, 2500, 80_000))
    for _ in range(10):
        provider.press(RateLimit(), 40, 300.0)
    provider.driver.run(300.0)
    assert sum(at >= 120 for at in provider.refused) <= 10
    after = [(at, tokens) for at, tokens in provider.served if at >= 180]
    assert sum(tokens for _, tokens in after) / (80_000 * 2) == pytest.approx(1.0, abs=0.05), "within a minute"


def test_slow_answers_do_not_slow_down_the_limiter() -> None:
    provider = Provider(5000, 160_000, latency=(5.0, 20.0))
    provider.press(RateLimit(tpm=160_000), 400, 120.0)
    provider.driver.run(120.0)
    assert provider.used(1, 120.0) >= 0.95
    assert not late(provider)


def test_without_a_word_from_the_server_what_is_said_holds() -> None:
    provider = Provider(5000, 160_000, silent=True)
    provider.press(RateLimit(tpm=160_000), 40, 300.0)
    provider.driver.run(300.0)
    assert 0.95 <= provider.used(1, 300.0) * 0.9 <= 1.0, "replies say that they used a tenth less"
    assert not provider.refused


def test_without_any_word_the_rate_is_found() -> None:
    provider = Provider(600, silent=True)
    provider.press(RateLimit(), 40, 300.0)
    provider.driver.run(300.0)
    assert provider.used(0, 300.0) >= 0.9
    assert len([at for at in provider.refused if at > 120]) < 0.05 * len(provider.served)


def test_with_others_who_take_all_they_can_a_part_is_kept() -> None:
    provider = Provider(600)
    kept: list[float] = []

    class Watched(RateLimit):
        async def __call__(self, request, forward):  # type: ignore[no-untyped-def]
            reply = await super().__call__(request, forward)
            if reply.status_code == 200:
                kept.append(provider.driver.now)
            return reply

    async def bare(request, forward):  # type: ignore[no-untyped-def]
        return await forward(request)

    provider.press(Watched(), 20, 300.0)
    provider.press(bare, 8, 300.0)
    provider.driver.run(300.0)
    assert len(kept) >= 0.02 * len(provider.served)


def test_the_same_seed_gives_the_same_run() -> None:
    def run() -> list[tuple[float, float]]:
        provider = Provider(5000, 160_000)
        provider.press(RateLimit(), 40, 20.0)
        provider.driver.run(20.0)
        return provider.served

    assert run() == run()
