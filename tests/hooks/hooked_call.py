"""A call that hooks see."""

from __future__ import annotations

from typing import Any


def retrieve(client: Any) -> Any:
    return client.models.retrieve("m")
