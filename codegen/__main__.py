"""The maintainer's commands.

python -m codegen                      write the generated rooms
python -m codegen --check              fail when they are not what api/ says, and print how
python -m codegen drift openapi.json   list what api/ and an OpenAPI document do not share
python -m codegen bounds openapi.json  write api/bounds.json: ranges, lengths and counts of requests
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from .bounds import bounds
from .description import load
from .drift import drift
from .output import differences, formatted, write
from .surface import surface

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 when all is well, 1 when `--check` or `drift` found something."""
    options = _parser().parse_args(arguments)
    description = load(options.api)
    if options.command == "drift":
        lines = drift(description, json.loads(options.document.read_text()))
        _print(lines)
        print(f"{len(lines)} differences")
        return 1 if lines else 0
    if options.command == "bounds":
        found = bounds(description, json.loads(options.document.read_text()))
        (options.api / "bounds.json").write_text(json.dumps({"bounds": found}, indent=1, sort_keys=True) + "\n")
        return 0
    files = formatted(surface(description), ROOT / "pyproject.toml")
    if options.check:
        found = differences(files, options.package)
        _print(found)
        return 1 if found else 0
    _print(write(files, options.package))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m codegen", description="api/ in; types, operations, resources out")
    parser.add_argument("--check", action="store_true", help="change nothing; fail when the output is not up to date")
    parser.add_argument("--api", type=Path, default=ROOT / "api", help="the folder of the API description")
    parser.add_argument("--package", type=Path, default=ROOT / "src" / "antiphon", help="the package written to")
    commands = parser.add_subparsers(dest="command")
    for name, told in (
        ("drift", "compare api/ with an OpenAPI document"),
        ("bounds", "write api/bounds.json from one"),
    ):
        other = commands.add_parser(name, help=told)
        other.add_argument("document", type=Path, help="the OpenAPI document, as JSON")
    return parser


def _print(lines: list[str]) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
