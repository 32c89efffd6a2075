"""The drivers' decisions are compared: they are the same, and where a driver is bent, the comparison says so."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Callable
from typing import Any

import pytest

from antiphon.cli import main
from antiphon.core import effects
from antiphon.core.signal import Signal
from antiphon.drill import brownout, outage, ratelimit, script, stage, truncate
from antiphon.drill.comparison import compared
from antiphon.drill.counted_time import CountedLoop, Turns
from antiphon.drill.script import Script, decisions
from antiphon.drivers.asynchronous import AsyncDriver
from antiphon.drivers.blocking import BlockingDriver

DRIVERS = ("sync", "asyncio", "virtual")
CIRCUIT = "and a circuit breaker"


def logs(given: Script) -> dict[str, list[str]]:
    return {driver: script.PLAYED[driver](given) for driver in DRIVERS}


def alike(given: Script) -> str:
    """What all three decided, once it is sure that they did so alike."""
    made = logs(given)
    (result,) = compared(made)
    assert result.kept, str(result)
    assert result.title == f"the decision logs: {len(given.questions):,} calls, 0 differ"
    return "\n".join(made["sync"])


@pytest.mark.parametrize("title", ["a retry budget alone", CIRCUIT])
def test_an_outage_is_judged_alike(title: str) -> None:
    told = alike(outage.scripts(rps=5, seed=3)[title])
    assert "Retry: again" in told
    assert "answered 200" in told
    assert ("CircuitBreaker: opened" in told) is ("CircuitBreaker: closed" in told) is (title == CIRCUIT)


def test_a_limit_is_kept_alike() -> None:
    told = alike(ratelimit.script(seed=3, minutes=1.5))
    for word in ("RateLimit: waited", "RateLimit: too much", "Retry: again"):
        assert word in told


def test_what_is_late_is_hedged_alike() -> None:
    told = alike(brownout.script(seed=4, n=62, slow=1))
    assert "Hedge: second target" in told
    assert "Hedge: second won" in told


def test_a_stream_that_is_cut_ends_alike() -> None:
    results = [result for result in truncate.drill(stride=211) if "decision logs" in result.title]
    assert [result.title.split(":")[0] for result in results] == [
        "the decision logs, chat",
        "the decision logs, responses",
    ]
    assert all(result.kept for result in results)


class OtherDice(BlockingDriver):
    """Answers chance with a number of its own."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._hands[effects.Random] = lambda _: 0.5


class Hasty(AsyncDriver):
    """Pauses for half as long as it is asked to."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._hands[effects.Sleep] = lambda effect: self.clock.asleep(effect.seconds / 2)


@pytest.mark.parametrize(("driver", "name"), [(OtherDice, "BlockingDriver"), (Hasty, "AsyncDriver")])
def test_a_driver_that_is_bent_is_found_out(driver: type, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script, name, driver)
    (result,) = decisions(outage.scripts(rps=2, seed=3)[CIRCUIT], DRIVERS)
    assert not result.kept
    assert "MISSED" in str(result)
    assert any(figure.name.startswith("call 0, ") for figure in result.figures)


def test_a_bent_virtual_driver_fails_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["drill", "iid", "--n", "60", "--drivers", "sync,virtual"]
    assert main(words) == 0
    assert "the decision logs: 60 calls, 0 differ" in capsys.readouterr().out

    def others(seed: int, number: int) -> random.Random:
        return random.Random(number)

    monkeypatch.setattr(stage, "dice_of", others)
    assert main(words) == 1
    told = capsys.readouterr().out
    assert "the decision logs: 60 calls, 0 differ" not in told
    for driver in ("sync", "virtual"):
        assert any(line.strip().startswith("call ") and f", {driver} " in line for line in told.splitlines())


def test_the_first_step_that_differs_is_shown_of_both() -> None:
    first, second = ["a\nb", "a\nwait 1\nend"], ["a\nb", "a\nwait 2\nend"]
    (result,) = compared({"sync": first, "virtual": second}, "of a test")
    assert result.title == "the decision logs, of a test: 2 calls, 1 differ"
    assert [(figure.name, figure.value) for figure in result.figures] == [
        ("decisions of sync and virtual that differ", 1),
        ("call 1, sync", "wait 1"),
        ("call 1, virtual", "wait 2"),
    ]


@pytest.mark.parametrize(("second", "told"), [(["a"], "(nothing)"), (["a", "b\nc"], "c"), ([], "(nothing)")])
def test_what_is_missing_differs(second: list[str], told: str) -> None:
    (result,) = compared({"sync": ["a", "b"], "asyncio": second})
    assert not result.kept
    assert told in [figure.value for figure in result.figures]


def test_one_driver_alone_is_not_compared() -> None:
    assert compared({"sync": ["a"]}) == []
    assert decisions(outage.scripts(rps=1, seed=1)[CIRCUIT], ["virtual"]) == []


def test_threads_take_turns_in_the_order_of_time() -> None:
    turns, signal = Turns(), Signal()
    seen: list[tuple[str, float]] = []

    def sleeper() -> None:
        turns.sleep(2.0)
        seen.append(("slept", turns.monotonic()))
        signal.set()

    def waiter(name: str, seconds: float | None) -> Callable[[], None]:
        def wait() -> None:
            was_set = turns.wait(signal, seconds)
            seen.append((f"{name} {was_set}", turns.monotonic()))

        return wait

    turns.start(1.0, sleeper)
    for name, seconds in (("in time", 5.0), ("too late", 1.5), ("patient", None)):
        turns.start(0.5, waiter(name, seconds))
    turns.start(4.0, waiter("afterwards", None))
    before = threading.active_count()
    turns.run()
    assert seen == [
        ("too late False", 2.0),
        ("slept", 3.0),
        ("in time True", 3.0),
        ("patient True", 3.0),
        ("afterwards True", 4.0),
    ]
    assert turns.monotonic() == 5.5  # a time that nobody waits for any more passes all the same
    assert threading.active_count() <= before


def test_a_loop_of_counted_time_waits_for_nobody() -> None:
    async def nap() -> float:
        await asyncio.gather(asyncio.sleep(86_400), asyncio.sleep(3600))
        return asyncio.get_running_loop().time()

    async def forever() -> None:
        await asyncio.get_running_loop().create_future()

    with asyncio.Runner(loop_factory=CountedLoop) as runner:
        assert runner.run(nap()) == pytest.approx(86_400)
    with pytest.raises(RuntimeError, match="never happen"), asyncio.Runner(loop_factory=CountedLoop) as runner:
        runner.run(forever())


def test_a_call_that_comes_to_no_end_is_no_silent_success(monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetful(self: Any, *arguments: Any) -> None:
        """Says nothing of what was answered."""

    monkeypatch.setattr(script.Log, "answered", forgetful)
    with pytest.raises(RuntimeError, match="came to no end"):
        decisions(outage.scripts(rps=1, seed=1)[CIRCUIT], DRIVERS)
