"""Plans: reproducible whatever the order, honest shares, phases over time; and the ledger of what came of it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from antiphon.emulator import Emulator, Setting
from antiphon.emulator.fault.plan import Plan, read
from antiphon.emulator.problem import Problem

from ..asking import Asking, chat

CHAT = "/v1/chat/completions"
FACTS = {"operation": "chat.completions.create", "path": CHAT}


def plan(*rules: dict[str, Any], **more: Any) -> Plan:
    return read({"rules": list(rules), **more}, seed=1, now=0.0)


def test_the_choice_does_not_depend_on_the_order() -> None:
    keys = [f"k{number}" for number in range(500)]
    rule = {"faults": ["status=500", "reset=0"], "rate": 0.3}

    def chosen(order: list[str]) -> dict[str, Any]:
        made = plan(rule)
        return {key: made.choose(0.0, key, 1, FACTS) for key in order}

    shuffled = random.Random(5).sample(keys, len(keys))
    assert chosen(keys) == chosen(shuffled)
    other = read({"rules": [rule]}, seed=2, now=0.0)
    assert chosen(keys) != {key: other.choose(0.0, key, 1, FACTS) for key in keys}


def test_a_share_of_attempts() -> None:
    made = plan({"faults": ["status=500"], "rate": 0.2})
    met = sum(made.choose(0.0, f"k{n}", attempt, FACTS) is not None for n in range(5_000) for attempt in (1, 2))
    assert 1_850 < met < 2_150
    again = [made.choose(0.0, f"k{n}", 2, FACTS) is not None for n in range(5_000)]
    both = sum(
        first is not None and second
        for first, second in zip((made.choose(0.0, f"k{n}", 1, FACTS) for n in range(5_000)), again, strict=True)
    )
    assert 130 < both < 280, "attempts of one request are drawn apart"


def test_exactly_one_fault_for_a_share_of_requests() -> None:
    kinds = [f"status={status}" for status in (500, 502, 503, 504, 429, 408, 409, 529)]
    made = plan({"faults": kinds, "rate": 0.2, "once": True})
    first = [made.choose(0.0, f"k{n}", 1, FACTS) for n in range(10_000)]
    assert 1_850 < sum(fault is not None for fault in first) < 2_150
    assert all(made.choose(0.0, f"k{n}", 2, FACTS) is None for n in range(1_000))
    shares = Counter(fault.status for fault in first if fault is not None)
    assert len(shares) == 8
    assert max(shares.values()) < 1.6 * min(shares.values())


def test_matches_counts_and_order() -> None:
    made = plan(
        {"match": {"operation": "files.*"}, "faults": ["status=500"]},
        {"match": {"path": "/v1/chat/*"}, "faults": ["status=502"], "after": 1, "times": 2},
        {"faults": ["status=503"]},
    )
    found = [made.choose(0.0, "k", 1, FACTS) for _ in range(4)]
    assert [fault.status for fault in found if fault] == [503, 502, 502, 503]
    files = made.choose(0.0, "k", 1, {"operation": "files.list", "path": "/v1/files"})
    assert files is not None
    assert files.status == 500


def test_phases_follow_each_other_and_begin_again() -> None:
    spec = {"phases": [{"seconds": 10, "rules": [{"faults": ["status=500"]}]}, {"seconds": 5, "rules": []}]}
    once, again = read(spec, seed=0, now=100.0), read(spec | {"repeat": True}, seed=0, now=100.0)
    assert [once.phase(now) for now in (100, 109.9, 110, 114.9, 115, 999)] == [0, 0, 1, 1, None, None]
    assert [again.phase(now) for now in (100, 110, 115, 125, 130)] == [0, 1, 0, 1, 0]
    assert once.choose(115.0, "k", 1, FACTS) is None
    lasting = read({"phases": [{"seconds": 1, "rules": []}, {"rules": []}]}, seed=0, now=0.0)
    assert lasting.phase(1e9) == 1


@pytest.mark.parametrize(
    "spec",
    [
        [],
        {},
        {"rules": {}},
        {"rules": [{}]},
        {"rules": [{"faults": "status=500"}]},
        {"rules": [{"faults": ["status=200"]}]},
        {"rules": [{"faults": ["status=500"], "rate": 0}]},
        {"rules": [{"faults": ["status=500"], "rate": -1e300}]},
        {"rules": [{"faults": ["status=500"], "rate": 2}]},
        {"rules": [{"faults": ["status=500"], "times": -1}]},
        {"rules": [{"faults": ["status=500"], "match": {"model": "x"}}]},
        {"rules": [{"faults": ["status=500"], "what": 1}]},
        {"rules": [], "seconds": -1},
        {"rules": [], "seed": "x"},
        {"phases": [], "what": 1},
        {"phases": [{"seconds": 1}]},
    ],
)
def test_row_72_what_no_plan_says_is_refused(spec: Any) -> None:
    with pytest.raises(Problem) as caught:
        read(spec, seed=0, now=0.0)
    assert caught.value.status == 400


@pytest.fixture
def asking() -> Iterator[Asking]:
    with Emulator(Setting(control_token="t", seed=1)) as server:
        made = Asking(server.base_url)
        yield made
        made.close()


def control(asking: Asking, verb: str, name: str, body: Any = None) -> Any:
    return asking(verb, f"/__antiphon/{name}", body, key="t").json


def test_over_the_control_plane_with_a_ledger_that_adds_up(asking: Asking) -> None:
    spec = {"rules": [{"faults": ["status=503"], "rate": 0.4}]}
    assert control(asking, "PUT", "faults", spec) == {"plan": spec, "phase": 0}
    attempts = 0
    for number in range(40):
        status = 503
        while status == 503:
            attempts += 1
            status = asking("POST", CHAT, chat("x"), headers={"X-Antiphon-Request": f"r{number}"}).status
    total = control(asking, "GET", "ledger")["total"]
    assert total == {
        "keys": 40,
        "attempts": attempts,
        "faults": attempts - 40,
        "answered": 40,
        "unanswered": 0,
        "repeated": 0,
    }
    assert attempts > 45
    each = control(asking, "GET", "ledger/all")["requests"]
    assert each["r7"]["answered"] == 1
    assert control(asking, "DELETE", "faults") == {"plan": None, "phase": None}
    assert asking("POST", CHAT, chat("x"), headers={"X-Antiphon-Request": "r0"}).status == 200
    assert control(asking, "GET", "ledger")["total"]["repeated"] == 1


def test_a_moved_clock_ends_an_outage(asking: Asking) -> None:
    outage = {"seconds": 60, "rules": [{"faults": ["status=503"]}]}
    control(asking, "PUT", "faults", {"phases": [outage, {"rules": []}]})
    assert asking("GET", "/v1/models").status == 503
    control(asking, "POST", "clock", {"advance": 61})
    assert asking("GET", "/v1/models").status == 200
    assert control(asking, "GET", "faults")["phase"] == 1
    assert asking("PUT", "/__antiphon/faults", {"rules": [{"faults": ["x"]}]}, key="t").status == 400
