"""A client handed in, and an app, each in every colour."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.core.limits import DEFAULT_WIRE_LIMITS, WireLimits
from antiphon.transports.tls import TLSConfig

from .asgi_hand import Hands
from .loan import LIBRARIES, Borrowed
from .trust import authority_file


@pytest.fixture(params=[f"{library}-{colour}" for library in LIBRARIES for colour in ("sync", "async")])
def lend(request: pytest.FixtureRequest) -> Any:
    made: list[Borrowed] = []
    library, colour = request.param.split("-")

    def make(limits: WireLimits = DEFAULT_WIRE_LIMITS, **options: Any) -> Borrowed:
        made.append(Borrowed(library, colour, limits, options))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture(params=["async", "blocking"])
def hands(request: pytest.FixtureRequest) -> Any:
    made: list[Hands] = []

    def make(app: Any, **options: Any) -> Hands:
        made.append(Hands(request.param, app, **options))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def trusting(tmp_path: Any) -> TLSConfig:
    return TLSConfig(ca_bundle=authority_file(tmp_path))
