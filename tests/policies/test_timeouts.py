"""Timeouts, stepped by hand: what they set on a request, and what they refuse to be told."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from antiphon.core.call import Call, Operation
from antiphon.core.omit import not_given
from antiphon.core.request import Request
from antiphon.core.timeout import DEFAULT_TIMEOUT, Phases, Timeout
from antiphon.policies.chain import send
from antiphon.policies.deadline import Deadline
from antiphon.policies.timeouts import Timeouts

from .stepping import Script, reply, request

CALL = Operation("responses.create", "POST", "/responses", body="json")


def asked(policy: Any, **changes: Any) -> Request:
    """The request as it went out."""
    script = Script([reply()])
    script.run(policy(request(**{"timeout": DEFAULT_TIMEOUT, **changes}), send))
    return script.sent[0]


def phases(timeout: Timeout) -> tuple[float | None, ...]:
    return (*timeout.as_dict().values(), timeout.body, timeout.first_event, timeout.silent)


def test_the_defaults() -> None:
    assert phases(asked(Timeouts()).timeout) == (5, 600, 60, 10, 120, None, None)
    assert phases(asked(Timeouts(), events=True).timeout) == (5, 120, 60, 10, 120, 120, 300)
    assert asked(Timeouts()).deadline == 100.0 + 900


def test_none_is_no_bound() -> None:
    nothing = Timeouts(
        connect=None,
        pool=None,
        write=None,
        first_byte=None,
        stream_first_event=None,
        idle=None,
        total=None,
        max_silent=None,
    )
    for events in (False, True):
        made = asked(nothing, events=events)
        assert phases(made.timeout) == (None,) * 7
        assert made.deadline is None
    assert repr(nothing) == "Timeouts()"
    assert not nothing.bounds_streams


@pytest.mark.parametrize("named", ["stream_first_event", "max_silent"])
def test_one_bound_of_streams_is_enough_to_bound_them(named: str) -> None:
    bounds: dict[str, Any] = {"stream_first_event": None, "max_silent": None, named: 3}
    assert Timeouts(**bounds).bounds_streams


def test_the_first_event_comes_after_the_first_byte() -> None:
    assert asked(Timeouts(first_byte=30), events=True).timeout.read == 30
    assert asked(Timeouts(first_byte=None), events=True).timeout.read == 120


def test_a_call_that_brings_its_own_keeps_it_but_the_whole_is_bounded() -> None:
    own = Timeout(7)
    made = asked(Timeouts(), call=Call(CALL, timeout=7), timeout=own)
    assert (made.timeout, made.deadline) == (own, 1000.0)
    assert asked(Timeouts(), call=Call(CALL, timeout=not_given)).timeout.read == 600


def test_what_a_client_was_told_is_kept_too_and_what_nobody_asked_for_is_not() -> None:
    call = Call[Any](CALL, timeout=not_given)
    assert asked(Timeouts(), call=call, timeout=Timeout(7)).timeout == Timeout(7)
    assert (
        asked(Timeouts(first_byte=30), call=call, timeout=pickle.loads(pickle.dumps(DEFAULT_TIMEOUT))).timeout.read
        == 30
    )


@pytest.mark.parametrize(("given", "end"), [(150.0, 150.0), (5000.0, 160.0), (None, 160.0)])
def test_the_nearer_end_holds(given: float | None, end: float) -> None:
    assert asked(Timeouts(total=60), deadline=given).deadline == end
    assert asked(Deadline(60), deadline=given).deadline == end


@pytest.mark.parametrize("name", ["connect", "pool", "write", "first_byte", "stream_first_event", "idle", "total"])
@pytest.mark.parametrize(("value", "kind"), [(0, ValueError), (-1, ValueError), ("5", TypeError), (True, TypeError)])
def test_a_number_that_cannot_be_right(name: str, value: Any, kind: type[Exception]) -> None:
    with pytest.raises(kind, match=name):
        Timeouts(**{name: value})


def test_a_misspelt_one_is_told_so() -> None:
    with pytest.raises(TypeError, match="first_byte"):
        Timeouts(firstbyte=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def test_the_repr_tells_the_numbers() -> None:
    assert repr(Timeouts(total=60, idle=None)) == (
        "Timeouts(connect=5, pool=10, write=60, first_byte=600, stream_first_event=120, total=60, max_silent=300)"
    )


def test_phases_are_a_timeout_too() -> None:
    one = Phases(Timeout(3), body=1, first_event=2, silent=4)
    assert one == Timeout(3)
    assert (Timeout(3).body, Timeout(3).first_event, Timeout(3).silent) == (3, None, None)
    with pytest.raises(AttributeError):
        one.body = 5
    for other in (pickle.loads(pickle.dumps(one)), copy.deepcopy(one)):
        assert phases(other) == phases(one) == (3, 3, 3, 3, 1, 2, 4)


def test_timeouts_travel() -> None:
    other = pickle.loads(pickle.dumps(Timeouts(idle=7)))
    assert phases(asked(other, events=True).timeout) == (5, 120, 60, 10, 7, 120, 300)
