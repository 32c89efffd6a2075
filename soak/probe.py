"""One load in a process of its own: `python -m soak.probe NUMBER PORT SHARE`. Prints its samples as JSON.

The first tenth of the rounds (at least `Load.warm`) warms the process up: modules, pools, caches of types, the allocator's arenas. Then
come eight equal parts with a sample after each. The sample of the start was taken before there was a client, that of the end
after it was closed.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import sys
import warnings
from collections.abc import Iterator
from itertools import count, islice
from typing import Any

import antiphon

from .load import LOADS, Load
from .sample import Sample, connected, taken

PARTS = 8


def _parts(load: Load, rounds: int) -> Iterator[int]:
    """How many rounds come before each sample: the warm-up, then the parts."""
    warm = max(load.warm, rounds // 10)
    yield warm
    yield from [max(1, (rounds - warm) // PARTS)] * PARTS


def _options(load: Load, port: int) -> dict[str, Any]:
    return {
        "api_key": "sk-soak",
        "base_url": f"http://127.0.0.1:{port}{load.path}",
        "max_retries": 0,
        "timeout": 20,
        "proxy": None,
    }


def run(load: Load, port: int, rounds: int) -> list[Sample]:
    """The samples of a blocking load."""
    samples = [taken(None, 0)]
    numbers = count()
    with antiphon.OpenAI(**_options(load, port)) as client:
        done = 0
        for part in _parts(load, rounds):
            for number in islice(numbers, part):
                load.step(client, number)
            done += part
            samples.append(taken(client, done))
    return [*samples, taken(None, done)]


async def run_async(load: Load, port: int, rounds: int) -> list[Sample]:
    """The samples of an async load, with `load.flight` rounds under way at once."""
    samples = [taken(None, 0)]
    numbers = count()
    async with antiphon.AsyncOpenAI(**_options(load, port)) as client:

        async def sing(mine: Iterator[int]) -> None:
            for number in mine:
                await load.step(client, number)

        done = 0
        for part in _parts(load, rounds):
            mine = islice(numbers, part)
            await asyncio.gather(*(sing(mine) for _ in range(load.flight)))
            await asyncio.sleep(0.05)  # goodbyes are said in the loop's next turns
            done += part
            samples.append(taken(client, done))
    await asyncio.sleep(0.05)
    return [*samples, taken(None, done)]


def main() -> None:
    """Run the load and tell."""
    which, port, share = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    warnings.simplefilter("ignore", ResourceWarning)  # streams are forgotten on purpose
    load = LOADS[which]
    rounds = max(load.warm + 800, int(load.rounds * share))
    if inspect.iscoroutinefunction(load.step):
        samples = asyncio.run(run_async(load, port, rounds))
    else:
        samples = run(load, port, rounds)
    print(json.dumps({"samples": samples, "connected": connected(port)}))


if __name__ == "__main__":
    main()
