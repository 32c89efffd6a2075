"""Every behaviour in both colours and over both transports, with an environment that says nothing."""

from __future__ import annotations

import os

import pytest

from .colour import Colour

COLOURS = [Colour(colour, transport) for colour in ("sync", "async") for transport in ("own", "httpx2")]


@pytest.fixture(params=COLOURS, ids=lambda colour: "-".join(colour))
def colour(request: pytest.FixtureRequest) -> Colour:
    """Each colour over each transport."""
    return request.param


@pytest.fixture(params=COLOURS[::2], ids=lambda colour: colour.colour)
def own_colour(request: pytest.FixtureRequest) -> Colour:
    """Each colour over antiphon's own transport, for what a borrowed client decides by itself."""
    return request.param


@pytest.fixture(autouse=True)
def quiet_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of this machine reaches a client."""
    for name in list(os.environ):
        if name.startswith("OPENAI_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
