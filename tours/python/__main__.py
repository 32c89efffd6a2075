"""Walks the tour in both colours; ends with 1 at the first failure.

python -m tours.python [--sync | --async] [chapter ...]
"""

from __future__ import annotations

import signal
import sys
import time
import traceback
import warnings
from importlib import import_module
from pathlib import Path
from types import ModuleType

from .colour import COLOURS, Colour
from .house import House
from .tour import Tour

CHAPTERS = (
    "model", "chat", "completion", "embedding", "moderation", "response", "response_tool", "conversation", "file",
    "upload", "vector_store", "batch", "fine_tuning", "grader", "evaluation", "assistant", "run", "image", "audio",
    "video", "container", "skill", "webhook", "realtime", "live", "chatkit", "agent", "agent_session", "automation",
    "environment", "decision", "safety", "fault", "project", "people", "key", "permission", "rate_limit", "external",
    "usage", "audit",
)  # fmt: skip
HERE = Path(__file__).parent
LONGEST = 120
"""Seconds that a chapter may take; the package's own helpers would wait for ever."""


def walk(colour: Colour, chapters: tuple[str, ...]) -> int:
    """Walk these chapters in one colour, in a house of their own; gives how much was asserted."""
    total, since = 0, time.monotonic()
    with House() as house, colour(house) as make:
        for name in chapters:
            tour = Tour(house, make)
            chapter = import_module(f".chapters.{name}", __package__)
            try:
                signal.alarm(LONGEST)
                chapter.walk(tour)
                signal.alarm(0)
            except Exception as error:
                raise SystemExit(_told(colour, chapter, error)) from None
            total += tour.count
            print(f"  {name:<14} {tour.count:>4} assertions", flush=True)
        done = len(house.operations())
    seconds = time.monotonic() - since
    print(f"  {len(chapters)} chapters, {total} assertions, {done} operations, {seconds:.1f} s", flush=True)
    return total


def _too_long(*_: object) -> None:
    raise TimeoutError(f"it is not done after {LONGEST} s")


def _told(colour: Colour, chapter: ModuleType, error: Exception) -> str:
    """Which chapter failed, in which colour, at which of its lines, and why."""
    steps = [step for step in traceback.extract_tb(error.__traceback__) if Path(step.filename).is_relative_to(HERE)]
    step = next((step for step in reversed(steps) if "chapters" in step.filename), steps[-1])
    where = f"{Path(step.filename).relative_to(HERE)}:{step.lineno}: {step.line}"
    name = chapter.__name__.rpartition(".")[2]
    return f"FAILED in chapter '{name}', {colour.__name__}\n  {where}\n  {type(error).__name__}: {error}"


def main(arguments: list[str]) -> None:
    """Both colours; `--sync` or `--async` is one of them alone."""
    import openai

    warnings.simplefilter("ignore", DeprecationWarning)  # what the package calls old is part of the API all the same
    signal.signal(signal.SIGALRM, _too_long)
    chosen = tuple(name for name in arguments if not name.startswith("--"))
    wanted = {name.removeprefix("--") for name in arguments if name.startswith("--")} or COLOURS.keys()
    for name, colour in COLOURS.items():
        if name in wanted:
            print(f"openai {openai.__version__} for Python, {colour.__name__}", flush=True)
            walk(colour, chosen or CHAPTERS)


if __name__ == "__main__":
    main(sys.argv[1:])
