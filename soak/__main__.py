"""`python -m soak [--short] [--only TEXT]`: run every load, print what it left behind, and fail if that is anything.

Flat means: after the warm-up (the first tenth of the rounds, at least 300 of them, or 2,000 where types are made), no
sample's memory and no sample's count of objects is more than 5 % away from the first's; after the client is closed, there are
as many descriptors, tasks and threads as before it was made, and within a second the server has no connection left.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager

from .load import LOADS, Load
from .sample import Sample

SLACK = 0.05
HEAD = (
    f"{'load':36} {'rounds':>8} {'s':>6} {'RSS MiB, warm':>14} {'end':>7} {'worst':>7} {'objects, warm':>14} {'worst':>7}"
    f" {'files':>7} {'tasks':>7} {'threads':>7} {'pool idle/held':>14} {'seen':>5}"
)


@contextmanager
def server() -> Generator[int, None, None]:
    """The server in a process of its own; gives its port."""
    with subprocess.Popen([sys.executable, "-m", "soak.server"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def measure(number: int, port: int, share: float) -> tuple[list[Sample], int]:
    """A load's samples, and how many of its connections the server still had at the end."""
    command = [sys.executable, "-m", "soak.probe", str(number), str(port), str(share)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603 - our own program
    told = json.loads(done.stdout)
    return [Sample(*values) for values in told["samples"]], told["connected"]


def drift(values: list[int]) -> float:
    """The share by which the farthest value is away from the first, with its sign."""
    return max((value / values[0] - 1 for value in values), key=abs)


def judged(load: Load, samples: list[Sample], connected: int) -> list[str]:
    """What the load left behind."""
    first, *warm, last = samples
    found = [
        f"{load.name}: {what} went {drift(values):+.1%} from the warm-up"
        for what, values in (("memory", [s.rss for s in warm]), ("objects", [s.objects for s in warm]))
        if abs(drift(values)) > SLACK
    ]
    found += [
        f"{load.name}: {getattr(last, what) - getattr(first, what):+d} {what} after the client was closed"
        for what in ("files", "tasks", "threads")
        if getattr(last, what) != getattr(first, what)
    ]
    found += [f"{load.name}: {sample.held} places held between rounds" for sample in warm if sample.held]
    if connected:
        found.append(f"{load.name}: the server still had {connected} connections after a second")
    return found


def row(load: Load, samples: list[Sample], connected: int, seconds: float) -> str:
    """One line of the table."""
    first, *warm, last = samples
    begin, end = warm[0], warm[-1]
    return (
        f"{load.name:36} {end.rounds:8,} {seconds:6.1f}"
        f" {begin.rss / 2**20:14.1f} {end.rss / 2**20:7.1f} {drift([s.rss for s in warm]):+7.1%}"
        f" {begin.objects:14,} {drift([s.objects for s in warm]):+7.1%}"
        f" {first.files:>3}→{last.files:<3} {first.tasks:>3}→{last.tasks:<3} {first.threads:>3}→{last.threads:<3}"
        f" {end.idle:>7}/{end.held:<6} {connected:5}"
    )


def main() -> int:
    """Run the loads; 1 when one of them left something behind."""
    reading = argparse.ArgumentParser(prog="python -m soak")
    reading.add_argument("--short", action="store_true", help="a twentieth of the rounds")
    reading.add_argument("--only", default="", help="only loads whose name holds this text")
    options = reading.parse_args()
    found: list[str] = []
    print(HEAD)
    for number, load in enumerate(LOADS):
        if options.only not in load.name:
            continue
        with server() as port:
            began = time.monotonic()
            samples, connected = measure(number, port, 0.05 if options.short else 1.0)
        print(row(load, samples, connected, time.monotonic() - began), flush=True)
        found += judged(load, samples, connected)
    print("\n".join(found) or "Nothing was left behind.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
