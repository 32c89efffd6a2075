"""Authorize, stepped by hand: what is asked, sent, dropped and noted."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.core.credential import PENDING
from antiphon.core.headers import Headers
from antiphon.core.request import Request
from antiphon.core.secret import Secret
from antiphon.core.trace import Trace
from antiphon.credentials import Source
from antiphon.errors import APIConnectionError
from antiphon.policies.authorize import Authorize
from antiphon.policies.chain import fold

from .stepping import Script, reply, request


class Three(Source):
    """Three keys, one after another, and a note of every use."""

    def __init__(self) -> None:
        super().__init__()
        self.settled: list[str] = []

    async def key(self, origin: Any) -> Secret:
        return Secret("sk-0")

    async def another(self, refused: Any, origin: Any, reply: Any) -> Secret | None:
        assert [each.reveal() for each in refused] == [f"sk-{n}" for n in range(len(refused))]
        return Secret(f"sk-{len(refused)}") if len(refused) < 3 else None

    def settle(self, key: Secret) -> None:
        self.settled.append(key.reveal())


def pending(**changes: Any) -> Request:
    return request(**{"headers": Headers({"Authorization": PENDING.reveal()}), **changes})


def test_each_refusal_is_dropped_and_the_last_one_stands() -> None:
    refusals, source = [reply(401), reply(401), reply(401)], Three()
    script, asked = Script(refusals), pending(trace=Trace())
    last = script.run(fold([Authorize(source)])(asked))
    assert last is refusals[2]
    assert script.discarded == refusals[:2]
    assert [each.headers["authorization"] for each in script.sent] == ["Bearer sk-0", "Bearer sk-1", "Bearer sk-2"]
    assert source.settled == ["sk-0", "sk-1", "sk-2"]
    assert asked.trace is not None
    assert [str(step) for step in asked.trace.of("Authorize")] == ["Authorize: another key status=401"] * 2
    assert asked.headers["authorization"] == PENDING.reveal(), "the request itself is left as it was"


def test_a_use_is_settled_when_sending_fails() -> None:
    source = Three()
    with pytest.raises(APIConnectionError):
        Script([APIConnectionError(request=None)]).run(fold([Authorize(source)])(pending()))
    assert source.settled == ["sk-0"]


def test_a_body_that_cannot_be_sent_again_asks_for_no_other_key() -> None:
    async def body() -> Any:
        yield b"x"

    source, refusal = Three(), reply(401)
    script = Script([refusal])
    assert script.run(fold([Authorize(source)])(pending(content=body()))) is refusal
    assert len(script.sent) == 1


@pytest.mark.parametrize("status", [200, 400, 403, 429, 500])
def test_nothing_else_is_a_refusal(status: int) -> None:
    script = Script([reply(status)])
    assert script.run(fold([Authorize(Three())])(pending())).status_code == status
    assert len(script.sent) == 1


def test_a_callers_own_value_is_left_alone() -> None:
    script = Script([reply(401)])
    script.run(fold([Authorize(Three())])(request()))
    assert script.sent[0].headers["authorization"] == "Bearer sk-1"
