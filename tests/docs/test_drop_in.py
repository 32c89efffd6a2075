"""The page on what drop-in means keeps its word: every test it names exists, and compares both packages where it says so."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from .page import DOCS, ROOT

PAGE = DOCS / "reference" / "drop-in.md"
TESTS = ROOT / "tests"
_NAMED = re.compile(r"`((?:\w+/)*test_\w+\.py)(?:::(test_\w+))?`( \*\*=\*\*)?")
_ORACLE = re.compile(r"\bduet\b|\bopenai\b|\bofficial\b|\btwin\b|\bBOTH\b|\bPACKAGES\b|\btheirs\b")


def rows() -> list[str]:
    """The rows of the tables, without their heads."""
    lines = PAGE.read_text("utf-8").splitlines()
    return [line for line in lines if line.startswith("| ") and not line.startswith("| behaviour |")]


@cache
def cases(path: Path) -> dict[str, str]:
    """The tests of a file, with their sources."""
    text = path.read_text("utf-8")
    return {
        node.name: ast.get_source_segment(text, node) or ""
        for node in ast.walk(ast.parse(text))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test_")
    }


NAMED = sorted(set(_NAMED.findall(PAGE.read_text("utf-8"))))


@pytest.mark.parametrize(("file", "name", "compares"), NAMED, ids=[f"{file}::{name}" for file, name, _ in NAMED])
def test_a_named_test_exists(file: str, name: str, compares: str) -> None:
    path = TESTS / file
    assert path.is_file()
    assert not name or name in cases(path)
    # The oracle is asked in the test itself, or by what its module calls.
    assert not compares or _ORACLE.search(path.read_text("utf-8"))


def test_every_row_is_shown_or_says_that_it_is_missing() -> None:
    bare = [row for row in rows() if not _NAMED.search(row) and "**missing**" not in row]
    assert bare == []
    assert len(rows()) > 70


def test_nothing_looks_like_a_test_and_is_not_read_as_one() -> None:
    text = PAGE.read_text("utf-8")
    assert text.count("test_") == sum(bool(file) + bool(name) for file, name, _ in _NAMED.findall(text))
