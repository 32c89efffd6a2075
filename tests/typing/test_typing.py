"""Types are behaviour: what mypy and pyright see of the public surface is asserted, and what they must refuse."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
HERE = Path(__file__).parent
CHECKERS = ("mypy", "pyright")


@cache
def messages(checker: str) -> dict[str, dict[int, str]]:
    """What a checker says of the files: messages by file and line. One of them is read as a user of `openai`, too."""
    with tempfile.TemporaryDirectory() as folder:
        official = Path(folder, "official.py")
        official.write_text((HERE / "accepted.py").read_text("utf-8").replace("from antiphon", "from openai"), "utf-8")
        files = [str(HERE / name) for name in ("revealed.py", "refused.py", "accepted.py")] + [str(official)]
        return _mypy(files) if checker == "mypy" else _pyright(files)


def _mypy(files: list[str]) -> dict[str, dict[int, str]]:
    done = _run("mypy", "--no-error-summary", "--show-absolute-path", *files)
    found: dict[str, dict[int, str]] = {}
    for path, line, text in re.findall(r"^(.+?):(\d+): (?:error|note): (.*)$", done, re.MULTILINE):
        entry = found.setdefault(Path(path).name, {})
        entry[int(line)] = f"{entry.get(int(line), '')} {text}"
    return found


def _pyright(files: list[str]) -> dict[str, dict[int, str]]:
    found: dict[str, dict[int, str]] = {}
    for entry in json.loads(_run("pyright", "--outputjson", *files))["generalDiagnostics"]:
        lines = found.setdefault(Path(entry["file"]).name, {})
        line = entry["range"]["start"]["line"] + 1
        lines[line] = f"{lines.get(line, '')} {entry['message']}"
    return found


def _run(checker: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", checker, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
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


@pytest.mark.slow
@pytest.mark.parametrize("checker", CHECKERS)
def test_lists_of_plain_dicts_are_accepted_where_the_official_package_refuses_them(checker: str) -> None:
    """Pain 24 of the official package's users."""
    assert messages(checker).get("accepted.py", {}) == {}
    lines = enumerate((HERE / "accepted.py").read_text("utf-8").splitlines(), 1)
    assert messages(checker)["official.py"].keys() == {n for n, line in lines if checker in line.partition("  # ")[2]}
