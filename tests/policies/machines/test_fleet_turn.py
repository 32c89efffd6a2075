"""One thing after another in a fleet: who leaves beside a trial, pauses that overlap, and calm once all is forgiven."""

from __future__ import annotations

import pytest

from antiphon.policies.machines.ejection import Ejection
from antiphon.policies.machines.fleet import Fleet, Member

PAIR = (Member("a", 0, credential="key a", scope="a"), Member("b", 1, credential="key b", scope="b"))


def ejected() -> Fleet:
    """A fleet whose first member has been out since 0 s."""
    fleet = Fleet(PAIR, Ejection(failures=1))
    seat = fleet.choose([0], 0.0, 0.0)
    assert seat is not None
    assert fleet.fail(seat, 0.0) == 30.0
    fleet.leave(seat)
    return fleet


def test_who_was_sent_there_in_need_does_not_end_anothers_trial() -> None:
    fleet = ejected()
    trial, needy = fleet.choose([0], 31.0, 0.0), fleet.choose([0], 31.0, 0.0)
    assert trial is not None
    assert needy is not None
    assert (trial.trial, needy.trial) == (True, False)
    fleet.leave(needy)
    assert fleet.health[0].is_out(31.0), "its trial is under way"
    fleet.leave(trial)
    assert not fleet.health[0].is_out(31.0)


def test_a_trial_that_is_long_over_does_not_end_the_next_one() -> None:
    fleet = ejected()
    old = fleet.choose([0], 31.0, 0.0)
    assert old is not None
    assert fleet.fail(old, 32.0) == 60.0
    new = fleet.choose([0], 93.0, 0.0)
    assert new is not None
    assert new.trial
    fleet.leave(old)
    assert fleet.health[0].is_out(93.0)


@pytest.mark.parametrize("pauses", [(20.0, 10.0), (10.0, 20.0)])
def test_of_two_pauses_the_longer_one_holds(pauses: tuple[float, float]) -> None:
    fleet = Fleet(PAIR)
    for until in pauses:
        fleet.pause(0, until, "m")
    assert [fleet.trouble(0, now, "m") for now in (15.0, 20.0)] == ["its limit is used up", None]


def test_of_pauses_for_several_models_the_longest_is_told() -> None:
    fleet = Fleet(PAIR)
    for subject, until in (("m", 10.0), ("n", 25.0), ("o", 15.0)):
        fleet.pause(0, until, subject)
    assert fleet.state(0, 5.0)["retry_in"] == 20.0


def test_once_all_is_forgiven_there_is_nothing_to_know() -> None:
    fleet = ejected()
    assert not fleet.calm
    fleet.enable()
    assert fleet.calm
    fleet.park(0, 100.0)
    fleet.enable(0)
    assert fleet.calm


def test_a_seat_that_nobody_counts_is_taken_by_nobody() -> None:
    fleet = Fleet(PAIR, Ejection())
    seats = [fleet.pass_by(0) for _ in range(2)]
    assert seats[0] is seats[1]
    assert not seats[0].trial
    fleet.leave(seats[0])
    assert fleet.loads == [0, 0]


def test_where_no_more_may_be_out_the_one_that_failed_last_takes_the_others_place() -> None:
    fleet = ejected()
    seat = fleet.choose([1], 10.0, 0.0)
    assert seat is not None
    assert fleet.fail(seat, 10.0) == 30.0
    assert [health.until for health in fleet.health] == [None, 40.0]
