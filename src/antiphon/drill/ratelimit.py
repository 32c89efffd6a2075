"""Rate limit: callers that always want more than the limit. Nearly all of it is used, and the server has hardly one to refuse."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from itertools import count
from typing import Any

from ..client import AsyncOpenAI, OpenAI
from ..core.effects import Now
from ..core.reply import Reply
from ..core.request import Request
from ..drivers.virtual import Answer, VirtualDriver
from ..emulator.limiter import Limiter
from ..errors import OpenAIError
from .chance import NOWHERE, SharedClock
from .figure import Figure, Result
from .house import House
from .question import Question
from .script import Script, decisions
from .simulation import Simulation

_CALLERS = 32
_TOKENS = 1_000_000_000
_SHARED_RPM = 600
"""The limit under which the drivers' decisions are compared: small enough for calls to wait, and for some to wait too long."""


def drill(
    *,
    rpm: int = 5000,
    seconds: float = 60.0,
    minutes: float = 60.0,
    seed: int = 1,
    drivers: Sequence[str] = ("sync", "asyncio", "virtual"),
) -> list[Result]:
    """The figures. Nothing is configured: the limiter learns the limit from the server's headers.

    Args:
        rpm: the server's limit, in requests a minute.
        seconds: how long "sync" and "asyncio" last.
        minutes: how long "virtual" lasts, in virtual time.
        seed: of chance.
        drivers: which of "sync", "asyncio" and "virtual".
    """
    made: list[Result] = []
    for driver in drivers:
        if driver == "virtual":
            answered, refused = _virtual(rpm, minutes * 60, seed)
            made.append(_told(driver, answered, refused, rpm, minutes * 60))
            continue
        with House("--journal", "1", "--rpm", str(rpm), "--tpm", str(_TOKENS)) as house:
            answered = _blocking(house, seconds) if driver == "sync" else asyncio.run(_concurrent(house, seconds))
            accounts = house.ledger().values()
            refused = sum(account["attempts"] - account["answered"] for account in accounts)
        made.append(_told(driver, answered, refused, rpm, seconds))
    return [*made, *decisions(script(seed), drivers)]


def script(seed: int, minutes: float = 3.0) -> Script:
    """A tenth more calls than the limit allows, of which somebody else takes most; and a few refusals that nothing foretells."""
    per_second = 1.1 * _SHARED_RPM / 60
    questions = [Question(number, f"q-{number}") for number in range(int(per_second * minutes * 60))]
    return Script(questions, lambda number: number / per_second, _chain, lambda: _Shared(_SHARED_RPM, seed), seed)


def _told(driver: str, answered: int, refused: int, rpm: int, seconds: float) -> Result:
    return Result(
        f"{driver}: {seconds:g} s at {rpm:,} requests a minute",
        [
            Figure("answered", answered),
            Figure.at_least("share of the limit that was used", answered / (rpm * seconds / 60), 0.95),
            Figure.at_most("share of requests that were refused", refused / max(answered + refused, 1), 0.001),
        ],
    )


def _chain() -> Any:
    from ..policies.policy import Policy
    from ..policies.rate_limit import RateLimit

    return Policy(rate_limit=RateLimit(max_wait=600), retry=Policy.bulk().retry)


def _blocking(house: House, seconds: float) -> int:
    answered, numbers = list[int](), count()
    end = time.monotonic() + seconds

    def ask(client: OpenAI) -> None:
        while time.monotonic() < end:
            number = next(numbers)
            try:
                client.perform(Question(number, f"q-{number}").call())
            except OpenAIError:
                continue
            if time.monotonic() < end:
                answered.append(number)

    with OpenAI(api_key=house.key, base_url=house.base_url, policies=_chain(), proxy=None) as client:
        threads = [threading.Thread(target=ask, args=(client,)) for _ in range(_CALLERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return len(answered)


async def _concurrent(house: House, seconds: float) -> int:
    answered, numbers = list[int](), count()
    end = time.monotonic() + seconds

    async def ask(client: AsyncOpenAI) -> None:
        while time.monotonic() < end:
            number = next(numbers)
            try:
                await client.perform(Question(number, f"q-{number}").call())
            except OpenAIError:
                continue
            if time.monotonic() < end:
                answered.append(number)

    async with (
        AsyncOpenAI(api_key=house.key, base_url=house.base_url, policies=_chain(), proxy=None) as client,
        asyncio.TaskGroup() as group,
    ):
        for _ in range(_CALLERS):
            group.create_task(ask(client))
    return len(answered)


class _Limited(Simulation):
    """A server with the emulator's own limiter."""

    def __init__(self, rpm: int, plan: dict[str, Any] | None = None) -> None:
        super().__init__(plan, seconds=0.2, jitter=0.5)
        self._limiter = Limiter(rpm, _TOKENS)
        self.refused = 0

    def __call__(self, request: Request, now: float) -> Answer:
        verdict = self._limiter.admit(("key", "model"), now, 10)
        fields = {name.decode(): value.decode() for name, value in verdict.headers(now)}
        seconds, reply = super().__call__(request, now)
        assert isinstance(reply, Reply)
        if verdict.wait > 0:
            self.refused += 1
            reply.status_code = 429
            reply.content = b'{"error": {"message": "too fast", "code": "rate_limit_exceeded"}}'
            fields["retry-after-ms"] = str(round(verdict.wait * 1000))
        for name, value in fields.items():
            reply.headers[name] = value
        return seconds, reply


class _Shared(_Limited):
    """The same, with somebody else who takes four fifths of the limit, and who is not told of in time."""

    def __init__(self, rpm: int, seed: int) -> None:
        faults = ["status=429;retry_after=2", "status=429", "status=503"]
        super().__init__(rpm, {"seed": seed, "rules": [{"faults": faults, "rate": 0.02}]})
        self._pause = 60 / rpm / 0.8
        self._next = 0.0

    def __call__(self, request: Request, now: float) -> Answer:
        while self._next <= now:
            self._limiter.admit(("key", "model"), self._next, 10)
            self._next += self._pause
        return super().__call__(request, now)


def _virtual(rpm: int, seconds: float, seed: int) -> tuple[int, int]:
    server = _Limited(rpm)
    driver = VirtualDriver(server, seed=seed)
    answered, numbers = list[int](), count()
    with OpenAI(policies=_chain(), _clock=SharedClock(lambda: driver.now), **NOWHERE) as client:

        async def ask() -> None:
            while await Now() < seconds:
                number = next(numbers)
                reply: Any = await client._flow(client._endpoint.request(Question(number, f"q-{number}").call()))
                if reply.status_code == 200 and await Now() < seconds:
                    answered.append(number)

        for _ in range(_CALLERS):
            driver.start(ask())
        driver.run()
    return len(answered), server.refused
