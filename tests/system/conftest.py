"""One counting server for each test, and an environment that says nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from .house import counting_server


@pytest.fixture
def port() -> Iterator[int]:
    """The port of a server of the test's own."""
    with counting_server() as number:
        yield number


@pytest.fixture(autouse=True)
def quiet_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of this machine reaches a client."""
    for name in list(os.environ):
        if name.startswith(("OPENAI_", "ANTIPHON_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
