"""The same questions through three drivers: the blocking client, the asyncio client, and virtual time."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..client import AsyncOpenAI, OpenAI
from ..core.trace import Trace
from ..drivers.virtual import VirtualDriver
from ..errors import OpenAIError
from .chance import NOWHERE, CountedClock, SharedClock, dice_of, take_dice
from .house import House
from .question import Question
from .simulation import Simulation

Chain = Callable[[], Any]
"""Makes the policies of one run; each run has its own, since they keep state."""
_TOGETHER = 64


class Outcome(NamedTuple):
    """What became of one question.

    Attributes:
        right: whether the answer was the right one; `None` where there was none.
        error: the class of the error, or "".
        decisions: what the policies decided, in order.
    """

    right: bool | None
    error: str
    decisions: str


class Run(NamedTuple):
    """What one driver's run came to.

    Attributes:
        driver: "sync", "asyncio" or "virtual".
        outcomes: one for each question, in order.
        ledger: what became of each key, as the server tells.
        seconds: how long it took.
    """

    driver: str
    outcomes: list[Outcome]
    ledger: dict[str, dict[str, int]]
    seconds: float


def blocking(questions: Sequence[Question], chain: Chain, house: House, seed: int) -> Run:
    """One after another, over a socket."""
    outcomes: list[Outcome] = []
    began = time.perf_counter()
    with OpenAI(
        api_key=house.key, base_url=house.base_url, policies=chain(), proxy=None, _clock=CountedClock()
    ) as client:
        for question in questions:
            take_dice(seed, question.number)
            try:
                value = client.perform(question.call())
            except OpenAIError as failure:
                outcomes.append(failed(failure))
            else:
                outcomes.append(answered(question, value.choices[0].message.content, value.trace))
    return Run("sync", outcomes, house.ledger(), time.perf_counter() - began)


def concurrent(questions: Sequence[Question], chain: Chain, house: House, seed: int) -> Run:
    """Many at a time, over sockets."""
    outcomes: list[Outcome | None] = [None] * len(questions)
    left = iter(enumerate(questions))

    async def work(client: AsyncOpenAI) -> None:
        for place, question in left:
            take_dice(seed, question.number)
            try:
                value = await client.perform(question.call())
            except OpenAIError as failure:
                outcomes[place] = failed(failure)
            else:
                outcomes[place] = answered(question, value.choices[0].message.content, value.trace)

    async def main() -> None:
        async with (
            AsyncOpenAI(
                api_key=house.key, base_url=house.base_url, policies=chain(), proxy=None, _clock=CountedClock()
            ) as client,
            asyncio.TaskGroup() as group,
        ):
            for _ in range(min(_TOGETHER, len(questions))):
                group.create_task(work(client))

    began = time.perf_counter()
    asyncio.run(main())
    return Run("asyncio", [one for one in outcomes if one is not None], house.ledger(), time.perf_counter() - began)


def virtual(
    questions: Sequence[Question],
    chain: Chain,
    server: Simulation,
    seed: int,
    *,
    at: Callable[[int], float] = lambda place: place / 1000,
) -> Run:
    """In virtual time, each begun when `at` says."""
    began = time.perf_counter()
    driver = VirtualDriver(server, seed=seed)
    with OpenAI(policies=chain(), _clock=SharedClock(lambda: driver.now), **NOWHERE) as client:
        runs: list[Any] = []
        for place, question in enumerate(questions):
            request = client._endpoint.request(question.call())
            flow: Any = client._flow(request)
            runs.append(driver.start(flow, at=at(place), dice=dice_of(seed, question.number)))
        driver.run()
    outcomes: list[Outcome] = []
    for question, run in zip(questions, runs, strict=True):
        if run.failure is not None:
            outcomes.append(failed(run.failure))
            continue
        try:
            content = json.loads(run.result.content)["choices"][0]["message"]["content"]
        except ValueError:
            outcomes.append(Outcome(None, "MalformedResponse", _decisions(run.result.trace)))
        else:
            outcomes.append(answered(question, content, run.result.trace))
    return Run("virtual", outcomes, server.ledger.shown(), time.perf_counter() - began)


def answered(question: Question, content: str | None, trace: Trace | None) -> Outcome:
    """A question that was answered."""
    return Outcome(content == question.answer, "", _decisions(trace))


def failed(failure: BaseException) -> Outcome:
    """A question that was not."""
    return Outcome(None, type(failure).__name__, _decisions(getattr(failure, "trace", None)))


def _decisions(trace: Trace | None) -> str:
    """A trace as text, without where the server lives, which differs from run to run."""
    return re.sub(r" endpoint=\S+", "", str(trace or ""))
