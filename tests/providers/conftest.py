"""Both colours, an environment that says nothing, and AWS configuration files that are the test's own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from antiphon.providers import workload

from .beside import Kind
from .house import House
from .workload_service import Service


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


@pytest.fixture(params=["sync", "async"])
def azure(request: pytest.FixtureRequest) -> Kind:
    """Each colour of antiphon's Azure client."""
    return Kind("AzureOpenAI", request.param)


@pytest.fixture(params=["sync", "async"])
def client(request: pytest.FixtureRequest) -> Kind:
    """Each colour of antiphon's client."""
    return Kind("OpenAI", request.param)


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Puts a service in the place of OpenAI's."""

    def put(service: Service) -> None:
        monkeypatch.setattr(workload, "SUBJECT_URL", service.place)
        monkeypatch.setattr(workload, "CERTIFICATE_URL", service.place)

    return put
