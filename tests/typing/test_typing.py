"""Types are behaviour: what mypy and pyright see of the public surface is asserted, and what they must refuse."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
HERE = Path(__file__).parent
CHECKERS = ("mypy", "pyright")


@cache
def messages(checker: str) -> dict[str, dict[int, str]]:
    """What a checker says of the two files: messages by file and line."""
    return _mypy() if checker == "mypy" else _pyright()


def _mypy() -> dict[str, dict[int, str]]:
    done = _run("mypy", "--no-error-summary", "--show-absolute-path")
    found: dict[str, dict[int, str]] = {}
    for path, line, text in re.findall(r"^(.+?):(\d+): (?:error|note): (.*)$", done, re.MULTILINE):
        entry = found.setdefault(Path(path).name, {})
        entry[int(line)] = f"{entry.get(int(line), '')} {text}"
    return found


def _pyright() -> dict[str, dict[int, str]]:
    found: dict[str, dict[int, str]] = {}
    for entry in json.loads(_run("pyright", "--outputjson"))["generalDiagnostics"]:
        lines = found.setdefault(Path(entry["file"]).name, {})
        line = entry["range"]["start"]["line"] + 1
        lines[line] = f"{lines.get(line, '')} {entry['message']}"
    return found


def _run(checker: str, *options: str) -> str:
    files = [str(HERE / name) for name in ("revealed.py", "refused.py")]
    done = subprocess.run(
        [sys.executable, "-m", checker, *options, *files], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout or done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("checker", CHECKERS)
def test_revealed_types(checker: str) -> None:
    assert messages(checker).get("revealed.py", {}) == {}


@pytest.mark.slow
@pytest.mark.parametrize("checker", CHECKERS)
def test_refused_uses(checker: str) -> None:
    said = messages(checker).get("refused.py", {})
    lines = (HERE / "refused.py").read_text().splitlines()
    expected = {number: line.rpartition("  # ")[2] for number, line in enumerate(lines, 1) if "  # " in line}
    silent = {number: word for number, word in expected.items() if not re.search(word, said.get(number, ""))}
    assert silent == {}
    assert {number: said[number] for number in said.keys() - expected.keys()} == {}
