"""The token cache, table by table, on a clock that nobody winds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.core.secret import Secret
from antiphon.providers.token_cache import FIRST_PAUSE, LONGEST_PAUSE, Grant, Token, TokenCache, Turn

ONE, TWO = Token(Secret("one")), Token(Secret("two"))


def filled(margin: float = 1200.0, life: float = 3600.0, at: float = 0.0) -> TokenCache:
    """A cache that was granted a token at a moment."""
    cache = TokenCache(margin)
    flight = object()
    assert cache.ask(at, flight)[0] is Turn.FETCH
    cache.stored(flight, Grant(ONE, life), at)
    return cache


def test_the_first_asker_fetches_and_all_others_wait() -> None:
    cache, flight = TokenCache(10), object()
    assert cache.ask(0, flight) == (Turn.FETCH, None, flight)
    for _ in range(3):
        assert cache.ask(0, object()) == (Turn.WAIT, None, flight)


@pytest.mark.parametrize(
    ("margin", "life", "due"), [(1200, 3600, 2400), (1200, 2400, 1200), (1200, 600, 300), (0, 600, 600), (5, 600, 595)]
)
def test_a_token_is_due_before_its_end_but_never_in_the_first_half_of_its_life(
    margin: float, life: float, due: float
) -> None:
    cache = filled(margin, life)
    assert cache.ask(due - 0.001, object())[:2] == (Turn.USE, ONE)
    assert cache.ask(due, object())[0] is Turn.FETCH
    assert cache.usable(life - 0.001) is ONE
    assert cache.usable(life) is None


def test_while_one_fetches_a_due_token_still_serves_and_an_ended_one_does_not() -> None:
    cache, flight = filled(), object()
    assert cache.ask(2400, flight) == (Turn.FETCH, ONE, flight)
    assert cache.ask(2401, object())[:2] == (Turn.USE, ONE)
    assert cache.ask(3600, object()) == (Turn.WAIT, None, flight)


def test_a_failed_fetch_leaves_the_old_token_and_is_not_repeated_at_once() -> None:
    cache, now = filled(), 2400.0
    pause = FIRST_PAUSE
    while pause < LONGEST_PAUSE:
        flight = object()
        assert cache.ask(now, flight)[0] is Turn.FETCH
        assert cache.failed(flight, now) is ONE
        assert cache.ask(now + pause - 0.001, object())[:2] == (Turn.USE, ONE)
        now += pause
        pause = min(pause * 2, LONGEST_PAUSE)
    flight = object()
    assert cache.ask(3600, flight) == (Turn.FETCH, None, flight)
    assert cache.failed(flight, 3600) is None
    assert cache.ask(3600, object())[0] is Turn.FETCH, "without a token, every asker may try"


def test_a_grant_ends_the_pauses() -> None:
    cache, flight = filled(), object()
    cache.ask(2400, flight)
    cache.failed(flight, 2400)
    flight = object()
    cache.ask(2401, flight)
    cache.stored(flight, Grant(TWO, 3600), 2401)
    assert cache.ask(2401 + 2399, object())[:2] == (Turn.USE, TWO)
    flight = object()
    cache.ask(2401 + 2400, flight)
    cache.failed(flight, 4801)
    assert cache.ask(4801 + FIRST_PAUSE, object())[0] is Turn.FETCH


def test_only_the_token_that_was_refused_is_forgotten() -> None:
    cache = filled()
    cache.invalidated(TWO)
    assert cache.ask(1, object())[:2] == (Turn.USE, ONE)
    cache.invalidated(ONE)
    assert cache.ask(1, object())[0] is Turn.FETCH


def test_a_flight_that_was_given_up_frees_the_turn_and_another_does_not() -> None:
    cache, flight = TokenCache(1), object()
    cache.ask(0, flight)
    cache.abandoned(object())
    assert cache.ask(0, object())[0] is Turn.WAIT
    cache.abandoned(flight)
    assert cache.ask(0, object())[0] is Turn.FETCH


def test_a_grant_without_an_end_serves_once() -> None:
    cache, flight = TokenCache(1), object()
    cache.ask(0, flight)
    cache.stored(flight, Grant(ONE, None), 0)
    assert cache.ask(0, object())[0] is Turn.FETCH


@given(
    st.lists(st.tuples(st.sampled_from(["ask", "store", "fail", "refuse", "abandon"]), st.floats(0, 2000)), max_size=60)
)
def test_never_two_fetch_at_once_and_nothing_ended_is_used(steps: list[tuple[str, float]]) -> None:
    cache, now, flying, ends = TokenCache(300), 0.0, None, -1.0
    for step, seconds in steps:
        now += seconds
        if step == "ask":
            mine = object()
            turn, token, flight = cache.ask(now, mine)
            if turn is Turn.FETCH:
                assert flying is None
                flying = mine
            elif turn is Turn.WAIT:
                assert flight is flying
                assert now >= ends
            else:
                assert token is ONE
                assert now < ends
        elif flying is None:
            continue
        elif step == "store":
            cache.stored(flying, Grant(ONE, 1000), now)
            flying, ends = None, now + 1000
        elif step == "fail":
            assert (cache.failed(flying, now) is ONE) == (now < ends)
            flying = None
        elif step == "abandon":
            cache.abandoned(flying)
            flying = None
        else:
            cache.invalidated(ONE)
            ends = -1.0
