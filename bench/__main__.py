"""`python -m bench [--short] [--assert] [--only TEXT]`: measure, print the table, write JSON and a plot.

Each figure comes from a process of its own, pinned to one core, against a server pinned to another; the median of several
runs is kept. Ratios hold where the machine's speed drifts, so only they are judged (`--assert`, with a fifth of slack).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from .section import SECTIONS, SHARED_BASELINE, Section
from .size import installed
from .table import judge, markdown, regressions

RESULTS = Path(__file__).parent / "results"
_IMPORT = """
import resource, time
started = time.perf_counter()
{statement}
print(time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
_STATEMENT = "import {client}; {client}.OpenAI(api_key='sk-bench').responses.create"

Row = dict[str, Any]


@contextmanager
def server() -> Iterator[int]:
    """The server, on the last core; gives its port."""
    command = [sys.executable, "-m", "bench.server"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=lambda: _pin(-1)) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def _pin(which: int) -> None:
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[which]})


def _environment() -> dict[str, str]:
    """Compiled modules are kept, as they are for any installed package."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _run(arguments: list[str]) -> str:
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: _pin(0),
        env=_environment(),
    ).stdout


def measure(section: Section, port: int, runs: int, share: float) -> Row:
    """One section's figures for each client: the median of the runs, which take turns."""
    figures: dict[str, list[float]] = {client: [] for client in section.rounds}
    for _ in range(runs):
        for client, rounds in section.rounds.items():
            count = max(64, int(rounds * share))
            line = _run(["-m", "bench.probe", section.probe, client, str(port), str(count), *section.options])
            figures[client].append(json.loads(line)[section.figure])
    return {client: median(values) for client, values in figures.items()}


def imports(runs: int) -> tuple[Row, Row]:
    """Milliseconds above the bare interpreter, and peak megabytes, of import, client and first attribute."""
    times: Row = {}
    memory: Row = {}
    for client in ("openai", "antiphon", "bare"):
        statement = "pass" if client == "bare" else _STATEMENT.format(client=client)
        lines = [_run(["-c", _IMPORT.format(statement=statement)]).split() for _ in range(runs + 1)][1:]
        times[client] = median(float(seconds) * 1000 for seconds, _ in lines)
        memory[client] = median(float(kilobytes) / 1024 for _, kilobytes in lines)
    return times, memory


def machine() -> str:
    """Where the figures are from."""
    model = platform.processor()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), model)
    return f"{model or platform.machine()}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


def main() -> int:
    """Measure everything that was asked for; 1 when a ratio misses its bound under `--assert`."""
    reading = argparse.ArgumentParser(prog="python -m bench")
    reading.add_argument("--short", action="store_true", help="fewer rounds and runs, no large upload")
    reading.add_argument("--assert", action="store_true", dest="check", help="fail where a ratio falls below its floor")
    reading.add_argument("--only", default="", help="only sections whose name holds this text")
    options = reading.parse_args()
    runs, share = (1, 0.3) if options.short else (3, 1.0)
    rows: list[tuple[Section, Row]] = []
    if options.only in "import":
        times, memory = imports(3 if options.short else 7)
        rows.append((Section("import, client, first attribute", "", {}, unit="ms", limit=40), times))
        rows.append((Section("the same, peak memory", "", {}, unit="MiB", limit=24), memory))
    if options.only in "installed":
        sizes = {client: installed(client) for client in ("openai", "antiphon")}
        rows.append((Section("installed, with dependencies", "", {}, unit="MiB", limit=12), sizes))
        if not options.short:
            sizes = {client: installed(client, compiled=True) for client in ("openai", "antiphon")}
            rows.append((Section("the same, compiled", "", {}, unit="MiB"), sizes))
    with server() as port:
        for section in SECTIONS:
            if options.only not in section.name or (options.short and section.probe == "upload"):
                continue
            print(f"… {section.name}", file=sys.stderr)
            rows.append((section, measure(section, port, runs, share)))
    by_name = {section.name: row for section, row in rows}
    for name, other in SHARED_BASELINE.items():
        if name in by_name and "openai" in by_name.get(other, {}):
            by_name[name]["openai"] = by_name[other]["openai"]
    print(f"{machine()}\n\n{markdown(rows)}")
    _write(rows)
    for miss in judge(rows):
        print(miss)
    fallen = regressions(rows) if options.check else []
    for fall in fallen:
        print(fall)
    return 1 if fallen else 0


def _write(rows: list[tuple[Section, Row]]) -> None:
    RESULTS.mkdir(exist_ok=True)
    document = {"machine": machine(), "when": time.strftime("%Y-%m-%d"), "figures": {s.name: row for s, row in rows}}
    (RESULTS / "bench.json").write_text(json.dumps(document, indent=1))
    from .plot import draw

    draw(rows, RESULTS / "bench.png")


if __name__ == "__main__":
    sys.exit(main())
