"""Prints how much of each room its tests run, in branches and in lines; a room below the floor fails.

Reads the combined data that `make coverage` leaves; knows the four rooms that decide things and nothing of the tests.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import NamedTuple

ROOMS = ("core", "wire", "policies", "drivers")
FLOOR = 95.0


class Measured(NamedTuple):
    """What a room has and what of it was run."""

    branches: int
    branches_run: int
    lines: int
    lines_run: int

    @property
    def shares(self) -> tuple[float, float]:
        """Per cent of the branches and of the lines."""
        return 100 * self.branches_run / self.branches, 100 * self.lines_run / self.lines


def measured(files: dict[str, dict[str, dict[str, int]]], room: str) -> Measured:
    """The sums of a room's files."""
    summaries = [each["summary"] for path, each in files.items() if f"/antiphon/{room}/" in f"/{path}"]
    names = ("num_branches", "covered_branches", "num_statements", "covered_lines")
    return Measured(*(sum(summary[name] for summary in summaries) for name in names))


def main() -> int:
    """Print the table; the exit status is 1 where a room is below the floor."""
    command = [sys.executable, "-m", "coverage"]
    report = subprocess.run([*command, "json", "--quiet", "-o", "-"], check=True, capture_output=True)  # noqa: S603
    files = json.loads(report.stdout)["files"]
    low = []
    print(f"{'room':10} {'branches':>18} {'lines':>18}")
    for room in ROOMS:
        found = measured(files, room)
        branches, lines = found.shares
        print(
            f"{room:10} {found.branches_run:5} of {found.branches:5} {branches:5.1f}% "
            f"{found.lines_run:5} of {found.lines:5} {lines:5.1f}%"
        )
        low += [room] if min(branches, lines) < FLOOR else []
    if low:
        sys.stdout.flush()
        shown = ",".join(f"*/antiphon/{room}/*" for room in low)
        subprocess.run([*command, "report", "--skip-covered", "--show-missing", f"--include={shown}"], check=False)  # noqa: S603
        print(f"below {FLOOR:g}%: {', '.join(low)}", file=sys.stderr)
    return bool(low)


if __name__ == "__main__":
    sys.exit(main())
