"""A budget's report and a retry budget's buckets, figure by figure."""

from __future__ import annotations

import pytest

from antiphon.policies.machines.budget import RetryBudget
from antiphon.policies.machines.budget_report import BudgetReport
from antiphon.policies.machines.ledger import Amount

_NONE = Amount(0, 0, 0)


def report(**changes: object) -> BudgetReport:
    return BudgetReport(
        "run", (10**9, 100, None), Amount(4 * 10**8, 30, 2), Amount(10**8, 5, 1), _NONE, _NONE, {}, "d"
    )._replace(**changes)


def test_what_is_left_is_the_limit_less_what_is_spent_and_set_aside() -> None:
    assert report().left == (0.5, 65, None)
    assert report(spent=Amount(10**9, 100, 0)).left == (0.0, 0, None)
    assert report().usd == 0.4


def test_a_report_names_what_there_is_and_nothing_else() -> None:
    text = str(report(over=Amount(0, 7, 0), flags={"missing": 2, "estimated": 1}))
    assert text.splitlines() == [
        "budget, run (prices of d)",
        "  usd      $0.400000 spent of $1.000000, $0.100000 reserved",
        "  tokens   30 spent of 100, 5 reserved, 7 over",
        "  requests 2 spent, 1 reserved",
        "  flags    estimated 1, missing 2",
    ]


def test_a_report_of_other_units_is_an_error() -> None:
    with pytest.raises(ValueError):
        _ = report(limits=(1, 2)).left


def test_the_emptiest_bucket_is_what_is_left() -> None:
    budget = RetryBudget(capacity=5, per_second=0)
    assert budget.left == 5.0
    budget.spend(0.0, "a")
    budget.spend(0.0, "a")
    budget.spend(0.0, "b")
    assert budget.left == 3.0


def test_seconds_before_the_first_question_put_nothing_back() -> None:
    budget = RetryBudget(capacity=1, per_second=1)
    assert budget.reserve(1000.0) == pytest.approx(0.0)
    assert budget.reserve(1000.0) == pytest.approx(1.0)
    assert budget.wait(1.0, 1000.0) == pytest.approx(1.0)
    assert budget.reserve(1000.0) == pytest.approx(2.0)


def test_of_very_many_endpoints_those_that_are_full_again_are_forgotten() -> None:
    budget = RetryBudget(capacity=2, per_second=0.5)
    for number in range(1023):
        budget.spend(10.0, str(number))
    budget.spend(11.5, "late")
    assert len(budget._buckets) == 1024
    budget.spend(11.9, "one more")
    assert len(budget._buckets) == 1025  # none of them is full
    budget.spend(12.0, "and another")
    assert sorted(budget._buckets) == ["and another", "late", "one more"]


def test_where_there_are_too_many_endpoints_those_that_are_full_again_are_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("antiphon.policies.machines.budget._MOST", 2)
    budget = RetryBudget(capacity=2, per_success=0, per_second=0.5)
    for now, endpoint, known in (
        (10.0, "a", ["a"]),
        (11.0, "b", ["a", "b"]),
        (11.5, "c", ["a", "b", "c"]),  # neither is full by then
        (12.0, "d", ["b", "c", "d"]),  # a is, just now
        (5.0, "e", ["b", "c", "d", "e"]),  # a clock that was set back fills none
    ):
        assert budget.spend(now, endpoint)
        assert sorted(budget._buckets) == known
