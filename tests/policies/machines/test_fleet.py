from __future__ import annotations

import threading
from collections.abc import Collection

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from antiphon.policies.machines.ejection import TRIAL, Ejection
from antiphon.policies.machines.fleet import FOREVER, MOST, PARKED, Fleet, Member, Seat

RULES = Ejection()
PAIR = (Member("a", 0), Member("b", 1))


def chosen(fleet: Fleet, allowed: Collection[int], now: float = 0.0, random: float = 0.0, **more: str) -> str | None:
    seat = fleet.choose(allowed, now, random, **more)
    if seat is None:
        return None
    fleet.leave(seat)
    return fleet.members[seat.member].name


def beat(fleet: Fleet, member: int, times: int = 5, now: float = 0.0) -> None:
    for _ in range(times):
        seat = fleet.choose([member], now, 0.0)
        assert seat is not None
        fleet.fail(seat, now)
        fleet.leave(seat)


def test_the_lowest_group_goes_first() -> None:
    fleet = Fleet([Member("last", 9), Member("first", -1), Member("middle", 0)])
    assert chosen(fleet, [0, 1, 2]) == "first"
    assert chosen(fleet, [0, 2]) == "middle"
    assert chosen(fleet, []) is None
    assert (fleet.first, fleet.groups, fleet.draws) == (1, 3, False)
    pair = Fleet([Member("a"), Member("b"), Member("c", 1)])
    assert (pair.first, pair.groups, pair.draws) == (None, 2, True)


def test_within_a_group_the_less_busy_of_two() -> None:
    fleet = Fleet([Member("a"), Member("b")])
    seats = [fleet.choose([0, 1], 0.0, 0.0) for _ in range(4)]
    assert [seat.member for seat in seats if seat] == [0, 1, 0, 1]
    assert fleet.loads == [2, 2]


def test_a_key_stays_with_its_member_however_busy_and_goes_to_the_next_when_it_is_out() -> None:
    fleet = Fleet([Member("a"), Member("b"), Member("c")], RULES)
    names = {chosen(fleet, [0, 1, 2], key="chapter 1", random=n / 10) for n in range(10)}
    assert len(names) == 1
    home = [member.name for member in fleet.members].index(names.pop() or "")
    beat(fleet, home)
    elsewhere = {chosen(fleet, [0, 1, 2], 1.0, key="chapter 1", random=n / 10) for n in range(10)}
    assert len(elsewhere) == 1
    assert fleet.members[home].name not in elsewhere
    assert chosen(fleet, [0, 1, 2], 30.0, key="chapter 1") == fleet.members[home].name


def test_who_is_ejected_is_passed_over_but_asked_in_need() -> None:
    fleet = Fleet(PAIR, RULES)
    beat(fleet, 0)
    assert not fleet.calm
    assert chosen(fleet, [0, 1], 1.0) == "b"
    assert chosen(fleet, [0], 1.0) == "a"


def test_not_more_than_half_are_ejected() -> None:
    fleet = Fleet([Member(str(n)) for n in range(4)], RULES)
    for n in range(4):
        beat(fleet, n)
    assert sum(health.until is not None for health in fleet.health) == 2


def test_where_no_more_may_be_out_the_one_that_has_been_out_longest_comes_back() -> None:
    fleet = Fleet([Member("a"), Member("b"), Member("c"), Member("d")], RULES)
    beat(fleet, 0, now=1.0)
    beat(fleet, 1, now=2.0)
    beat(fleet, 2, now=3.0)
    assert [fleet.trouble(n, 3.0) for n in range(4)] == [None, "it is ejected", "it is ejected", None]
    beat(fleet, 0, 2, now=4.0)  # who was out before needs fewer
    assert [fleet.trouble(n, 4.0) for n in range(4)] == ["it is ejected", None, "it is ejected", None]


def test_nobody_comes_back_for_one_that_was_out_already() -> None:
    fleet = Fleet([Member("a"), Member("b"), Member("c"), Member("d")], RULES)
    beat(fleet, 0, now=1.0)
    beat(fleet, 1, now=20.0)
    trial = fleet.choose([0], 32.0, 0.0)
    assert trial is not None
    assert trial.trial
    assert fleet.fail(trial, 32.0) == 60
    assert [fleet.trouble(n, 32.0) for n in range(4)] == ["it is ejected", "it is ejected", None, None]


def test_what_is_held_against_whatever_somebody_asks_for_has_an_end() -> None:
    fleet = Fleet(PAIR, RULES)
    for n in range(MOST + 10):
        assert fleet.park(0, FOREVER, f"model {n}")
        fleet.pause(1, 1000.0, f"model {n}")
    assert (len(fleet._parked), len(fleet._pauses)) == (MOST, MOST)
    assert [fleet.trouble(0, 1.0, f"model {n}") for n in (9, 10, MOST + 9)] == [None, PARKED, PARKED]
    assert not fleet.park(0, FOREVER, f"model {MOST + 9}")
    assert fleet.trouble(0, 1.0, "model 10") == PARKED


def test_one_that_keeps_callers_waiting_comes_back_after_its_time_only() -> None:
    fleet = Fleet(PAIR, RULES)
    beat(fleet, 0)
    waits = fleet.choose([0], 30.0, 0.0)
    assert waits is not None
    assert fleet.fail(waits, 35.0) == 60
    fleet.leave(waits)
    beat(fleet, 1, 10, now=36.0)
    assert chosen(fleet, [0, 1], 36.0) == "b"


def test_a_fleet_of_one_is_never_ejected() -> None:
    fleet = Fleet([Member("a")], RULES)
    beat(fleet, 0, 50)
    assert fleet.calm
    assert chosen(fleet, [0]) == "a"


def test_below_half_that_are_well_ejections_are_ignored() -> None:
    fleet = Fleet([Member("a"), Member("b", credential="b"), Member("c", credential="c")], RULES)
    beat(fleet, 0)
    fleet.park(1, FOREVER)
    assert {chosen(fleet, [0, 1, 2], 1.0, n / 10) for n in range(10)} == {"a", "c"}


def test_row_27_a_parked_credential_is_not_used_even_in_need() -> None:
    fleet = Fleet([Member("a", credential="k"), Member("b", credential="k"), Member("c", 1, credential="other")])
    assert fleet.park(0, FOREVER)
    assert not fleet.park(1, FOREVER)  # told once
    assert chosen(fleet, [0, 1, 2], 1e9) == "c"
    assert chosen(fleet, [0, 1], 1e9) is None
    fleet.enable(1)
    assert chosen(fleet, [0]) == "a"
    assert fleet.calm


def test_row_25_a_parked_credential_is_used_again_after_its_time() -> None:
    fleet = Fleet([Member("a"), Member("b", 1, credential="b")])
    fleet.park(0, 600.0, own="k")
    assert [chosen(fleet, [0, 1], now, own="k") for now in (0.0, 599.9, 600.0)] == ["b", "b", "a"]
    assert fleet.calm


def test_the_own_credential_is_parked_for_those_who_use_it() -> None:
    fleet = Fleet([Member("a"), Member("b", 1, credential="b")])
    fleet.park(0, FOREVER, own="old key")
    assert chosen(fleet, [0, 1], own="old key") == "b"
    assert chosen(fleet, [0, 1], own="new key") == "a"
    fleet.enable(0)
    assert chosen(fleet, [0, 1], own="old key") == "a"


def test_what_may_not_be_done_is_parked_alone() -> None:
    fleet = Fleet([Member("a", credential="a"), Member("b", 1, credential="b")])
    fleet.park(0, FOREVER, "images.generate gpt-image-1")
    assert chosen(fleet, [0, 1], subject="images.generate gpt-image-1") == "b"
    assert chosen(fleet, [0, 1], subject="responses.create gpt-5.5") == "a"


def test_who_pauses_is_asked_when_all_pause_the_soonest_first() -> None:
    fleet = Fleet([Member("a", 0, scope="a"), Member("b", 1, scope="b"), Member("c", 2, scope="a")])
    fleet.pause(0, 20.0)
    assert chosen(fleet, [0, 1, 2]) == "b"
    fleet.pause(1, 10.0)
    assert chosen(fleet, [0, 1, 2]) == "b"
    assert chosen(fleet, [0, 1, 2], 20.0) == "a"
    assert fleet.calm


def test_trouble_has_a_name() -> None:
    fleet = Fleet(
        [Member("a", credential="a", scope="a"), Member("b", credential="b", scope="b"), Member("c"), Member("d")],
        RULES,
    )
    fleet.park(0, FOREVER)
    fleet.pause(1, 5.0)
    beat(fleet, 2)
    told = [fleet.trouble(n, 1.0) for n in range(4)]
    assert told == ["its credential is parked", "its limit is used up", "it is ejected", None]


def test_what_comes_late_from_before_the_ejection_changes_nothing() -> None:
    fleet = Fleet(PAIR, RULES)
    slow = fleet.choose([0], 0.0, 0.0)
    assert slow is not None
    beat(fleet, 0)
    assert not fleet.succeed(slow, 1.0)
    assert chosen(fleet, [0, 1], 1.0) == "b"
    assert fleet.fail(slow, 31.0) is None


def test_a_seat_is_given_back_once() -> None:
    fleet = Fleet(PAIR)
    seat = fleet.choose([0], 0.0, 0.0)
    assert seat is not None
    fleet.leave(seat)
    fleet.leave(seat)
    assert fleet.loads == [0, 0]


def test_a_seat_that_nobody_counts_is_given_back_to_nobody() -> None:
    fleet = Fleet(PAIR, RULES)
    seat = fleet.pass_by(0)
    assert seat is fleet.pass_by(0)
    assert fleet.pass_by(1).member == 1
    fleet.leave(seat)
    assert fleet.loads == [0, 0]
    beat(fleet, 0)
    assert not fleet.succeed(seat, 1.0)
    assert fleet.pass_by(0).generation != seat.generation


def test_a_trial_that_told_nothing_is_the_next_ones() -> None:
    fleet = Fleet(PAIR, RULES)
    beat(fleet, 0)
    trial = fleet.choose([0, 1], 30.0, 0.0)
    assert trial is not None
    assert trial.member == 0
    assert chosen(fleet, [0, 1], 31.0) == "b"
    fleet.leave(trial)
    assert chosen(fleet, [0, 1], 31.0) == "a"


def test_whoever_is_enabled_is_back_from_its_ejection_too() -> None:
    fleet = Fleet(PAIR, RULES)
    beat(fleet, 0)
    fleet.enable(1)
    assert chosen(fleet, [0, 1], 1.0) == "b"
    fleet.enable(0)
    assert chosen(fleet, [0, 1], 1.0) == "a"


def test_a_check_heals_the_ejection_it_was_begun_for() -> None:
    fleet = Fleet(PAIR, RULES)
    beat(fleet, 0)
    fleet.heal(0, fleet.health[0].generation - 1, 1.0)
    assert chosen(fleet, [0, 1], 1.0) == "b"
    fleet.heal(0, fleet.health[0].generation, 1.0)
    assert chosen(fleet, [0, 1], 1.0) == "a"
    assert fleet.calm


def test_many_threads_leave_no_seat_behind() -> None:
    fleet = Fleet([Member(str(n)) for n in range(3)], RULES)

    def work(number: int) -> None:
        for n in range(300):
            seat = fleet.choose([0, 1, 2], float(n), (n * number % 97) / 97)
            assert seat is not None
            (fleet.fail if n % 5 == 0 else fleet.succeed)(seat, float(n))
            fleet.leave(seat)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert fleet.loads == [0, 0, 0]


class Fleets(RuleBasedStateMachine):
    """Requests come, go, fail and are dropped, in any order, at any time."""

    seats: Bundle[Seat] = Bundle("seats")

    def __init__(self) -> None:
        super().__init__()
        self.fleet = Fleet(
            [
                Member("a", 0, 1.0, "a", "a"),
                Member("b", 0, 3.0, "b", "a"),
                Member("c", 1, 1.0, "b", "c"),
                Member("d", 2, 1.0, "d", "d"),
            ],
            RULES,
        )
        self.now = 0.0
        self.under_way = [0, 0, 0, 0]
        self.parked: dict[str, float] = {}

    @rule(seconds=st.sampled_from([0.0, 0.1, 5.0, 30.0, 400.0]))
    def pass_time(self, seconds: float) -> None:
        self.now += seconds

    @rule(target=seats, allowed=st.sets(st.integers(0, 3), min_size=1), random=st.floats(0, 1, exclude_max=True))
    def choose(self, allowed: set[int], random: float) -> Seat:
        seat = self.fleet.choose(allowed, self.now, random)
        usable = [n for n in allowed if self.parked.get(self.fleet.members[n].credential, 0.0) <= self.now]
        if seat is None:
            assert not usable
            return Seat(0, -1, False)  # nobody's
        assert seat.member in usable
        self.under_way[seat.member] += 1
        return seat

    def _end(self, seat: Seat) -> None:
        if seat.generation >= 0:
            self.fleet.leave(seat)
            self.under_way[seat.member] -= 1

    @rule(seat=consumes(seats))
    def succeed(self, seat: Seat) -> None:
        self.fleet.succeed(seat, self.now)
        self._end(seat)

    @rule(seat=consumes(seats))
    def fail(self, seat: Seat) -> None:
        out = self.fleet.fail(seat, self.now)
        assert out is None or 30 <= out <= 300
        self._end(seat)

    @rule(seat=consumes(seats))
    def drop(self, seat: Seat) -> None:
        self._end(seat)

    @rule(member=st.integers(0, 3), seconds=st.sampled_from([1.0, 600.0, FOREVER]))
    def park(self, member: int, seconds: float) -> None:
        credential = self.fleet.members[member].credential
        self.fleet.park(member, self.now + seconds)
        self.parked[credential] = max(self.parked.get(credential, 0.0), self.now + seconds)

    @rule(member=st.integers(0, 3))
    def pause(self, member: int) -> None:
        self.fleet.pause(member, self.now + 5)

    @rule(member=st.integers(0, 3))
    def enable(self, member: int) -> None:
        self.fleet.enable(member)
        self.parked.pop(self.fleet.members[member].credential, None)

    @invariant()
    def loads_are_what_is_under_way(self) -> None:
        assert self.fleet.loads == self.under_way

    @invariant()
    def at_most_half_are_out(self) -> None:
        assert sum(health.until is not None for health in self.fleet.health) <= 2

    @invariant()
    def a_calm_fleet_holds_nothing_against_anybody(self) -> None:
        if self.fleet.calm:
            assert [self.fleet.trouble(n, self.now) for n in range(4)] == [None] * 4

    def teardown(self) -> None:
        # From wherever it is, a fleet whose members are well comes back to calm.
        self.fleet.enable()
        later = self.now + 300 + TRIAL
        for n in range(4):
            seat = self.fleet.choose([n], later, 0.0)
            assert seat is not None
            self.fleet.succeed(seat, later)
            self.fleet.leave(seat)
        self.fleet.choose([0], later, 0.0)
        assert self.fleet.calm


Fleets.TestCase.settings = settings(derandomize=True, deadline=None, max_examples=60, stateful_step_count=40)
TestFleets = Fleets.TestCase
