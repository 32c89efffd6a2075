"""One limit of a provider: what is said, what is told, and what is left of it."""

from __future__ import annotations

import pytest

from antiphon.policies.machines.limit import DAY, MINUTE, Limit, Terms


def test_what_is_only_believed_is_used_in_part() -> None:
    limit = Limit("requests", 0, MINUTE, Terms(), said=600)
    assert limit.rate == pytest.approx(9.5)
    assert limit.burst == pytest.approx(9.5 * 5)
    assert Limit("tokens", 1, MINUTE, Terms(), said=600).burst == pytest.approx(9.5 * 10)


@pytest.mark.parametrize(
    ("said", "told", "synced", "strict", "rate"),
    [
        (None, 600, False, False, 9.5),
        (None, 600, True, False, 10.0),
        (None, 600, True, True, 9.5),
        (600, 600, True, False, 10.0),
        (300, 600, True, False, 4.75),
        (900, 600, True, False, 10.0),
        (900, 600, False, False, 9.5),
    ],
)
def test_the_smaller_limit_holds_and_the_server_is_trusted_once_it_tells_how_much_is_left(
    said: float | None, told: float, synced: bool, strict: bool, rate: float
) -> None:
    limit = Limit("requests", 0, MINUTE, Terms(strict=strict), said=said)
    limit.tell(told)
    if synced:
        limit.sync(0.0)
    assert limit.rate == pytest.approx(rate)
    assert limit.most == min(said or 1e9, told)


def test_a_new_limit_holds_at_once() -> None:
    limit = Limit("requests", 0, MINUTE, Terms())
    limit.tell(600)
    limit.sync(0.0)
    limit.tell(60)
    assert limit.rate == pytest.approx(1.0)
    assert limit.most == 60


def test_more_than_the_whole_limit_waits_for_ever() -> None:
    limit = Limit("tokens", 1, MINUTE, Terms(), said=600)
    assert limit.wait(600, 0.0) <= 0
    assert limit.wait(601, 0.0) == float("inf")


def test_what_others_use_is_waited_for() -> None:
    limit = Limit("requests", 0, MINUTE, Terms())
    limit.tell(600)
    limit.sync(100.0 + 29.0)
    assert limit.wait(1, 100.0) <= 0
    limit.take(10, 100.0)
    assert limit.wait(1, 100.0) == pytest.approx(0.1), "what was sent since is counted; half of the bucket is used"
    limit.sync(100.0)
    assert limit.wait(1, 100.0) <= 0


def test_where_others_take_all_a_twentieth_of_the_rate_is_kept() -> None:
    limit = Limit("requests", 0, MINUTE, Terms())
    limit.tell(600)
    sent, now = 0, 0.0
    while now < 60:
        limit.sync(now + 50.0)  # whatever this one does, the server's bucket stays so far from full
        wait = limit.wait(1, now)
        if wait <= 1e-6:
            limit.take(1, now)
            sent += 1
        now += 0.1
    assert 28 <= sent <= 32
    limit.sync(now + 59.9)
    assert limit.wait(1, now + 10) <= 0
    assert limit.wait(1, now + 2) > 0, "the server would refuse"


def test_a_days_worth_may_be_used_at_any_hour() -> None:
    limit = Limit("requests per day", 0, DAY, Terms(), said=200)
    for _ in range(190):
        assert limit.wait(1, 0.0) <= 0
        limit.take(1, 0.0)
    assert limit.wait(1, 0.0) == pytest.approx(DAY / 190)


def test_a_day_the_server_tells_of_is_used_to_its_end() -> None:
    limit = Limit("requests per day", 0, DAY, Terms())
    limit.tell(200)
    limit.sync(DAY - 10 * DAY / 200)
    for _ in range(10):
        assert limit.wait(1, 0.0) <= 1e-6
        limit.take(1, 0.0)
    assert limit.wait(1, 0.0) == pytest.approx(DAY / 200)


def test_settling_is_not_believed_of_the_server() -> None:
    limit = Limit("tokens", 1, MINUTE, Terms())
    limit.tell(6000)
    limit.sync(0.0)
    limit.take(1000, 0.0)
    server = limit.server_full
    limit.settle(900)
    assert limit.server_full == server
    assert limit.full == pytest.approx(1.0)
    limit.settle(-100)
    assert limit.server_full == pytest.approx(server + 1)
