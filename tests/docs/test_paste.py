"""What a program pastes into the pages is fresh: help, error tree, arguments, routes, operations."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import util
from pathlib import Path
from types import ModuleType

import pytest

from .page import DOCS, NAMES, PAGES

CLI = (DOCS / "reference" / "cli.md").read_text("utf-8")


def loaded() -> ModuleType:
    spec = util.spec_from_file_location("paste", DOCS / "paste.py")
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


paste = loaded()


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_pasted_parts_are_fresh(page: Path) -> None:
    text = page.read_text("utf-8")
    assert words(paste.pasted(text)) == words(text), "run `python docs/paste.py`"


def test_every_part_is_used() -> None:
    everything = "".join(page.read_text("utf-8") for page in PAGES)
    assert [name for name in paste.PARTS if f"<!-- paste: {name} -->" not in everything] == []


def test_a_stale_part_is_noticed() -> None:
    stale = "<!-- paste: count -->\nnone\n<!-- /paste -->"
    assert paste.pasted(stale) != stale
    assert paste.pasted(paste.pasted(stale)) == paste.pasted(stale)


@pytest.mark.parametrize("arguments", [["--help"], ["serve", "--help"]], ids=" ".join)
def test_help_is_what_the_command_prints(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "antiphon.cli", *arguments]
    environment = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1"}
    shown = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
    assert words(shown) in words(CLI)


def words(text: str) -> str:
    """Text without its line breaks, which differ between versions of argparse."""
    return " ".join(text.split())


def test_operations_are_counted() -> None:
    assert paste.count().startswith("436 methods")
