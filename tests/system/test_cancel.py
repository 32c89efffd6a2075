"""Row 60 and 61: ten thousand calls that were cancelled somewhere, and blocking ones that were left or interrupted."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import subprocess
import sys
import warnings
from typing import Any

import pytest

from antiphon.wire.reply import ReplyParser
from soak.load import _helped_async, _opened, _parse_async, _read_async

from .house import ROOT, client_of, connected, same, taken

CALLS = 10_000
FLIGHT = 40


async def _held(client: Any, _: int) -> None:
    async for _event in await _opened(client, 0, -1):
        pass


async def _plain(client: Any, _: int) -> None:
    await client.chat.completions.create(model="m", messages=[])


async def _helped_through(client: Any, number: int) -> None:
    await _helped_async(client, number)


async def _cut_short(dice: random.Random, call: Any) -> bool:
    """Start a call and cancel it at a random point; whether it was cancelled before its end."""
    task = asyncio.ensure_future(call)
    if dice.random() < 0.6:
        for _ in range(dice.randrange(14)):
            await asyncio.sleep(0)
    else:
        await asyncio.sleep(dice.random() * 0.006)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
        return False
    return True


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_row_60_ten_thousand_cancelled_calls_leave_nothing(port: int, seed: int) -> None:
    async def main() -> int:
        cut: list[bool] = []

        async def work(dice: random.Random, calls: int) -> None:
            for number in range(calls):
                one = dice.choice((_plain, _held, _read_async))
                cut.append(await _cut_short(dice, one(client, number)))

        start = taken(None, 0)
        async with client_of(port, asynchronous=True) as client:
            await asyncio.gather(*(work(random.Random(seed * 100 + n), 1_000 // FLIGHT) for n in range(FLIGHT)))
            await asyncio.sleep(0.05)
            warm = taken(client, 1000)
            await asyncio.gather(*(work(random.Random(seed * 200 + n), CALLS // FLIGHT) for n in range(FLIGHT)))
            await asyncio.sleep(0.05)
            end = taken(client, CALLS)
            assert (warm.held, end.held) == (0, 0)
            assert end.tasks == warm.tasks == 1
            assert end.objects < warm.objects * 1.05 + 100  # one idle connection is some thirty
            # What is idle is all that stands; a held stream that was left is gone soon.
            for _ in range(1000):
                if await asyncio.to_thread(connected, port, within=0) == end.idle:
                    break
                await asyncio.sleep(0.01)
            assert await asyncio.to_thread(connected, port, within=0) == end.idle
            await _plain(client, 0)  # and it still serves
            await asyncio.get_running_loop().shutdown_default_executor()
        await asyncio.sleep(0.05)
        same(start._replace(objects=warm.objects), taken(None, CALLS))
        return sum(cut)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # a stream that was made and never read is told so
        cancelled = asyncio.run(main())
    assert cancelled > CALLS // 2
    assert connected(port) == 0


def test_cancelled_parsing_and_helpers_leave_nothing(port: int) -> None:
    async def main() -> None:
        dice = random.Random(7)
        start = taken(None, 0)
        async with client_of(port, asynchronous=True, path="/verse") as client:
            for number in range(400):
                await _cut_short(dice, dice.choice((_parse_async, _helped_through))(client, number))
            await asyncio.sleep(0.05)
            end = taken(client, 0)
            assert (end.held, end.tasks) == (0, 1)
        await asyncio.sleep(0.05)
        after = taken(None, 0)
        assert (after.files, after.threads) == (start.files, start.threads)

    asyncio.run(main())
    assert connected(port) == 0


def test_row_54_blocking_streams_left_at_random_points_leave_nothing(port: int) -> None:
    dice = random.Random(3)
    start = taken(None, 0)
    with client_of(port) as client:
        for number in range(900):
            if number == 300:
                warm = taken(client, number)
            endless = dice.random() < 0.4
            stream = _opened(client, 0 if endless else number, -1 if endless else 20)
            for _ in range(1 if endless else dice.randrange(1, 30)):
                next(stream, None)
            if dice.random() < 0.5:
                stream.close()
            del stream
        end = taken(client, 900)
        assert end.held == 0
        assert connected(port, within=0) <= end.idle + 1
    same(start._replace(objects=warm.objects), taken(None, 900))
    assert connected(port) == 0


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGALRM")
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_row_61_interrupted_blocking_calls_leave_nothing(port: int, seed: int) -> None:
    command = [sys.executable, "-m", "tests.system.interrupted", str(port), str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["interrupted"] > 300
    assert told["mistaken"] == 0, done.stderr
    assert told["held"] == 0, told
    assert told["files"] == told["idle"]
    assert told["growth"] < 1.05
    assert told["threads"] == 1
    assert told["last"] == "chat.completion"
    assert connected(port) == 0


@pytest.mark.parametrize("callback", ["on_message_begin", "on_headers_complete", "on_message_complete"])
def test_ctrl_c_inside_the_parser_is_no_fault_of_the_server(
    port: int, callback: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ring(_: ReplyParser) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(ReplyParser, callback, ring)
    with client_of(port) as client, pytest.raises(KeyboardInterrupt):
        client.models.list()
