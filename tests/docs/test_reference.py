"""Nothing public is without its place in the reference."""

from __future__ import annotations

import ast
import inspect
import re
from dataclasses import fields
from pathlib import Path

import pytest

import antiphon
from antiphon.base_client import BaseClient
from antiphon.cli import COMMANDS
from antiphon.core.limits import PoolLimits, WireLimits
from antiphon.emulator.fault.kind import _READERS
from antiphon.emulator.setting import Setting

from .page import DOCS, ROOT

REFERENCE = DOCS / "reference"
SETTINGS = ROOT / "src" / "antiphon" / "settings.py"


def coded(page: str) -> set[str]:
    """Everything that stands in back quotes on a page, or in one of its fences."""
    text = (REFERENCE / page).read_text("utf-8")
    fenced = "".join(re.findall(r"```.*?```", text, re.DOTALL))
    return {*re.findall(r"`([^`\n]+)`", text), *re.findall(r"\w+", fenced)}


def described(page: str) -> set[str]:
    """The first cells of a page's tables."""
    text = (REFERENCE / page).read_text("utf-8")
    cells = re.findall(r"^\| ([^|]+) \|", text, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`([\w.]+)(?:=[^`]*)?`", cell)}


def variables(path: Path) -> set[str]:
    """The environment variables a module names."""
    strings = [node.value for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Constant)]
    return {text for text in strings if isinstance(text, str) and re.fullmatch(r"[A-Z][A-Z0-9]*_[A-Z0-9_]+", text)}


def test_public_names() -> None:
    assert {*antiphon.__all__, *antiphon._OWN_MODULES} - described("names.md") == set()


def test_no_name_is_left_over() -> None:
    assert described("names.md") - set(antiphon.__all__) - set(antiphon._OWN_MODULES) == set()


def test_constructor_arguments() -> None:
    arguments = {name for name in inspect.signature(BaseClient.__init__).parameters if name != "self"}
    assert arguments - described("client.md") - {"_clock"} == set()


def test_environment_variables() -> None:
    assert "OPENAI_API_KEY" in variables(SETTINGS)
    assert variables(SETTINGS) - described("client.md") == set()


def test_errors() -> None:
    assert set(antiphon.errors.__all__) - coded("errors.md") - {"STATUS_ERRORS", "class_for_status"} == set()


def test_limits() -> None:
    assert {*WireLimits._fields, *PoolLimits._fields} - described("timeouts-and-limits.md") == set()


@pytest.mark.parametrize("name", [field.name for field in fields(Setting)])
def test_settings_of_the_emulator(name: str) -> None:
    assert name in described("emulator.md")


@pytest.mark.parametrize("name", sorted(_READERS))
def test_faults(name: str) -> None:
    assert name in described("emulator.md")


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_commands(name: str) -> None:
    assert f"## antiphon {name}" in (REFERENCE / "cli.md").read_text("utf-8")
