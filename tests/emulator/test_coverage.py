"""No operation of the description is without a handler, a word on what it does, and a test that says it proves it."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from antiphon.emulator.app import PREFIX
from antiphon.emulator.description import description
from antiphon.emulator.families import ALIASES, HANDLERS

from .asking import Asking

ROOT = Path(__file__).parents[2]


def paste() -> Any:
    spec = importlib.util.spec_from_file_location("paste", ROOT / "docs" / "paste.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_operation_has_a_handler_that_says_what_it_does() -> None:
    silent = [name for name in HANDLERS if not (HANDLERS[name].__doc__ or "").strip()]
    assert silent == []
    assert {*HANDLERS, *ALIASES} == set(description().operations)


def test_every_operation_has_a_test() -> None:
    shown = paste()._shown()
    assert [name for name in HANDLERS if name not in shown] == []
    assert [name for name in shown if name not in description().operations] == []


def test_other_names_have_the_same_verb_and_path() -> None:
    operations = description().operations
    for other, name in ALIASES.items():
        assert (operations[other].verb, operations[other].path) == (operations[name].verb, operations[name].path)


@pytest.mark.parametrize("name", [*HANDLERS])
def test_no_operation_is_unknown_to_the_server(ask: Asking, name: str) -> None:
    """Nonsense is refused by the operation itself, and an id nobody has made is not found: never 405, 500 or 501."""
    operation = description().operations[name]
    path = "/".join("nobody" if step.startswith("{") else step for step in operation.path.split("/"))
    query = "?beta=true" if operation.beta else ""
    body = {"no_such_parameter": 1} if operation.body == "json" and operation.fields else None
    heard = ask(operation.verb, f"{PREFIX}{path}{query}", body)
    assert heard.status in ((400,) if body is not None else (200, 204, 400, 403, 404, 415)), heard.body
    if heard.status == 404:
        assert heard.error["code"] != "unknown_url"
