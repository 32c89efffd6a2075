"""Both colours, with an environment that says nothing."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(params=["sync", "async"])
def colour(request: pytest.FixtureRequest) -> str:
    """Each colour."""
    return str(request.param)


@pytest.fixture(autouse=True)
def quiet_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of this machine reaches a client."""
    for name in list(os.environ):
        if name.startswith(("OPENAI_", "ANTIPHON_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
