"""`antiphon …`: one file for each command, imported when it is used. Knows the commands' names and nothing else."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Final

COMMANDS: Final = {
    "serve": "run the local emulator of the API",
    "drill": "try what the reliability policies promise, at full size, on the emulator",
    "audit": "check that audit logs were not changed",
    "migrate": "change a source tree's imports of openai to antiphon",
}


def main(arguments: list[str] | None = None) -> int:
    """Run one command; gives the process's exit code (2: what was typed cannot be understood, 130: Ctrl-C)."""
    try:
        return _run(sys.argv[1:] if arguments is None else arguments)
    except KeyboardInterrupt:
        return 130


def _run(words: list[str]) -> int:
    if words and words[0] in COMMANDS:
        code: int = import_module(f".{words[0]}", __name__).main(words[1:])
        return code
    if words in (["--version"], ["-V"]):
        from antiphon.version import __version__

        print(f"antiphon {__version__}")
        return 0
    if not words or words[0] in ("-h", "--help", "help"):
        print(usage())
        return 0
    print(f"antiphon: no command {words[0]!r}\n\n{usage()}", file=sys.stderr)
    return 2


def usage() -> str:
    """What can be typed."""
    lines = [f"  {name:<10} {summary}" for name, summary in COMMANDS.items()]
    return "usage: antiphon COMMAND [options]\n\ncommands:\n" + "\n".join(lines) + "\n\nantiphon --version"
