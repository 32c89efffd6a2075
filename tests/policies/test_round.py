"""What a round through all targets comes to: the most telling of what they said, and the truth about all of them."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.errors import ConnectError

from .fleet_script import answer, ask, silent, unreachable
from .test_failover import fallen, run


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
