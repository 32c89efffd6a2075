"""Allowance, stepped by hand: a number that a call may have of its own."""

from __future__ import annotations

import pytest

from antiphon.policies.allowance import Allowance
from antiphon.policies.chain import send

from .stepping import Script, reply, request


@pytest.mark.parametrize(("own", "heeded"), [(None, 3), (0, 0), (7, 7)])
def test_a_calls_own_number_goes_before(own: int | None, heeded: int) -> None:
    script = Script([reply()])
    script.run(Allowance(2).allowing(3)(request(max_retries=own), send))
    assert script.sent[0].max_retries == heeded


def test_a_number_that_cannot_be_right() -> None:
    with pytest.raises(ValueError, match="max_retries"):
        Allowance(-1)


def test_it_shows_its_number() -> None:
    assert repr(Allowance(2).allowing(3)) == "Allowance(max_retries=3)"
