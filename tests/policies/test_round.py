"""What a round through all targets comes to: the most telling of what they said, and the truth about all of them."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.errors import ConnectError

from .fleet_script import answer, ask, silent, unreachable
from .stepping import Script
from .test_failover import fallen, run, target


@pytest.mark.parametrize(
    ("first", "sent"),
    [(silent(), "maybe"), (unreachable(), "no"), (answer(500), "maybe"), (answer(401), "no")],
)
def test_a_request_that_one_target_may_have_carried_out_was_perhaps_sent(first: Any, sent: str) -> None:
    failure, script = run(fallen(), ask(), first, unreachable())
    assert len(script.sent) == 2
    if isinstance(failure, ConnectError):
        assert failure.sent == sent
    else:
        assert failure.status_code == 500, "which says more"


def passed_over(*pauses: str) -> list[str]:
    """Who was passed over by a call, where each target told it to come back after so many seconds."""
    failover, script = fallen(target("eu"), target("us"), target("last", group=9), most_attempts=5), Script([])
    run(failover, ask(), *(answer(429, retry_after=pause) for pause in pauses), answer(), script=script)
    request = ask()
    run(failover, request, answer(503), answer(), script=script)
    assert request.trace is not None
    return [str(step.get("target")) for step in request.trace.of("Failover") if step.event == "passed over"]


def test_who_is_passed_over_is_said_once_and_only_of_who_goes_before() -> None:
    assert passed_over() == []
    assert passed_over("20") == ["own"]
    assert passed_over("20", "30", "10") == ["own", "eu", "us"]


def test_who_is_asked_though_its_limit_is_used_up_is_not_passed_over() -> None:
    failover, script = fallen(own=False), Script([])
    for asked in range(2):
        request = ask()
        run(failover, request, answer(429, retry_after="20"), script=script)
        assert request.trace is not None
        assert "passed over" not in str(request.trace)
        assert len(script.sent) == asked + 1
