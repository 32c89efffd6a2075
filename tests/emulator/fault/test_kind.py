"""Fault specifications: read, refused, counted."""

from __future__ import annotations

import pytest

from antiphon.emulator.fault import Fault, Faults, parse
from antiphon.emulator.problem import Problem


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", Fault()),
        ("status=429;retry_after=1;times=1", Fault(status=429, retry_after=1.0, times=1)),
        (" latency = 0.5 ; pace=0.1 ;", Fault(latency=0.5, pace=0.1)),
        ("reset=0", Fault(reset=0)),
        ("truncate_sse=3;no_done;bad_json=1", Fault(truncate_sse=3, no_done=True, bad_json=1)),
        ("bad_json=3", Fault(bad_json=3)),
        ("bad_json=0", Fault()),
        ("status=500;code=x;type=y;message=z;id=7", Fault(status=500, code="x", type="y", message="z", id="7")),
    ],
)
def test_read(text: str, fault: Fault) -> None:
    assert parse(text) == fault


@pytest.mark.parametrize(
    "text",
    [
        "nonsense=1",
        "status=200",
        "status=x",
        "status",
        "latency=-1",
        "latency=1e9",
        "latency=nan",
        "reset=-1",
        "times=0",
        "no_done=maybe",
        "bad_json=-1",
        "truncate_sse=99999999999",
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(Problem) as caught:
        parse(text)
    assert (caught.value.status, caught.value.param) == (400, "X-Antiphon-Fault")


def test_problem_has_the_api_shape() -> None:
    problem = parse("status=429;retry_after=1.5").problem()
    assert problem is not None
    assert (problem.status, problem.type, problem.code) == (429, "requests", "rate_limit_exceeded")
    assert problem.headers == {"retry-after": "1.5"}
    other = parse("status=418;message=teapot").problem()
    assert other is not None
    assert (other.message, other.code, other.headers) == ("teapot", None, {})
    assert parse("latency=0").problem() is None


def test_times_count_by_key_path_and_text() -> None:
    faults = Faults()
    text = b"status=500;times=2"
    happened = [faults.ask(text, "k", "/p") is not None for _ in range(4)]
    assert happened == [True, True, False, False]
    assert faults.ask(text, "k", "/q") is not None
    assert faults.ask(text, "other", "/p") is not None
    assert faults.ask(text + b";id=2", "k", "/p") is not None
    assert faults.ask(b"status=500", "k", "/p") is not None
