"""The package with nothing set on it, as a program finds it; and the official one beside it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

import antiphon
from antiphon.module_client import SETTINGS
from tests.parity.official import openai


@pytest.fixture(autouse=True)
def quiet_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of this machine reaches a client."""
    for name in list(os.environ):
        if name.startswith(("OPENAI_", "AZURE_", "AWS_", "ANTIPHON_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def unset() -> Iterator[None]:
    """What a test sets on the package, and the client made of it, end with the test."""
    yield
    there: dict[str, Any] = vars(antiphon)
    client = there.pop("_client", None)
    if client is not None:
        client.close()
    for name in SETTINGS:
        there.pop(name, None)


@pytest.fixture
def theirs() -> Iterator[Any]:
    """The official package, put back as it was."""
    before = {name: vars(openai).get(name) for name in (*SETTINGS, "_client")}
    yield openai
    if openai._client is not None:
        openai._client.close()
    vars(openai).update(before)
