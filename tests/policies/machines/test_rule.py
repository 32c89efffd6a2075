"""The tables as tables: which line decides over which facts, and where a user's own words come in."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from antiphon.errors import (
    APIConnectionError,
    ConnectError,
    ConnectTimeout,
    DeadlineExceeded,
    PoolTimeout,
    ProtocolError,
    ReadTimeout,
    TLSError,
    TruncatedBody,
)
from antiphon.policies.machines.course import UNBOUNDED, Course
from antiphon.policies.machines.rule import (
    BUSY_CODES,
    OFFICIAL_RULES,
    QUOTA_CODES,
    RELIABLE_RULES,
    Facts,
    Rule,
    Rules,
    table,
)

OFFICIAL: list[tuple[Facts, str]] = [
    *[(Facts(status), "retry") for status in (408, 409, 429, 500, 501, 502, 503, 504, 505, 529, 599, 999)],
    *[(Facts(status), "stop") for status in (400, 401, 403, 404, 405, 413, 415, 422, 451, 499)],
    *[(Facts(429, code), "stop") for code in sorted(QUOTA_CODES)],
    (Facts(429, "rate_limit_exceeded"), "retry"),
    (Facts(503, told="false"), "stop"),
    (Facts(400, told="true"), "retry"),
    (Facts(429, "insufficient_quota", told="true"), "retry"),
    (Facts(503, told="true", too_long=True), "stop"),
    *[(Facts(failure=kind, sent="maybe"), "retry") for kind in (APIConnectionError, ReadTimeout, ProtocolError)],
    *[(Facts(failure=kind, sent="no"), "retry") for kind in (ConnectError, ConnectTimeout, PoolTimeout)],
    *[(Facts(failure=kind), "stop") for kind in (TLSError, DeadlineExceeded)],
]

RELIABLE: list[tuple[Facts, str]] = [
    *[(Facts(status), "retry") for status in (408, 409, 429, 500, 502, 503, 504, 520, 529, 999)],
    *[(Facts(status), "stop") for status in (400, 401, 403, 404, 405, 413, 415, 422, 501, 505)],
    *[(Facts(429, code), "stop") for code in sorted(QUOTA_CODES)],
    *[(Facts(503, code), "retry") for code in sorted(BUSY_CODES)],
    (Facts(429, too_large=True), "stop"),
    (Facts(429, too_large=True, told="true"), "stop"),
    (Facts(503, told="false"), "stop"),
    (Facts(400, told="true"), "retry"),
    (Facts(503, too_long=True), "stop"),
    (Facts(200, malformed=True), "once"),
    (Facts(200, "server_error"), "retry"),
    (Facts(200, "insufficient_quota"), "stop"),
    (Facts(200, "invalid_request_error"), "stop"),
    (Facts(502, unsafe=True), "stop"),
    (Facts(502, told="true", unsafe=True), "retry"),
    (Facts(failure=ReadTimeout, sent="maybe"), "retry"),
    (Facts(failure=ReadTimeout, sent="maybe", unsafe=True), "stop"),
    (Facts(failure=TruncatedBody, sent="maybe"), "retry"),
    (Facts(failure=ProtocolError, sent="maybe"), "once"),
    *[(Facts(failure=kind, sent="no"), "free") for kind in (ConnectError, ConnectTimeout, PoolTimeout)],
    *[(Facts(failure=kind, sent="no"), "stop") for kind in (TLSError, DeadlineExceeded)],
]


@pytest.mark.parametrize(("facts", "verdict"), OFFICIAL)
def test_the_official_table(facts: Facts, verdict: str) -> None:
    assert OFFICIAL_RULES.judge(facts).verdict == verdict


@pytest.mark.parametrize(("facts", "verdict"), RELIABLE)
def test_the_reliable_table(facts: Facts, verdict: str) -> None:
    assert RELIABLE_RULES.judge(facts).verdict == verdict


def test_a_busy_server_is_given_more_time() -> None:
    busy = [Facts(429), Facts(429, "rate_limit_exceeded"), Facts(503, "slow_down"), Facts(503, "server_is_overloaded")]
    assert all(RELIABLE_RULES.judge(facts).throttle for facts in busy)
    assert not any(RELIABLE_RULES.judge(Facts(status)).throttle for status in (500, 503, 408))
    assert not any(rule.throttle for rule in OFFICIAL_RULES)


@pytest.mark.parametrize("rules", [OFFICIAL_RULES, RELIABLE_RULES])
def test_what_a_user_names_stands_in_place_of_all_that_is_not_firm(rules: Rules) -> None:
    assert not rules.judge(Facts(418), named=True).stops
    assert rules.judge(Facts(503), named=False).stops
    assert rules.judge(Facts(429, "insufficient_quota"), named=True).stops
    assert rules.judge(Facts(503, too_long=True), named=True).stops
    assert rules.judge(Facts(503, told="false"), named=True).stops
    assert rules.judge(Facts(503, told="true"), named=False).stops
    assert not rules.judge(Facts(failure=TLSError), named=True).stops
    assert rules.judge(Facts(failure=DeadlineExceeded), named=True).stops


def test_what_can_never_fit_or_was_perhaps_carried_out_is_named_in_vain() -> None:
    assert RELIABLE_RULES.judge(Facts(429, too_large=True), named=True).stops
    assert RELIABLE_RULES.judge(Facts(502, unsafe=True), named=True).stops


def test_a_users_own_lines_go_first() -> None:
    mine = RELIABLE_RULES.led_by(Rule("stop", "ours", statuses={503}), Rule("retry", "too", codes={"odd"}))
    assert [mine.judge(facts).reason for facts in (Facts(503), Facts(400, "odd"), Facts(500))] == [
        *("ours", "too", "the server failed")
    ]
    assert len(mine) == len(RELIABLE_RULES) + 2
    assert not mine.official
    assert OFFICIAL_RULES.led_by(Rule("stop", "x")).official
    assert RELIABLE_RULES.judge(Facts(503)).reason == "the server failed"


def test_all_conditions_of_a_line_must_hold() -> None:
    rule = Rule("stop", "x", statuses={503}, codes={"a"}, told="true")
    assert rule.fits(Facts(503, "a", told="true"))
    for facts in (Facts(502, "a", told="true"), Facts(503, "b", told="true"), Facts(503, "a"), Facts()):
        assert not rule.fits(facts)
    assert Rule("retry", "x", failures={APIConnectionError}).fits(Facts(failure=ReadTimeout))
    assert not Rule("retry", "x", failures={ReadTimeout}).fits(Facts(failure=APIConnectionError))
    assert not Rule("retry", "x", sent="no").fits(Facts(sent="maybe"))


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"verdict": "maybe"}, ValueError),
        ({"sent": "yes"}, ValueError),
        ({"told": "1"}, ValueError),
        ({"fact": "status"}, ValueError),
        ({"statuses": 503}, TypeError),
        ({"codes": "slow_down"}, TypeError),
        ({"failures": ReadTimeout}, TypeError),
        ({"status": {503}}, TypeError),
    ],
)
def test_a_line_that_cannot_be_right(options: dict[str, Any], kind: type[Exception]) -> None:
    with pytest.raises(kind):
        arguments: dict[str, Any] = {"verdict": "retry", "reason": "x", **options}
        Rule(**arguments)


def test_a_table_is_made_of_lines_and_travels() -> None:
    with pytest.raises(TypeError, match="Rule"):
        table(["retry"])  # type: ignore[list-item]
    assert table(RELIABLE_RULES) is RELIABLE_RULES
    mine = table([Rule("retry", "all", statuses={500})])
    assert (repr(mine), mine.official, repr(RELIABLE_RULES)) == ("1 rules", False, "RELIABLE_RULES")
    other = pickle.loads(pickle.dumps(RELIABLE_RULES))
    assert [other.judge(facts).verdict for facts, _ in RELIABLE] == [verdict for _, verdict in RELIABLE]
    assert repr(Rule("stop", "x", statuses={503}, firm=True)) == (
        "Rule(firm=True, reason='x', statuses={503}, verdict='stop')"
    )


FREE, ONCE, AGAIN = Rule("free", "f"), Rule("once", "o"), Rule("retry", "r")


def test_the_first_free_attempt_counts_for_none() -> None:
    course = Course(1)
    assert course.objection(FREE, "a") is None
    assert course.is_free
    course.go()
    assert (course.taken, course.is_spent) == (0, False)
    assert course.objection(FREE, "a") is None
    assert not course.is_free
    course.go()
    assert course.taken == 1
    assert course.objection(FREE, "a") == course.objection(AGAIN, "a") == "no retries are left"


def test_no_retries_allowed_leaves_the_free_one() -> None:
    course = Course(0)
    assert course.objection(AGAIN, "a") is not None
    assert course.objection(FREE, "a") is None


def test_once_is_once_at_each_endpoint_unless_one_is_patient() -> None:
    course, patient = Course(9), Course(UNBOUNDED, patient=True)
    assert course.objection(ONCE, "a") is None
    assert course.objection(ONCE, "b") is None
    assert course.objection(ONCE, "a") == "o, again"
    assert course.objection(Rule("once", "another"), "a") is None
    assert [patient.objection(ONCE, "a") for _ in range(3)] == [None] * 3
