"""Both colours, an environment that says nothing, and AWS configuration files that are the test's own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .house import House


@pytest.fixture(params=["sync", "async"])
def house(request: pytest.FixtureRequest) -> House:
    """Each colour of the Bedrock client."""
    return House(request.param)


@pytest.fixture(autouse=True)
def quiet_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of this machine reaches a client, and no credential is looked for outside of it."""
    for name in list(os.environ):
        if name.startswith(("OPENAI_", "AWS_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
