"""The virtual driver: many flows at once in a time that is only counted, so that an hour of traffic takes a second.

The third way to run a flow, beside the two colours. There is no network: whoever makes the driver says what a request is
answered with and how long that takes. Everything that happens is in one order, given by the clock and the seed, so a run can
be repeated exactly.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Coroutine
from functools import partial
from heapq import heappop, heappush
from itertools import count
from typing import Any, Generic, TypeVar

from ..core import effects
from ..core.reply import Reply
from ..core.request import Request
from ..core.secret import Secret
from ..core.signal import Signal
from . import aside, followed, peeked
from .refusal import refuse
from .runner import is_no_answer, telling

R = TypeVar("R")
Flow = Coroutine[Any, Any, R]
Answer = tuple[float, Reply | Exception]
"""After how many seconds, and with what, a request is answered."""


class Cancelled(BaseException):
    """Thrown into a flow that nobody wants to go on."""


class Run(Generic[R]):
    """A flow under way.

    Attributes:
        dice: where its chance comes from.
        done: whether it has come to its end.
        result: what it returned.
        failure: what it raised.
        began, ended: the virtual times of its first step and its end, in seconds.
    """

    def __init__(self, driver: VirtualDriver, flow: Flow[R], dice: random.Random | None = None) -> None:
        self.dice = dice or driver.random
        self.done = False
        self.result: R | None = None
        self.failure: BaseException | None = None
        self.began = self.ended = driver.now
        self.whenever_done: list[Callable[[], None]] = []
        self._driver = driver
        self._flow = flow
        self._turn = 0
        self._cleanup: Callable[[], None] | None = None

    def cancel(self) -> None:
        """Throw `Cancelled` into it where it waits."""
        if not self.done:
            if self._cleanup is not None:
                self._cleanup()
            self._turn += 1
            self._step(partial(self._flow.throw, Cancelled()))

    def _begin(self) -> None:
        if not self.done and self._turn == 0:
            self.began = self._driver.now
            self._step(partial(self._flow.send, None))

    def _resume(self, turn: int, answer: Any) -> None:
        if turn == self._turn and not self.done:
            self._turn += 1
            failed = isinstance(answer, _Failed)
            self._step(partial(self._flow.throw, answer.failure) if failed else partial(self._flow.send, answer))

    def _step(self, move: Callable[[], Any]) -> None:
        self._cleanup = None
        try:
            effect = move()
            while (answer := self._driver._instant(effect, self.dice)) is not _LATER:
                effect = self._flow.throw(answer.failure) if isinstance(answer, _Failed) else self._flow.send(answer)
        except StopIteration as end:
            self._end(end.value, None)
        except BaseException as failure:
            self._end(None, failure)
        else:
            turn = self._turn
            self._cleanup = self._driver._later(effect, lambda answer: self._resume(turn, answer))

    def _end(self, result: R | None, failure: BaseException | None) -> None:
        self.done, self.result, self.failure, self.ended = True, result, failure, self._driver.now
        for tell in self.whenever_done:
            tell()


class _Failed:
    __slots__ = ("failure",)

    def __init__(self, failure: BaseException) -> None:
        self.failure = failure


_LATER = object()


class VirtualDriver:
    """Runs flows in virtual time.

    A client whose calls it runs needs its time too, since policies read the clock that their client was made with.

    >>> driver = VirtualDriver(lambda request, now: (0.1, Reply(200, request.headers, request, b"{}")))
    >>> async def nap() -> float:
    ...     await effects.Sleep(3600)
    ...     return await effects.Now()
    >>> run = driver.start(nap())
    >>> driver.run()
    >>> run.result
    3600.0

    Args:
        send: after how many seconds, and with what, a request is answered, given the request and the time now.
        seed: of all chance.
        wall: the time of day at the beginning, in seconds since the epoch.
        closing: set when flows that run aside are to end.

    Attributes:
        now: seconds since the beginning.
    """

    def __init__(
        self,
        send: Callable[[Request, float], Answer],
        *,
        seed: int = 0,
        wall: float = 1_800_000_000.0,
        closing: Signal | None = None,
    ) -> None:
        self.now = 0.0
        self.random = random.Random(seed)  # noqa: S311
        self.closing = Signal() if closing is None else closing
        self._wall = wall
        self._send = send
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()

    def start(self, flow: Flow[R], at: float | None = None, *, dice: random.Random | None = None) -> Run[R]:
        """Have a flow begin at a time, or now.

        Args:
            flow: what is to be run.
            at: the virtual time, in seconds.
            dice: its own chance; the driver's when left out.
        """
        run = Run(self, flow, dice)
        self.at(self.now if at is None else at, run._begin)
        return run

    def at(self, time: float, do: Callable[[], None]) -> Callable[[], None]:
        """Have something done at a time; gives what takes that back."""
        wanted = [do]
        heappush(self._due, (time, next(self._numbers), lambda: wanted[0]() if wanted else None))
        return wanted.clear

    def run(self, until: float = float("inf")) -> None:
        """Let time pass, until nothing is left to happen or the time has come."""
        while self._due and self._due[0][0] <= until:
            time, _, do = heappop(self._due)
            self.now = max(self.now, time)
            do()
        if until < float("inf"):
            self.now = max(self.now, until)

    def perform(self, flow: Flow[R]) -> R:
        """Run one flow to its end, as the other drivers do.

        Raises:
            RuntimeError: it waits for what will never happen.
        """
        run = self.start(flow)
        self.run()
        if run.failure is not None:
            raise run.failure
        if not run.done:
            raise RuntimeError("the flow waits for something that will never happen")
        return run.result  # type: ignore[return-value]

    def _instant(self, effect: Any, dice: random.Random) -> Any:
        """The answer to what takes no time; `_LATER` for the rest."""
        if effect.__class__ is effects.Random:
            return dice.random()
        try:
            return _INSTANT.get(effect.__class__, _later_or_refused)(self, effect)
        except Exception as failure:
            return _Failed(failure)

    def _later(self, effect: Any, answer: Callable[[Any], None]) -> Callable[[], None]:
        """Answer an effect when its time has come; gives what forgets it."""
        return _TIMED[effect.__class__](self, effect, answer)


def _later_or_refused(driver: VirtualDriver, effect: Any) -> Any:
    return _LATER if effect.__class__ in _TIMED else refuse(effect)


def _read(driver: VirtualDriver, effect: effects.Read) -> bytes:
    reply = effect.reply
    if not reply.is_read:
        from .blocking import read

        return read(reply, effect.limit)
    return reply.content


def _discard(driver: VirtualDriver, effect: effects.Discard) -> None:
    if effect.reply.body is not None:
        effect.reply.body.close()


_INSTANT: dict[type, Callable[[VirtualDriver, Any], Any]] = {
    effects.Now: lambda driver, _: driver.now,
    effects.Wall: lambda driver, _: driver._wall + driver.now,
    effects.Read: _read,
    effects.Discard: _discard,
    effects.Peek: lambda _, effect: peeked.peek(effect.reply, effect.beyond),
    effects.Follow: lambda _, effect: followed.follow(effect.reply, effect.follower, followed.FollowedBody),
    effects.Invoke: lambda _, effect: effect.function(*effect.arguments),
    effects.Outside: lambda _, effect: effect.function(*effect.arguments),
    effects.Spawn: lambda driver, effect: aside.VirtualAside(driver, effect.flow, driver.closing),
    effects.Ask: lambda _, effect: Secret(effect.source()),
}


def _sleep(driver: VirtualDriver, effect: effects.Sleep, answer: Callable[[Any], None]) -> Callable[[], None]:
    return driver.at(driver.now + max(effect.seconds, 0.0), lambda: answer(None))


def _exchange(driver: VirtualDriver, effect: effects.Send, answer: Callable[[Any], None]) -> Callable[[], None]:
    seconds, outcome = driver._send(effect.request, driver.now)
    value = _Failed(outcome) if isinstance(outcome, Exception) else outcome
    return driver.at(driver.now + seconds, lambda: answer(value))


def _wait(driver: VirtualDriver, effect: effects.Wait, answer: Callable[[Any], None]) -> Callable[[], None]:
    signal = effect.signal

    def woken() -> None:  # in a turn of its own, since whoever sets a signal has not finished yet
        driver.at(driver.now, lambda: answer(True))

    def over() -> None:
        signal.forget(woken)
        answer(signal.is_set)

    forget = None if effect.seconds is None else driver.at(driver.now + max(effect.seconds, 0.0), over)
    signal.listen(woken)

    def cleanup() -> None:
        if forget is not None:
            forget()
        signal.forget(woken)

    return cleanup


def _outlive(driver: VirtualDriver, effect: effects.Outlive[Any], answer: Callable[[Any], None]) -> Callable[[], None]:
    run, asker = driver.start(effect.flow), [answer]

    def ended() -> None:
        effect.abandoned.forget(run.cancel)
        effect.ended()
        for answered in asker:
            answered(run.result if run.failure is None else _Failed(run.failure))

    effect.carried = True
    run.whenever_done.append(ended)
    effect.abandoned.listen(run.cancel)
    return asker.clear


def _gather(driver: VirtualDriver, effect: effects.Gather, answer: Callable[[Any], None]) -> Callable[[], None]:
    runs: list[Run[Any]] = []
    waiting = list(enumerate(effect.flows))
    results: list[Any] = [None] * len(waiting)

    def begin() -> None:
        if waiting:
            place, flow = waiting.pop(0)
            run = driver.start(flow)
            runs.append(run)
            run.whenever_done.append(lambda: ended(place, run))

    def ended(place: int, run: Run[Any]) -> None:
        results[place] = run.result
        if run.failure is not None:
            stop()
            answer(_Failed(run.failure))
        elif len(runs) == len(results) and all(each.done for each in runs):
            answer(results)
        else:
            begin()

    def stop() -> None:
        for _, flow in waiting:
            flow.close()
        waiting.clear()
        for run in runs:
            run.whenever_done.clear()
            run.cancel()

    if not waiting:
        driver.at(driver.now, lambda: answer([]))
    for _ in range(min(effect.limit, len(waiting))):
        begin()
    return stop


def _race(driver: VirtualDriver, effect: effects.Race[Any], answer: Callable[[Any], None]) -> Callable[[], None]:
    runs: list[Run[Any]] = []

    def begin(flow: Flow[Any]) -> None:
        run = driver.start(flow)
        runs.append(run)
        run.whenever_done.append(lambda: ended(run))

    def ended(run: Run[Any]) -> None:
        if run.failure is None and effect.fit(run.result):
            stop()
            answer(run.result)
        elif run is runs[0] and is_no_answer(run.failure):
            stop()
            answer(_Failed(run.failure))  # type: ignore[arg-type]
        elif all(each.done for each in runs):
            stop()
            returned = [each for each in runs if each.failure is None]
            answer(returned[0].result if returned else _Failed(telling(runs[0].failure, runs[-1].failure)))  # type: ignore[arg-type]

    def stop() -> None:
        forget()
        for run in runs:
            run.whenever_done.clear()
            run.cancel()

    begin(effect.first)
    forget = driver.at(driver.now + max(effect.delay, 0.0), lambda: begin(effect.second()))
    return stop


_TIMED: dict[type, Callable[[VirtualDriver, Any, Callable[[Any], None]], Callable[[], None]]] = {
    effects.Sleep: _sleep,
    effects.Send: _exchange,
    effects.Wait: _wait,
    effects.Outlive: _outlive,
    effects.Gather: _gather,
    effects.Race: _race,
}
