"""What the presets are, number by number: whoever changes one changes what users rely on."""

from __future__ import annotations

import pytest

from antiphon.policies import Policy
from antiphon.policies.chain import explain, fold, only_failures, ordered
from antiphon.policies.deadline import Deadline
from antiphon.policies.policy import PRESETS
from antiphon.policies.retry import Retry


def test_nothing_is_nothing() -> None:
    assert Policy.none().policies == []
    assert repr(Policy.none()) == "Policy()"


@pytest.mark.parametrize(
    ("preset", "figures"),
    [
        ("interactive", ["first_byte=60,", "total=120,", "max_retries=2,"]),
        ("production", ["max_retries=2,", "max_concurrency=256,"]),
        (
            "bulk",
            [
                *("as often as it takes", "patient"),
                *("max_concurrency=64,", "queue=100000, queue_timeout=3600 s", "compartment=bulk"),
                *("waits <= 86400 s, queue=100000",),
            ],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_presets_show_their_figures(preset: str, figures: list[str]) -> None:
    told = explain(PRESETS[preset]().policies)
    assert [figure for figure in figures if figure not in told] == []


def test_what_differs_between_presets() -> None:
    interactive, production, bulk = Policy.interactive(), Policy.production(), Policy.bulk()
    assert interactive.bulkhead is interactive.rate_limit is None
    assert production.timeouts is not None
    assert bulk.retry is not None
    assert bulk.retry.patient
    assert not production.retry.patient  # type: ignore[union-attr]
    assert bulk.timeouts.total is None  # type: ignore[union-attr]
    assert interactive.timeouts.total == 120  # type: ignore[union-attr]
    assert interactive.timeouts.first_byte == 60  # type: ignore[union-attr]
    assert all(each.retry.first_event for each in (interactive, production, bulk))  # type: ignore[union-attr]


def test_what_is_replaced_leaves_the_rest_as_it_was() -> None:
    policy = Policy.production()
    other = policy.replace(bulkhead=None)
    assert other.bulkhead is None
    assert other.circuit_breaker is policy.circuit_breaker
    assert policy.bulkhead is not None


def test_a_policy_shows_the_parts_it_has_and_no_other() -> None:
    assert repr(Policy(retry=Retry(1))) == f"Policy(retry={Retry(1)!r})"


@pytest.mark.parametrize(
    ("wrong", "advice"),
    [
        (Policy.production(), "stands alone"),
        ([Retry(1)], "without a list"),
        ((Retry(1),), "without a list"),
        (Retry, "pass an instance"),
        (3, "pass an instance"),
    ],
)
def test_what_is_no_policy_is_refused_with_advice(wrong: object, advice: str) -> None:
    with pytest.raises(TypeError, match=advice):
        fold([wrong])  # type: ignore[list-item]


def test_a_policy_without_a_place_stays_with_the_one_before_it() -> None:
    def own(request: object, forward: object) -> object:
        return forward

    retry, deadline = Retry(1), Deadline(3)
    assert ordered([own, retry, deadline]) == [own, deadline, retry]  # type: ignore[list-item]
    assert ordered([retry, own, deadline]) == [deadline, retry, own]  # type: ignore[list-item]


def test_a_chain_judges_failures_only_if_all_of_it_does() -> None:
    class Says:
        only_failures = True

        async def __call__(self, request: object, forward: object) -> object:
            return request

    class Derived(Says):
        async def __call__(self, request: object, forward: object) -> object:
            return request

    plain, own = Derived(), Derived()
    own.only_failures = True
    assert only_failures([Says(), Says()])  # type: ignore[list-item]
    assert not only_failures([Says(), plain])  # type: ignore[list-item]
    assert only_failures([own])  # type: ignore[list-item]
    own.only_failures = False
    assert not only_failures([own])  # type: ignore[list-item]
