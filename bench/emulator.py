"""`python -m bench.emulator [--short] [--assert]`: what the emulator's answers cost its own core, beside the raw limit.

The limit is an ASGI application that does nothing, on the same server: it takes a request and gives back as many bytes in as
many pieces. Requests and events a second are those one core could answer: the server's own CPU time is measured, under more
connections than it can serve at once, so that the speed of the client that asks does not matter.
"""

from __future__ import annotations

import argparse
import http.client
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import psutil

from .__main__ import _environment, _pin, machine
from .load import ask, request

ROUNDS = 4
AGAIN = 2
"""How often what misses its bound is measured anew: it may be the machine that others use."""
CHAT = "/v1/chat/completions"
_WORDS = "one two three four five six seven eight nine ten " * 20
_RAW = """
import socket, sys
from antiphon.emulator.house import House
from antiphon.emulator.server import address, listen, run

async def app(scope, receive, send):
    while (await receive()).get("more_body"):
        pass
    size, pieces = map(int, scope["query_string"].split(b","))
    head = [(b"content-type", b"x/y"), *([] if pieces > 1 else [(b"content-length", b"%d" % size)])]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    piece = b"x" * (size // pieces)
    for _ in range(pieces - 1):
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b"x" * (size - len(piece) * (pieces - 1))})

sock = listen("127.0.0.1", 0)
run(House(app), sock, lambda: print(address(sock), "Ctrl-C", flush=True))
"""


class Figure(NamedTuple):
    """One line: what was measured, its value, the raw limit's, and the bound that the issue of the emulator sets."""

    name: str
    value: float
    limit: float | None
    unit: str
    least: float | None = None
    most: float | None = None

    def row(self) -> str:
        """As the table shows it."""
        bound = f"≥ {self.least:,.0f}" if self.least else f"≤ {self.most:g}" if self.most else ""
        limit = f"{self.limit:,.0f}" if self.limit else "–"
        digits = 0 if self.value >= 100 else 2
        return f"| {self.name} | {self.value:,.{digits}f} {self.unit} | {limit} | {bound} |"

    def misses(self, slack: float) -> bool:
        """Whether the bound is missed by more than the slack."""
        below = self.least is not None and self.value * slack < self.least
        return below or (self.most is not None and self.value > self.most * slack)


@contextmanager
def serving(*command: str) -> Iterator[tuple[str, psutil.Process]]:
    """A server on the last core: its address and its process."""
    with subprocess.Popen(
        [sys.executable, *command], stdout=subprocess.PIPE, text=True, preexec_fn=lambda: _pin(-1), env=_environment()
    ) as process:
        assert process.stdout is not None
        told = ""
        for line in process.stdout:
            told += line
            if "Ctrl-C" in line:
                break
        try:
            found = re.search(r"http://[^/\s]+", told)
            assert found is not None, told
            yield urlsplit(found[0]).netloc, psutil.Process(process.pid)
        finally:
            process.terminate()


def spent(address: str, process: psutil.Process, path: str, body: bytes, count: int) -> tuple[float, int, int]:
    """CPU seconds of the server for one of so many requests; bytes and events of an answer's body."""
    asked = request(address, path, body)
    before = process.cpu_times()
    answer = ask(address, asked, count)
    after = process.cpu_times()
    return (after.user + after.system - before.user - before.system) / count, len(answer), answer.count(b"data: ")


def least_spent(address: str, process: psutil.Process, path: str, body: bytes, count: int) -> tuple[float, int, int]:
    """The same of the best of several rounds, for others may use the machine; the first only warms up."""
    spent(address, process, path, body, count // 10)
    return min(spent(address, process, path, body, count // ROUNDS) for _ in range(ROUNDS))


def asked(text: str, **more: Any) -> bytes:
    """A chat request."""
    return json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": text}], **more}).encode()


def starting(runs: int) -> float:
    """Seconds from the command to the first answer."""
    took: list[float] = []
    for _ in range(runs + 1):
        began = time.perf_counter()
        with serving("-m", "antiphon.emulator", "--port", "0") as (address, _):
            connection = http.client.HTTPConnection(address, timeout=60)
            connection.request("POST", CHAT, asked("hi"), {"Authorization": "Bearer k"} | _JSON)
            assert connection.getresponse().status == 200
            took.append(time.perf_counter() - began)
            connection.close()
    return median(took[1:])


_JSON = {"Content-Type": "application/json"}


class Case(NamedTuple):
    """What is asked, how often, and how many answers or events a second it must be at least."""

    name: str
    path: str
    body: bytes
    count: int = 40_000
    least: float | None = None


CASES = (
    Case("chat requests a second", CHAT, asked("What is 6 * 7?"), least=5_000),
    Case("responses a second", "/v1/responses", json.dumps({"model": "gpt-4o", "input": "hi"}).encode()),
    Case("events a second of chat streams", CHAT, asked(f"Say: {_WORDS}", stream=True), 4_000, least=100_000),
)


def figures(share: float, only: str) -> Iterator[Figure]:
    """Every line whose name holds a text, one after the other."""
    if only in "start to first answer":
        yield Figure("start to first answer", starting(3), None, "s", most=0.5)
    with serving("-m", "antiphon.emulator", "--port", "0") as (address, process), serving("-c", _RAW) as (raw, other):
        _pin(0)  # only now: what is started later is on the same core as who starts it
        for case in CASES:
            if only not in case.name:
                continue
            count = int(case.count * share)
            cost, size, events = least_spent(address, process, case.path, case.body, count)
            pieces = events or 1
            for _ in range(AGAIN):
                if case.least is None or pieces / cost >= case.least:
                    break
                cost = min(cost, least_spent(address, process, case.path, case.body, count)[0])
            bare, _, _ = least_spent(raw, other, f"/x?{size},{pieces}", case.body, count)
            yield Figure(case.name, pieces / cost, pieces / bare, "/s", least=case.least)
        if only in "memory after more requests":
            before, more = process.memory_info().rss, int(100_000 * share)
            spent(address, process, CHAT, asked("What is 6 * 7?"), more)
            grown = (process.memory_info().rss - before) / 2**20
            yield Figure(f"memory after {more:,} more requests", grown, None, "MiB", most=8)


def main() -> int:
    """Print the table; 1 where a bound is missed under `--assert`, with half of it as slack."""
    reading = argparse.ArgumentParser(prog="python -m bench.emulator")
    reading.add_argument("--short", action="store_true", help="fewer requests")
    reading.add_argument("--assert", action="store_true", dest="check", help="fail where a bound is missed by half")
    reading.add_argument("--only", default="", help="only lines whose name holds this text")
    options = reading.parse_args()
    print(f"{machine()}\n\n| emulator | measured | raw ASGI limit | bound |\n|---|---:|---:|---|")
    missed: list[str] = []
    for figure in figures(0.2 if options.short else 1.0, options.only):
        print(figure.row(), flush=True)
        if figure.misses(2.0 if options.check else 1.0):
            missed.append(f"MISS {figure.name}")
    print("\n".join(missed))
    return 1 if missed and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
