"""`antiphon drill NAME`: run a drill and tell its figures; ends with 1 where a bound is missed."""

from __future__ import annotations

import argparse
import inspect
from importlib import import_module
from typing import Any

from ..drill import DRILLS

_DRIVERS = ("sync", "asyncio", "virtual")
_LOGS = """With several drivers, what the policies decided is compared, call by call and step by step:
"the decision logs: 1,000 calls, 0 differ". Where they differ, the first step that does is shown of both.
"cancel" and "canary" have no decisions to compare."""


def main(words: list[str]) -> int:
    """Run what was asked for."""
    asked = vars(parser().parse_args(words))
    name = asked.pop("drill")
    module = import_module(f"..drill.{name.replace('-', '_')}", __package__)
    known = inspect.signature(module.drill).parameters
    given = {key: value for key, value in asked.items() if value is not None}
    if given.get("drivers") == "all":
        given["drivers"] = ",".join(_DRIVERS)
    arguments: dict[str, Any] = {key: value for key, value in given.items() if key in known}
    if "drivers" in arguments:
        arguments["drivers"] = tuple(arguments["drivers"].split(","))
    print(f"{name}: {DRILLS[name]}\n")
    missed = 0
    for result in module.drill(**arguments):
        print(result, end="\n\n")
        missed += sum(not figure.kept for figure in result.figures)
    print("every bound is kept" if not missed else f"bounds missed: {missed}")
    return 1 if missed else 0


def parser() -> argparse.ArgumentParser:
    """What can be typed."""
    made = argparse.ArgumentParser(
        prog="antiphon drill",
        description="Run a drill against an emulator of its own and tell its figures.",
        epilog="\n".join([*(f"{name:<10} {told}" for name, told in DRILLS.items()), "", _LOGS]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("drill", choices=DRILLS, metavar="NAME", help="which; they are listed below")
    made.add_argument("--n", type=_count, help="how many requests (default: the drill's full size)")
    made.add_argument("--p", type=float, help="the share or chance of faults, from 0 to below 1 (default: 0.2)")
    made.add_argument("--seed", type=int, help="of faults and chance (default: 1)")
    made.add_argument("--drivers", default="all", help="sync, asyncio, virtual, several with commas, or all (default)")
    made.add_argument(
        "--official", action="store_true", default=None, help="beside it, the official package where it can"
    )
    return made


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return value
