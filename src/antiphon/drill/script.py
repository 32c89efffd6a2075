"""A script: calls that begin at given times, and a server that is a function of request, attempt and time.

Each driver plays it on a clock that is only counted, so that nothing depends on how fast this machine is. What the policies
decide must then be the same in all three, step by step.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..client import AsyncOpenAI, OpenAI
from ..core.effects import Wait
from ..core.reply import Reply
from ..core.request import Request
from ..drivers.asynchronous import AsyncDriver
from ..drivers.blocking import BlockingDriver
from ..drivers.virtual import Answer, VirtualDriver
from ..errors import OpenAIError
from .chance import NOWHERE, QuickClock, SharedClock, dice_of, take_dice
from .comparison import compared
from .counted_time import CountedLoop, Turns
from .figure import Result
from .question import Question


@dataclass(frozen=True)
class Script:
    """What every driver plays.

    Attributes:
        questions: the calls.
        times: when the call of a number begins, in seconds.
        chain: makes the policies; each driver has its own, since they keep state.
        server: makes what answers, given a request and the time.
        seed: of chance.
        races: whether requests race each other. The blocking driver times a race by the machine's clock, so it makes these calls
            one after another in real time, and nothing is said of when they ended.
    """

    questions: Sequence[Question]
    times: Callable[[int], float]
    chain: Callable[[], Any]
    server: Callable[[], Callable[[Request, float], Answer]]
    seed: int
    races: bool = False


def decisions(script: Script, drivers: Sequence[str], of: str = "") -> list[Result]:
    """Whether the drivers decide alike; nothing where there is only one.

    Args:
        script: what they play.
        drivers: which of "sync", "asyncio" and "virtual".
        of: what is decided, where there are several scripts.
    """
    if len(drivers) < 2:
        return []
    return compared({driver: PLAYED[driver](script) for driver in drivers}, of)


class Log:
    """What was decided in each call of a script, and how it ended."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._said: dict[int, str] = {}

    def answered(self, question: Question, reply: Reply, now: float) -> None:
        self._add(question, reply.trace, f"answered {reply.status_code}", now)

    def failed(self, question: Question, failure: OpenAIError, now: float) -> None:
        self._add(question, getattr(failure, "trace", None), f"{type(failure).__name__}: {failure}", now)

    def _add(self, question: Question, trace: object, end: str, now: float) -> None:
        self._said[question.number] = f"{trace}\n{end}" + ("" if self._script.races else f", at {now:.6f} s")

    @property
    def lines(self) -> list[str]:
        """One for each call, in the script's order."""
        numbers = [question.number for question in self._script.questions]
        if missing := [number for number in numbers if number not in self._said]:
            raise RuntimeError(f"calls that came to no end: {len(missing)}, call {missing[0]} first")
        return [self._said[number] for number in numbers]


def _blocking(script: Script) -> list[str]:
    """In threads, of which one goes at a time."""
    log, turns, server = Log(script), Turns(), script.server()
    clock: Any = QuickClock(1.0) if script.races else SharedClock(turns.monotonic, sleep=turns.sleep)

    def send(request: Request) -> Reply:
        seconds, outcome = server(request, clock.monotonic())
        clock.sleep(seconds)
        return _given(outcome)

    driver = BlockingDriver(send, _unused, clock)
    if not script.races:  # it waits for signals by the machine's clock
        driver._hands[Wait] = lambda effect: turns.wait(effect.signal, effect.seconds)
    with OpenAI(policies=script.chain(), _clock=clock, **NOWHERE) as client:

        def ask(question: Question) -> None:
            take_dice(script.seed, question.number)
            try:
                log.answered(question, driver.run(_flow(client, question)), clock.monotonic())
            except OpenAIError as failure:
                log.failed(question, failure, clock.monotonic())

        for question in script.questions:
            if script.races:
                ask(question)
            else:
                turns.start(script.times(question.number), lambda question=question: ask(question))  # type: ignore[misc]
        turns.run()
    return log.lines


def _concurrent(script: Script) -> list[str]:
    """In tasks of a loop that waits for nobody."""
    log, server = Log(script), script.server()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        clock = SharedClock(loop.time, asleep=asyncio.sleep)

        async def send(request: Request) -> Reply:
            seconds, outcome = server(request, clock.monotonic())
            await asyncio.sleep(seconds)
            return _given(outcome)

        driver = AsyncDriver(send, _unused, clock)

        async def ask(client: AsyncOpenAI, question: Question) -> None:
            await asyncio.sleep(script.times(question.number))
            take_dice(script.seed, question.number)
            try:
                log.answered(question, await driver.run(_flow(client, question)), clock.monotonic())
            except OpenAIError as failure:
                log.failed(question, failure, clock.monotonic())

        async with (
            AsyncOpenAI(policies=script.chain(), _clock=clock, **NOWHERE) as client,
            asyncio.TaskGroup() as group,
        ):
            for question in script.questions:
                group.create_task(ask(client, question))

    with asyncio.Runner(loop_factory=CountedLoop) as runner:
        runner.run(main())
    return log.lines


def _virtual(script: Script) -> list[str]:
    """In virtual time."""
    log, driver = Log(script), VirtualDriver(script.server())
    clock = SharedClock(lambda: driver.now)
    with OpenAI(policies=script.chain(), _clock=clock, **NOWHERE) as client:
        for question in script.questions:
            dice = dice_of(script.seed, question.number)
            run = driver.start(_flow(client, question), at=script.times(question.number), dice=dice)
            run.whenever_done.append(lambda question=question, run=run: _told(log, question, run))  # type: ignore[misc]
        driver.run()
    return log.lines


PLAYED: dict[str, Callable[[Script], list[str]]] = {"sync": _blocking, "asyncio": _concurrent, "virtual": _virtual}


def _told(log: Log, question: Question, run: Any) -> None:
    if run.failure is None:
        log.answered(question, run.result, run.ended)
    elif isinstance(run.failure, OpenAIError):
        log.failed(question, run.failure, run.ended)
    else:
        raise run.failure


def _flow(client: Any, question: Question) -> Any:
    return client._flow(client._endpoint.request(question.call()))


def _given(outcome: Reply | Exception) -> Reply:
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def _unused(*_: object) -> Any:
    raise AssertionError("no flow here makes whole calls")
