"""`antiphon audit verify FILE …`: whether audit logs are as they were written. Knows what to print; the rules are the chain's."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from antiphon.core.hash_chain import GENESIS, Check, check


def parser() -> argparse.ArgumentParser:
    """What can be typed."""
    made = argparse.ArgumentParser(prog="antiphon audit", description="Check audit logs.", allow_abbrev=False)
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND")
    verify = commands.add_parser(
        "verify",
        allow_abbrev=False,
        help="look for lines that were changed, taken out, put in or exchanged",
        description="Look for lines that were changed, taken out, put in or exchanged, in files and in those put aside before "
        "them. Exit codes: 0 all is well, 1 a line is wrong or a hash is missing, 2 a file cannot be read.",
    )
    verify.add_argument("files", nargs="+", type=Path, metavar="FILE", help="an audit log")
    verify.add_argument(
        "--head",
        metavar="HASH",
        help="a hash that was kept elsewhere; it must be among the lines, or lines were cut off",
    )
    return made


def main(words: list[str]) -> int:
    """Run the command; gives the process's exit code."""
    told = parser().parse_args(words)
    return max(_verify(file, told.head) for file in told.files)


def _verify(file: Path, head: str | None) -> int:
    """Check a file and those that came before it."""
    lines, seen, after = 0, head is None, None
    path: Path | None = file
    last = ""
    while path is not None:
        try:
            with path.open("rb") as opened:
                found = check(opened, head)
        except OSError as failure:
            print(f"{path}: {failure.strerror}", file=sys.stderr)
            return 2
        flaw = _flaw(found, after)
        if flaw is not None:
            print(f"{path}: {flaw}")
            return 1
        lines, seen, after, last = lines + found.lines, seen or found.seen, found.first, last or found.head
        path = _before(path, found)
    if after != GENESIS:
        print(f"{file}: the file before is not here; what is here follows {after}")
    if not seen:
        print(f"{file}: no line has the hash {head}; lines were cut off, or this is another log")
        return 1
    print(f"{file}: ok, {lines} lines, head {last}")
    return 0


def _flaw(found: Check, after: str | None) -> str | None:
    if found.flaw is not None:
        return f"line {found.lines + 1} is wrong: {found.flaw}; the lines before are right, head {found.head}"
    if not found.lines:
        return "it is empty"
    if after is not None and found.head != after:
        return f"it ends with {found.head}, but the next file follows {after}; lines were cut off"
    return None


def _before(path: Path, found: Check) -> Path | None:
    """The file that was put aside before this one, if it is here."""
    if found.first == GENESIS or not found.before:
        return None
    before = path.with_name(Path(found.before).name)
    return before if before.exists() and before != path else None
