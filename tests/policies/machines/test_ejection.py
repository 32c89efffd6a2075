from __future__ import annotations

import pytest

from antiphon.policies.machines.ejection import TRIAL, Ejection, Health

RULES = Ejection()


def ejected(at: float = 0.0) -> Health:
    health = Health()
    for _ in range(4):
        assert health.fail(at, RULES, room=True) is None
    assert health.fail(at, RULES, room=True) == 30
    return health


def test_five_failures_eject_for_half_a_minute() -> None:
    health = ejected()
    assert health.is_out(29.9)
    assert not health.is_out(30)


def test_five_of_ten_eject_though_never_two_in_a_row() -> None:
    health, out = Health(), None
    for _ in range(5):
        assert out is None
        health.succeed(0)
        out = health.fail(0, RULES, room=True)
    assert out == 30


def test_four_of_ten_do_not() -> None:
    health = Health()
    for n in range(100):
        if n % 10 < 4:
            assert health.fail(0, RULES, room=True) is None
        else:
            health.succeed(0)


def test_without_room_it_stays() -> None:
    health = Health()
    assert [health.fail(0, RULES, room=False) for _ in range(20)] == [None] * 20
    assert health.fail(0, RULES, room=True) == 30


def test_each_ejection_is_longer_up_to_five_minutes() -> None:
    health, now, lengths = ejected(), 30.0, list[float]()
    for _ in range(12):
        assert health.begin(now)
        length = health.fail(now, RULES, room=True)
        assert length is not None
        lengths.append(length)
        now += length
    assert lengths == [60, 90, 120, 150, 180, 210, 240, 270, 300, 300, 300, 300]


def test_good_times_make_up_for_bad_ones() -> None:
    health = ejected()
    assert health.begin(30)
    assert health.succeed(30)
    for _ in range(4):
        health.fail(70, RULES, room=True)
    assert health.fail(70, RULES, room=True) == 30


def test_who_came_back_lately_has_less_credit_and_stays_away_longer() -> None:
    health, told = ejected(), list[list[float | None]]()
    for now in (40.0, 41.0, 42.0):
        health.succeed(now)
        told.append([health.fail(now, RULES, room=True) for _ in range(2)])
    assert told == [[None, 60], [90, None], [120, None]]


def test_times_that_count_have_an_end() -> None:
    health = ejected()
    for _ in range(1000):
        health.succeed(1)
        health.fail(1, RULES, room=True)
    assert health.times == 10
    health.succeed(2)
    assert [health.fail(302, RULES, room=True) for _ in range(5)] == [None] * 4 + [30]


def test_a_failure_that_kept_its_request_waiting_is_known_as_such() -> None:
    health = Health()
    for began, slow in ((None, False), (8.0, True), (9.5, False)):
        health.fail(10, RULES, room=True, began=began)
        assert health.slow is slow


def test_one_is_on_trial_and_the_others_wait() -> None:
    health = ejected()
    assert health.begin(30)
    assert health.is_out(30)
    assert not health.begin(30)


def test_a_trial_that_told_nothing_makes_room_for_the_next() -> None:
    health = ejected()
    health.begin(30)
    health.leave()
    assert health.begin(31)


def test_a_trial_that_is_lost_stands_in_nobodys_way_for_ever() -> None:
    health = ejected()
    health.begin(30)
    assert health.is_out(30 + TRIAL - 1)
    assert health.begin(30 + TRIAL)


def test_a_success_in_need_brings_it_back_before_its_time() -> None:
    health = ejected()
    generation = health.generation
    assert health.succeed(1)
    assert not health.is_out(1)
    assert health.generation != generation


def test_failures_while_it_is_out_change_nothing() -> None:
    health = ejected()
    assert [health.fail(n, RULES, room=True) for n in range(29)] == [None] * 29
    assert not health.is_out(30)


def test_it_can_be_taken_back() -> None:
    health = ejected()
    generation = health.generation
    health.restore()
    assert not health.is_out(0)
    assert health.spotless
    assert health.generation != generation  # what began before is no news


def test_a_success_where_all_is_well_brings_nobody_back() -> None:
    assert not Health().succeed(0)


@pytest.mark.parametrize(("targets", "room"), [(1, 0), (2, 1), (3, 1), (4, 2), (5, 2)])
def test_half_may_be_out_and_never_all(targets: int, room: int) -> None:
    assert RULES.room(targets) == room
    assert RULES._replace(most=1.0).room(targets) == targets - 1


def test_below_half_it_panics() -> None:
    assert [RULES.panics(well, 4) for well in range(5)] == [True, True, False, False, False]
