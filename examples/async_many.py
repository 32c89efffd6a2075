"""Send many requests, a bounded number of them at once, over one client.

    python examples/async_many.py 100

Takes OPENAI_API_KEY and OPENAI_BASE_URL from the environment; `antiphon serve` prints both for a local emulator.
"""

from __future__ import annotations

import asyncio
import sys
import time

from antiphon import APIError, AsyncOpenAI

AT_ONCE = 16


async def square(client: AsyncOpenAI, places: asyncio.Semaphore, n: int) -> str:
    """One answer, or what went wrong with it: a failure must not end the others."""
    async with places:
        try:
            response = await client.responses.create(
                model="gpt-5.5", input=f"What is {n} * {n}? Answer with only the number."
            )
        except APIError as error:
            return f"{type(error).__name__}: {error}"
        return response.output_text


async def main(count: int) -> None:
    """All of them, in order."""
    places = asyncio.Semaphore(AT_ONCE)
    began = time.perf_counter()
    async with AsyncOpenAI() as client:
        answers = await asyncio.gather(*(square(client, places, n) for n in range(count)))
    print(f"{len(answers)} answers in {time.perf_counter() - began:.2f} s")
    print(*answers[:10], "…" if count > 10 else "")


asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 50))
