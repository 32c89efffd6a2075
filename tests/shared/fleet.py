"""Real processes that share one limit, and a server that writes down when they came."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Self

ROOT = Path(__file__).parents[2]
_ANSWER = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{"id": "m1"}'

PROGRAM = """
import asyncio, sys, time
from antiphon import AsyncClient
from antiphon.policies.rate_limit import RateLimit
from antiphon.shared import RedisStore, SQLiteStore

url, where, name, rpm, seconds = sys.argv[1:]
store = RedisStore(where) if where.startswith("redis:") else SQLiteStore(where)
asked = 0
lease = store.lease

def counted(*arguments):
    global asked
    asked += 1
    return lease(*arguments)

store.lease = counted
limiter = RateLimit(rpm=float(rpm), source="config", safety=1.0, burst_seconds=0.2, store=store)
print("ready", flush=True)
sys.stdin.readline()
end = time.monotonic() + float(seconds)

async def caller(client):
    while time.monotonic() < end:
        try:
            await client.models.retrieve(name)
        except Exception as failure:
            print(type(failure).__name__, failure, flush=True)
            return

async def main():
    async with AsyncClient(api_key="sk-test", base_url=url, policies=[limiter]) as client:
        await asyncio.gather(*(caller(client) for _ in range(20)))

asyncio.run(main())
print("asked", asked, flush=True)
"""


class Counting:
    """A server in a thread: `came` has the time and the path of each request, `began` when they were let go."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.came: list[tuple[float, str]] = []
        self.began = 0.0
        self.host = host
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._answer, self.host, 0)
        self.url = f"http://{self.host}:{server.sockets[0].getsockname()[1]}/v1"
        self._ready.set()
        await self._stop.wait()
        server.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.came.append((time.monotonic(), head.split(b" ")[1].decode()))
                writer.write(_ANSWER)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()  # also when the loop ends first


def run(server: Counting, where: str, rpm: float, seconds: float, within: list[list[str]]) -> list[int]:
    """A process for each prefix of a command, started together; how often each asked the store."""
    running = [
        subprocess.Popen(
            [*prefix, sys.executable, "-W", "error", "-c", PROGRAM, server.url, where, f"m{n}", str(rpm), str(seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for n, prefix in enumerate(within)
    ]
    try:
        for process in running:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        server.began = time.monotonic()
        for process in running:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        said = [process.communicate(timeout=60 + seconds)[0] for process in running]
    finally:
        for process in running:
            process.kill()
            process.wait()
    assert all(text.startswith("asked ") for text in said), said
    return [int(text.split()[1]) for text in said]


def excess(server: Counting, rate: float, burst: float) -> float:
    """How much of the limit the server saw, from the start to any moment: what comes late can only make it less."""
    return max(n / (burst + rate * (at - server.began)) for n, (at, _) in enumerate(server.came, 1))


def shares(server: Counting) -> list[float]:
    """Which part of the requests came from each process."""
    counts = Counter(path for _, path in server.came)
    return [count / len(server.came) for count in counts.values()]
